"""The layers that a `convstep.Network` is made of: what they are to compute, without their weights.

>>> from convstep import Network, layers
>>> Network([layers.Conv(8, 3, padding="same", activation="relu"), layers.Flatten(), layers.Linear(10)], (28, 28, 1))
Network(input (N, 28, 28, 1), float32, 62810 parameters)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from convstep._compiled import hinted

if TYPE_CHECKING:
    from convstep._types import Activation, Flag, Int, Padding, Real, Size

__all__ = [
    "Activate",
    "AvgPool",
    "Conv",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "Linear",
    "MaxPool",
    "Softmax",
]

Initializer: TypeAlias = Literal["auto", "he", "glorot"]


@dataclass(frozen=True)
class Layer:
    """What all layers have in common."""

    _kind: ClassVar[str] = ""


@hinted
@dataclass(frozen=True)
class Conv(Layer):
    """A 2-D convolution: see `convstep.conv2d`, whose options these are.

    Its weights begin with numbers drawn evenly from -limit to limit, its bias with zeros. `initializer` is "he",
    limit = sqrt(6 / inputs of a sum); "glorot", limit = sqrt(6 / (inputs of a sum + sums that an input is part of)); or
    "auto", which is "glorot" before a sigmoid or tanh and else "he".
    """

    filters: Int
    kernel_size: Size
    stride: Size = 1
    padding: Padding = 0
    dilation: Size = 1
    groups: Int = 1
    activation: Activation | None = None
    slope: Real = 0.01
    bias: Flag = True
    initializer: Initializer = "auto"
    _kind: ClassVar[str] = "conv"


@hinted
@dataclass(frozen=True)
class Linear(Layer):
    """Every output is a sum over all inputs: see `convstep.linear`. Weights begin as those of `Conv`."""

    outputs: Int
    activation: Activation | None = None
    slope: Real = 0.01
    bias: Flag = True
    initializer: Initializer = "auto"
    _kind: ClassVar[str] = "linear"


@hinted
@dataclass(frozen=True)
class MaxPool(Layer):
    """See `convstep.max_pool2d`; the stride is by default the size of the window."""

    kernel_size: Size
    stride: Size | None = None
    padding: Padding = 0
    dilation: Size = 1
    ceil_mode: Flag = False
    _kind: ClassVar[str] = "max_pool"


@hinted
@dataclass(frozen=True)
class AvgPool(Layer):
    """See `convstep.avg_pool2d`; the stride is by default the size of the window."""

    kernel_size: Size
    stride: Size | None = None
    padding: Padding = 0
    ceil_mode: Flag = False
    count_include_pad: Flag = False
    _kind: ClassVar[str] = "avg_pool"


@hinted
@dataclass(frozen=True)
class GlobalMaxPool(Layer):
    """The largest value of each channel: (N, H, W, C) becomes (N, 1, 1, C)."""

    _kind: ClassVar[str] = "max_global_pool"


@hinted
@dataclass(frozen=True)
class GlobalAvgPool(Layer):
    """The mean of each channel: (N, H, W, C) becomes (N, 1, 1, C)."""

    _kind: ClassVar[str] = "avg_global_pool"


@hinted
@dataclass(frozen=True)
class Flatten(Layer):
    """(N, H, W, C) becomes (N, H*W*C)."""

    _kind: ClassVar[str] = "flatten"


@hinted
@dataclass(frozen=True)
class Activate(Layer):
    """A function of each element: "relu", "relu6", "leaky_relu", "sigmoid" or "tanh"."""

    activation: Activation
    slope: Real = 0.01
    _kind: ClassVar[str] = "activation"


@hinted
@dataclass(frozen=True)
class Softmax(Layer):
    """Scores become probabilities: exp(x) / sum of exp(x), over the channels or columns."""

    _kind: ClassVar[str] = "softmax"


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from convstep import _hints

        message, hint = f"module 'convstep.layers' has no attribute {name!r}", None
        if not name.startswith("_"):
            hint = _hints.layer(name, __all__)
        raise AttributeError(f"{message}; {hint}" if hint else message)
