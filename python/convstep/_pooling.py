"""Pooling as the ecosystem calls it."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convstep._compiled import compiled
from convstep._types import Array, Flag, Int, Layout, Numerics, Padding, Real, Size


@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    *,
    return_indices: Literal[False] = False,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array: ...
@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    *,
    return_indices: Literal[True],
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> tuple[Array, NDArray[np.int64]]: ...
@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    *,
    return_indices: Flag,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array | tuple[Array, NDArray[np.int64]]: ...
@compiled
def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    *,
    return_indices: Flag = False,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array | tuple[Array, NDArray[np.int64]]:
    """The largest element of every window: NaN if there is one, and +0 is larger than -0.

    Parameters
    ----------
    input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
        float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    kernel_size : int or (height, width)
        The size of the window.
    stride : int or (height, width), optional
        How far the window moves; by default the size of the window.
    padding : int, (height, width), ((top, bottom), (left, right)), "valid", "same", "same_upper" or "same_lower"
        Every window must still read at least one element of the input.
    dilation : int or (height, width)
    ceil_mode : bool
        Keep a last window that hangs over the end, unless it would start beyond the input and its leading padding.
    return_indices : bool
        Return also where each maximum was.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with the input.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
        result.
    layout : {"NHWC", "NCHW"}

    Returns
    -------
    output : ndarray, shape (N, OH, OW, C), or with C second
    indices : ndarray of int64, the same shape
        Only with `return_indices`: ``row * W + column`` in the image without its padding, the first among equals.

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> output, indices = max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), kernel_size=2, return_indices=True)
    >>> print(indices[0, :, :, 0])
    [[ 5  7]
     [13 15]]
    """


@compiled
def avg_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    count_include_pad: Flag = False,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
) -> Array:
    """The mean of every window.

    Parameters
    ----------
    input, kernel_size, stride, padding, dilation, ceil_mode, out, threads, layout
        As in `max_pool2d`.
    count_include_pad : bool
        Count the zeros of the padding, too (never what `ceil_mode` adds beyond it). PyTorch's default is True.
    numerics : {"fast", "numpy"}
        In which order the terms of a sum are added: "numpy" is that of ``np.sum`` over the window, with NumPy's bits; "fast"
        is it, too, but where windows overlap so much that sums by column pay.

    Returns
    -------
    output : ndarray, shape (N, OH, OW, C), or with C second

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> print(avg_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), kernel_size=2)[0, :, :, 0])
    [[ 2.5  4.5]
     [10.5 12.5]]
    """


@compiled
def l2_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
) -> Array:
    """The root of the sum of squares of every window.

    Parameters
    ----------
    input, kernel_size, stride, padding, dilation, ceil_mode, out, threads, layout
        As in `max_pool2d`.
    numerics
        As in `avg_pool2d`.

    Returns
    -------
    output : ndarray, shape (N, OH, OW, C), or with C second

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> print(l2_pool2d(np.array([3.0, 4.0]).reshape(1, 1, 2, 1), kernel_size=(1, 2))[0, 0, 0, 0])
    5.0
    """


@compiled
def lp_pool2d(
    input: ArrayLike,
    p: Real,
    kernel_size: Size,
    stride: Size | None = None,
    *,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
) -> Array:
    """The p-norm of every window, ``sum(abs(x)**p) ** (1/p)``; `p` is finite and at least 1.

    Parameters
    ----------
    input, kernel_size, stride, padding, dilation, ceil_mode, out, threads, layout
        As in `max_pool2d`.
    p : float
        Finite, 1 or more.
    numerics
        As in `avg_pool2d`.

    Returns
    -------
    output : ndarray, shape (N, OH, OW, C), or with C second

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> print(lp_pool2d(np.array([3.0, -4.0]).reshape(1, 1, 2, 1), p=1, kernel_size=(1, 2))[0, 0, 0, 0])
    7.0
    """


@compiled
def global_max_pool2d(
    input: ArrayLike, *, out: Array | None = None, threads: Int | None = None, layout: Layout = "NHWC"
) -> Array:
    """The largest element of every channel.

    Parameters
    ----------
    input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
        float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with the input.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
        result.
    layout : {"NHWC", "NCHW"}

    Returns
    -------
    output : ndarray, shape (N, 1, 1, C), or (N, C, 1, 1)

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> global_max_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[6., 7.]]]])
    """


@compiled
def global_avg_pool2d(
    input: ArrayLike,
    *,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
) -> Array:
    """The mean of every channel.

    Parameters
    ----------
    input, out, threads, layout
        As in `max_pool2d`.
    numerics
        As in `avg_pool2d`.

    Returns
    -------
    output : ndarray, shape (N, 1, 1, C), or (N, C, 1, 1)

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[3., 4.]]]])
    """


@compiled
def global_l2_pool2d(
    input: ArrayLike,
    *,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
) -> Array:
    """The root of the sum of squares of every channel.

    Parameters
    ----------
    input, out, threads, layout
        As in `max_pool2d`.
    numerics
        As in `avg_pool2d`.

    Returns
    -------
    output : ndarray, shape (N, 1, 1, C), or (N, C, 1, 1)

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> global_l2_pool2d(np.array([3.0, 4.0]).reshape(1, 1, 2, 1))
    array([[[[5.]]]])
    """
