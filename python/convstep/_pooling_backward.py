"""The gradients of poolings, as the ecosystem calls them."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Array, Axes, Flag, Int, Layout, Padding, Real, Size, Ties


@compiled
def max_pool2d_backward(
    grad: ArrayLike,
    input: ArrayLike | None,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    *,
    ties: Ties = "first",
    indices: ArrayLike | None = None,
    input_shape: Axes | Array | None = None,
    out: Array | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array:
    """The gradient of `max_pool2d`'s input, from the gradient of its output.

    Each output gives its gradient to the maximum of its window. Where windows overlap, the gradients add up, in row order
    of the windows.

    Parameters
    ----------
    grad : array_like, shape (N, OH, OW, C), or (N, C, OH, OW) for layout "NCHW"
        float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    input : array_like, shape (N, H, W, C), or None
        That of the forward pass. With `indices` it may be None, and otherwise only its shape is read.
    kernel_size, stride, padding, dilation, ceil_mode
        Those of the forward pass: see `max_pool2d`.
    ties : {"first", "all"}
        Which of several equal maxima get the gradient: the first one in row order, or all of them, each the whole. Of a
        window with NaN "first" is the first NaN; "all" is nobody, as NaN equals nothing.
    indices : array_like of integers, the shape of `grad`, optional
        Where the maxima were, as ``max_pool2d(..., return_indices=True)`` says.
    input_shape : (N, H, W, C), optional
        With `indices`, where the input is gone.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with an input.
    accumulate : bool
        Add the gradient to what `out` holds.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
        result.
    layout : {"NHWC", "NCHW"}

    Returns
    -------
    input_grad : ndarray, shape (N, H, W, C), or with C second
        It is `out`, if that was given.

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does. An index outside of its image is a ValueError; that it is of its window is not
        checked.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> output, indices = max_pool2d(x, kernel_size=2, return_indices=True)
    >>> print(max_pool2d_backward(np.ones(output.shape), x, kernel_size=2)[0, :, :, 0])
    [[0. 0. 0. 0.]
     [0. 1. 0. 1.]
     [0. 0. 0. 0.]
     [0. 1. 0. 1.]]
    >>> again = max_pool2d_backward(np.ones(output.shape), None, 2, indices=indices, input_shape=(1, 4, 4, 1))
    >>> print(again.sum())
    4.0
    """


@compiled
def avg_pool2d_backward(
    grad: ArrayLike,
    input_shape: Axes | Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    *,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    count_include_pad: Flag = False,
    out: Array | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array:
    """The gradient of `avg_pool2d`'s input, from the gradient of its output.

    Each output gives an even share of its gradient to each element of its window.

    Parameters
    ----------
    grad, kernel_size, stride, padding, dilation, ceil_mode, out, accumulate, threads, layout
        As in `max_pool2d_backward`.
    input_shape : (N, H, W, C), or the input
        Its values play no part.
    count_include_pad : bool
        That of the forward pass: whether the zeros of the padding were counted.

    Returns
    -------
    input_grad : ndarray, shape (N, H, W, C), or with C second

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does.

    Examples
    --------
    >>> import numpy as np
    >>> print(avg_pool2d_backward(np.array([4.0, 8.0]).reshape(1, 1, 2, 1), (1, 2, 4, 1), kernel_size=2)[0, :, :, 0])
    [[1. 1. 2. 2.]
     [1. 1. 2. 2.]]
    """


@compiled
def lp_pool2d_backward(
    grad: ArrayLike,
    input: ArrayLike,
    p: Real,
    kernel_size: Size,
    stride: Size | None = None,
    *,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: Flag = False,
    out: Array | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array:
    """The gradient of `lp_pool2d`'s input, from the gradient of its output; with ``p=2`` that of `l2_pool2d`.

    An element x of a window whose norm is A gets ``grad * sign(x) * abs(x)**(p-1) / A**(p-1)``, and nothing if it is 0.

    Parameters
    ----------
    grad, kernel_size, stride, padding, dilation, ceil_mode, out, accumulate, threads, layout
        As in `max_pool2d_backward`.
    input : array_like, shape (N, H, W, C)
        That of the forward pass.
    p : float
        Finite, 1 or more.

    Returns
    -------
    input_grad : ndarray, shape (N, H, W, C), or with C second

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, -4.0]).reshape(1, 1, 2, 1)
    >>> print(lp_pool2d_backward(np.full((1, 1, 1, 1), 10.0), x, p=2, kernel_size=(1, 2))[0, 0, :, 0])
    [ 6. -8.]
    """
