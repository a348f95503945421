"""Convolution and padding as the ecosystem calls them."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Activation, Algorithm, Array, Int, Layout, Numerics, Padding, Real, Size


@compiled
def conv2d(
    input: ArrayLike,
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    *,
    activation: Activation | None = None,
    slope: Real = 0.01,
    residual: ArrayLike | None = None,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> Array:
    """2-D convolution (cross-correlation), with residual and activation.

    ``output[n,y,x,o] = activation(bias[o] + residual[n,y,x,o] + sum over i,j,c of
    padded[n, y*stride + i*dilation, x*stride + j*dilation, g*C/groups + c] * weights[i,j,c,o])``,
    where g is the group of the output channel o.

    Parameters
    ----------
    input : array_like, shape (N, H, W, C)
        float32 and float64 are kept, float16 becomes float32, integers and bools float64, a mixture is computed in float64.
    weights : array_like, shape (KH, KW, C/groups, O)
    bias : array_like, shape (O,), optional
    stride, dilation : int or (height, width)
    padding : int, (height, width), ((top, bottom), (left, right)), "valid", "same", "same_upper" or "same_lower"
        Zeros around the input. "same" gives ``OH = ceil(H / stride)``, with an odd row or column at the end, as
        "same_upper" does; "same_lower" puts it at the beginning.
    groups : int
        Groups of channels that are convolved by themselves; C for a depthwise convolution.
    activation : {None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"}
    slope : float
        What "leaky_relu" multiplies numbers below 0 by.
    residual : array_like, shape (N, OH, OW, O), optional
        Added before the activation. It may be `out` itself.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with an input.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
        result.
    layout : {"NHWC", "NCHW"}
        With "NCHW" input, residual and output have their channels second, and weights have the shape (O, C/groups, KH, KW).
    numerics : {"fast", "numpy"}
        In which order the terms of a sum are added. "fast" is the library's own; "numpy" is that of ``np.sum`` over the
        window, then the bias, then the residual, with NumPy's bits, several times slower; `algorithm` is then "auto" or
        "reference".
    algorithm : {"auto", "direct", "winograd", "reference"}
        "auto" chooses by the shape of one image and the dtype alone. "direct" is one chain of fused multiply-adds for each
        output, "winograd" takes fewer multiplications for 3 by 3 and 5 by 5 windows of stride 1 (what it does not fit is
        computed as with "auto"), "reference" is plain loops with the bits of ``numerics="numpy"``.

    Returns
    -------
    output : ndarray, shape (N, OH, OW, O), or (N, O, OH, OW)
        With ``OH = (H + top + bottom - dilation*(KH - 1) - 1) // stride + 1``. It is `out`, if that was given.

    Raises
    ------
    ValueError
        Shapes that do not fit each other, a number out of its range, memory that overlaps.
    TypeError
        An argument of the wrong type: it is named, with what was given and what was expected.

    Notes
    -----
    Arrays that are aligned and in the machine's byte order are read where they lie, whatever their strides. The GIL is
    released while the call computes, and Ctrl-C ends it.

    Examples
    --------
    >>> import numpy as np
    >>> output = conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2)), padding="same", activation="relu")
    >>> output.shape
    (1, 4, 4, 2)
    >>> print(output[0, :, :, 0])
    [[4. 6. 6. 4.]
     [6. 9. 9. 6.]
     [6. 9. 9. 6.]
     [4. 6. 6. 4.]]
    """


@compiled
def pad2d(
    input: ArrayLike,
    padding: Padding,
    *,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array:
    """Pad height and width with zeros.

    ``output[n, y + top, x + left, c] = input[n, y, x, c]``, and 0 elsewhere.

    Parameters
    ----------
    input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
    padding : int, (height, width) or ((top, bottom), (left, right))
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with the input.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`.
    layout : {"NHWC", "NCHW"}

    Returns
    -------
    output : ndarray, shape (N, top + H + bottom, left + W + right, C), or with C second
        `out`, if it was given.

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> pad2d(np.ones((1, 2, 2, 1)), padding=((1, 0), (0, 1)))[0, :, :, 0]
    array([[0., 0., 0.],
           [1., 1., 0.],
           [1., 1., 0.]])
    """


@compiled
def pad2d_backward(
    grad: ArrayLike,
    padding: Padding,
    *,
    out: Array | None = None,
    threads: Int | None = None,
    layout: Layout = "NHWC",
) -> Array:
    """The gradient of `pad2d`'s input, from the gradient of its output: what arrived at the padding is cut off.

    ``input_grad[n, y, x, c] = grad[n, y + top, x + left, c]``

    Parameters
    ----------
    grad : array_like, shape (N, top + H + bottom, left + W + right, C), or with C second for layout "NCHW"
    padding, threads, layout
        As in `pad2d`.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with `grad`.

    Returns
    -------
    input_grad : ndarray, shape (N, H, W, C), or with C second
        `out`, if it was given.

    Raises
    ------
    ValueError
        Nothing is left of `grad`, or what `pad2d` refuses.
    TypeError
        As `pad2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> grad = np.arange(12.0).reshape(1, 3, 4, 1)
    >>> print(pad2d_backward(grad, padding=((1, 0), (0, 1)))[0, :, :, 0])
    [[ 4.  5.  6.]
     [ 8.  9. 10.]]
    """
