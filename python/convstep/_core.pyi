from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

Array: TypeAlias = NDArray[Any]
Size: TypeAlias = int | tuple[int, int]
Padding: TypeAlias = (
    int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]] | Literal["valid", "same", "same_upper", "same_lower"]
)
Activation: TypeAlias = Literal["relu", "relu6", "leaky_relu", "sigmoid", "tanh"]
Layout: TypeAlias = Literal["NHWC", "NCHW"]
Algorithm: TypeAlias = Literal["auto", "direct", "winograd", "reference"]

_A = TypeVar("_A")
_W = TypeVar("_W")
_B = TypeVar("_B")
_H = TypeVar("_H", bound=Mapping[str, int])

def zero_pad(X: ArrayLike, pad: int) -> Array: ...
def conv_single_step(a_slice_prev: ArrayLike, W: ArrayLike, b: ArrayLike) -> np.floating[Any]: ...
def conv_forward(A_prev: _A, W: _W, b: _B, hparameters: _H) -> tuple[Array, tuple[_A, _W, _B, _H]]: ...
def pool_forward(
    A_prev: _A, hparameters: _H, mode: Literal["max", "average"] = "max"
) -> tuple[Array, tuple[_A, _H]]: ...
def conv2d(
    input: ArrayLike,
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    activation: Activation | None = None,
    slope: float = 0.01,
    residual: ArrayLike | None = None,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
    algorithm: Algorithm = "auto",
) -> Array: ...

class ConvLayer:
    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None,
        stride: Size,
        padding: Padding,
        dilation: Size,
        groups: int,
        activation: Activation | None,
        slope: float,
        layout: Layout,
        algorithm: Algorithm,
    ) -> None: ...
    def run(
        self, input: ArrayLike, residual: ArrayLike | None, out: Array | None, threads: int | None
    ) -> Array: ...
    def describe(self, input_shape: tuple[int, int, int, int]) -> str: ...
    def describe_latest(self) -> str: ...
    def output_shape(self, input_shape: tuple[int, int, int, int]) -> tuple[int, int, int, int]: ...
    def workspace_bytes(self, input_shape: tuple[int, int, int, int]) -> int: ...
    @property
    def latest_dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int, int, int]: ...

@overload
def max_pool2d(
    input: ArrayLike,
    *,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> Array: ...
@overload
def max_pool2d(
    input: ArrayLike,
    *,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: Literal[True],
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> tuple[Array, NDArray[np.int64]]: ...
@overload
def max_pool2d(
    input: ArrayLike,
    *,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> Array | tuple[Array, NDArray[np.int64]]: ...
def avg_pool2d(
    input: ArrayLike,
    *,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> Array: ...
def l2_pool2d(
    input: ArrayLike,
    *,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> Array: ...
def lp_pool2d(
    input: ArrayLike,
    *,
    p: float,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    out: Array | None = None,
    threads: int | None = None,
    layout: Layout = "NHWC",
) -> Array: ...
def global_max_pool2d(
    input: ArrayLike, *, out: Array | None = None, threads: int | None = None, layout: Layout = "NHWC"
) -> Array: ...
def global_avg_pool2d(
    input: ArrayLike, *, out: Array | None = None, threads: int | None = None, layout: Layout = "NHWC"
) -> Array: ...
def global_l2_pool2d(
    input: ArrayLike, *, out: Array | None = None, threads: int | None = None, layout: Layout = "NHWC"
) -> Array: ...
def pad2d(input: ArrayLike, *, padding: Padding, out: Array | None = None, layout: Layout = "NHWC") -> Array: ...
def simd_targets() -> list[str]: ...
def simd_target() -> str: ...
def set_simd_target(target: str) -> None: ...
def num_threads() -> int: ...
def set_num_threads(threads: int) -> None: ...
