from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from convstep._types import Activation, Algorithm, Array, Axes, Int, Layout, Numerics, Padding, Real, Size

__version__: str

def function(
    name: str,
    doc: str,
    module: str,
    names: tuple[str, ...],
    defaults: dict[str, object],
    positional: int,
    complain: Callable[[int, tuple[str, ...]], None],
) -> Any: ...

class ConvLayer:
    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None,
        stride: Size,
        padding: Padding,
        dilation: Size,
        groups: Int,
        activation: Activation | None,
        slope: Real,
        layout: Layout,
        numerics: Numerics,
        algorithm: Algorithm,
    ) -> None: ...
    def run(self, input: ArrayLike, residual: ArrayLike | None, out: Array | None, threads: Int | None) -> Array: ...
    def describe(self, input_shape: Axes | Array) -> str: ...
    def describe_latest(self) -> str: ...
    def output_shape(self, input_shape: Axes | Array) -> tuple[int, int, int, int]: ...
    def workspace_bytes(self, input_shape: Axes | Array) -> int: ...
    @property
    def latest_dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int, int, int]: ...
