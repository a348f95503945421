"""The gradients of convolutions, as the ecosystem calls them."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from typing import Literal, overload

from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Algorithm, Array, Axes, Flag, Int, Layout, Numerics, Padding, Size


@compiled
def conv2d_backward_input(
    grad: ArrayLike,
    weights: ArrayLike,
    input_shape: Axes | Array,
    *,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: Array | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> Array:
    """The gradient of `conv2d`'s input, from the gradient of its output.

    ``input_grad[n,h,w,c]`` is the sum of ``grad[n,y,x,o] * weights[i,j,c,o]`` over all outputs that read the element.

    Parameters
    ----------
    grad : array_like, shape (N, OH, OW, O)
        The gradient of the output before its activation (see `activation_backward`). float32 and float64 are kept, float16
        becomes float32, integers and bools float64, a mixture is computed in float64.
    weights : array_like, shape (KH, KW, C/groups, O)
    input_shape : (N, H, W, C), or the input
        Several inputs may lead to an output of one shape.
    stride, padding, dilation, groups
        Those of the layer: see `conv2d`.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with an input.
    accumulate : bool
        Add the gradient to what `out` holds.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
        result.
    layout : {"NHWC", "NCHW"}
        With "NCHW" arrays and shapes are (N, C, H, W), and weights (O, C/groups, KH, KW).
    numerics : {"fast", "numpy"}
        In which order the terms of a sum are added. "fast" is the library's own; "numpy" is that of the notebook's loops,
        several times slower.
    algorithm : {"auto", "direct", "winograd", "reference"}
        As in `conv2d`.

    Returns
    -------
    input_grad : ndarray, shape (N, H, W, C), or (N, C, H, W)
        It is `out`, if that was given.

    Raises
    ------
    ValueError
        Shapes that do not fit each other, a number out of its range, memory that overlaps, `accumulate` without `out`.
    TypeError
        An argument of the wrong type: it is named, with what was given and what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1)
    >>> print(conv2d_backward_input(np.ones((1, 2, 2, 1)), weights, (1, 3, 3, 1))[0, :, :, 0])
    [[ 1.  3.  2.]
     [ 4. 10.  6.]
     [ 3.  7.  4.]]
    """


@overload
def conv2d_backward_weights(
    grad: ArrayLike,
    input: ArrayLike,
    weights_shape: Axes | Array,
    *,
    bias: Literal[False] = False,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: Array | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> Array: ...
@overload
def conv2d_backward_weights(
    grad: ArrayLike,
    input: ArrayLike,
    weights_shape: Axes | Array,
    *,
    bias: Literal[True],
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: tuple[Array, Array] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> tuple[Array, Array]: ...
@compiled
def conv2d_backward_weights(
    grad: ArrayLike,
    input: ArrayLike,
    weights_shape: Axes | Array,
    *,
    bias: Flag = False,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: Array | tuple[Array, Array] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> Array | tuple[Array, Array]:
    """The gradient of `conv2d`'s weights, and of its bias, from the gradient of its output.

    ``weights_grad[i,j,c,o]`` is the sum of ``padded[n, y*stride + i*dilation, x*stride + j*dilation, c] * grad[n,y,x,o]`` over
    all pixels and images, ``bias_grad[o]`` that of ``grad[n,y,x,o]``.

    Parameters
    ----------
    grad : array_like, shape (N, OH, OW, O)
        The gradient of the output before its activation (see `activation_backward`).
    input : array_like, shape (N, H, W, C)
    weights_shape : (KH, KW, C/groups, O), or the weights
    bias : bool
        Return the gradient of the bias, too.
    stride, padding, dilation, groups, threads, layout, numerics, algorithm
        As in `conv2d_backward_input`.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with an input. With `bias` it is a
        tuple of two, for the weights and for the bias.
    accumulate : bool
        Add to what `out` holds. The sums go on where it ended, so that a batch that is taken in parts has the bits of the
        whole.

    Returns
    -------
    weights_grad : ndarray, shape (KH, KW, C/groups, O), or (O, C/groups, KH, KW)
    bias_grad : ndarray, shape (O,)
        Only with `bias`.

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> weights_grad, bias_grad = conv2d_backward_weights(np.ones((1, 2, 2, 1)), x, (2, 2, 1, 1), bias=True)
    >>> print(weights_grad[:, :, 0, 0], bias_grad)
    [[ 8. 12.]
     [20. 24.]] [4.]
    """


@overload
def conv2d_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Literal[True] = True,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> tuple[Array, Array, Array]: ...
@overload
def conv2d_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Flag = True,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> tuple[Array, Array, Array | None]: ...
@compiled
def conv2d_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Flag = True,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Int = 1,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    layout: Layout = "NHWC",
    numerics: Numerics = "fast",
    algorithm: Algorithm = "auto",
) -> tuple[Array, Array, Array | None]:
    """All gradients of `conv2d`, from the gradient of its output.

    Parameters
    ----------
    grad : array_like, shape (N, OH, OW, O)
        The gradient of the output before its activation (see `activation_backward`). That of a residual is `grad` itself.
    input : array_like, shape (N, H, W, C)
    weights : array_like, shape (KH, KW, C/groups, O)
    bias : bool
        Had the layer a bias? Otherwise the third result is None.
    stride, padding, dilation, groups, threads, layout, numerics, algorithm
        As in `conv2d_backward_input`.
    out : tuple of three, optional
        Where to write the results, such as an earlier call returned: arrays of their shapes and dtypes, writable, sharing
        no element with an input or each other. None in it stands for a new array.
    accumulate : bool
        Add the gradients to what the arrays of `out` hold.

    Returns
    -------
    input_grad : ndarray, the shape of `input`
    weights_grad : ndarray, the shape of `weights`
    bias_grad : ndarray, shape (O,), or None

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does.

    Examples
    --------
    >>> import numpy as np
    >>> x, weights, bias = np.ones((2, 8, 8, 3)), np.ones((3, 3, 3, 4)), np.ones(4)
    >>> output = conv2d(x, weights, bias, padding=1)
    >>> input_grad, weights_grad, bias_grad = conv2d_backward(np.ones(output.shape), x, weights, padding=1)
    >>> input_grad.shape, weights_grad.shape, bias_grad.shape
    ((2, 8, 8, 3), (3, 3, 3, 4), (4,))
    >>> print(bias_grad)
    [128. 128. 128. 128.]
    >>> outs = None, weights_grad, bias_grad
    >>> again = conv2d_backward(np.ones(output.shape), x, weights, padding=1, out=outs, accumulate=True)
    >>> print(bias_grad, np.array_equal(again[0], input_grad))
    [256. 256. 256. 256.] True
    """
