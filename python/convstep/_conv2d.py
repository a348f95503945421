"""A convolution layer that is made once and called many times."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from convstep import _core
from convstep._convert import convert

if TYPE_CHECKING:
    from convstep._core import Activation, Layout, Padding, Size


class Conv2d:
    """A 2-D convolution layer with its weights.

    The weights are checked and copied when the layer is made; calls then take only the input. Options are those of
    `conv2d`.

    Parameters
    ----------
    weights : array_like, shape (KH, KW, C/groups, O), or (O, C/groups, KH, KW) for layout "NCHW"
    bias : array_like, shape (O,), optional
    stride, padding, dilation, groups, activation, slope, layout
        As in `conv2d`.

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does, for all that can be seen without an input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2d(np.ones((3, 3, 4, 8)), stride=2, padding=1, activation="relu")
    >>> layer(np.ones((10, 5, 7, 4))).shape
    (10, 3, 4, 8)
    >>> layer.describe()
    'conv2d 3x3, 4 to 8 channels, float64, stride 2, padding 1, relu, NHWC: reference loops, one thread'
    """

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        activation: Activation | None = None,
        slope: float = 0.01,
        layout: Layout = "NHWC",
    ) -> None:
        self._weights = convert(weights, "weights").copy()
        self._bias = None if bias is None else convert(bias, "bias").copy()
        options: dict[str, Any] = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "activation": activation,
            "slope": slope,
            "layout": layout,
        }
        self._options = copy.deepcopy(options)  # a list given as padding may change later
        self._shape = _core.check_layer(self._weights, self._bias, **self._options)

    def __call__(
        self,
        input: ArrayLike,
        *,
        residual: ArrayLike | None = None,
        out: NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> NDArray[Any]:
        """The layer applied to `input`; `residual`, `out` and `threads` as in `conv2d`."""
        return _core.conv2d(
            input, self._weights, self._bias, residual=residual, out=out, threads=threads, **self._options
        )

    def describe(self) -> str:
        """What the layer computes, and how."""
        height, width, channels, outputs = self._shape
        parts = [
            f"conv2d {height}x{width}",
            f"{channels * self._options['groups']} to {outputs} channels",
            str(self._weights.dtype),
        ]
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        parts += [f"{name} {self._options[name]}" for name, usual in defaults.items() if self._options[name] != usual]
        if self._bias is not None:
            parts.append("bias")
        if self._options["activation"] is not None:
            parts.append(str(self._options["activation"]))
        return ", ".join([*parts, f"{self._options['layout']}: reference loops, one thread"])

    def __repr__(self) -> str:
        return f"<convstep.Conv2d: {self.describe()}>"
