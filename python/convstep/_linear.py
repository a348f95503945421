"""Linear layers, which others call dense or fully connected."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from typing import Literal, overload

from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Activation, Array, Flag, Int, Numerics, Real


@compiled
def linear(
    input: ArrayLike,
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    activation: Activation | None = None,
    slope: Real = 0.01,
    out: Array | None = None,
    threads: Int | None = None,
    numerics: Numerics = "fast",
) -> Array:
    """A linear layer, with activation.

    ``output[n,o] = activation(bias[o] + sum over c of input[n,c] * weights[c,o])``

    It is `conv2d` of images of one pixel, and rounds as that does: a row has the same bits in any batch.

    Parameters
    ----------
    input : array_like, shape (N, C)
        Of a batch of images ``input.reshape(N, -1)``. float32 and float64 are kept, float16 becomes float32, integers and
        bools float64, a mixture is computed in float64.
    weights : array_like, shape (C, O)
        Of PyTorch's, (O, C), ``weights.T``.
    bias : array_like, shape (O,), optional
    activation, slope, threads, numerics
        As in `conv2d`.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable, sharing no element with an input.

    Returns
    -------
    output : ndarray, shape (N, O)
        `out`, if it was given.

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> print(linear(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]]), bias=[10, 20, 30]))
    [[11. 22. 27.]]
    """


@overload
def linear_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Literal[True] = True,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    numerics: Numerics = "fast",
) -> tuple[Array, Array, Array]: ...
@overload
def linear_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Flag = True,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    numerics: Numerics = "fast",
) -> tuple[Array, Array, Array | None]: ...
@compiled
def linear_backward(
    grad: ArrayLike,
    input: ArrayLike,
    weights: ArrayLike,
    *,
    bias: Flag = True,
    out: tuple[Array | None, Array | None, Array | None] | None = None,
    accumulate: Flag = False,
    threads: Int | None = None,
    numerics: Numerics = "fast",
) -> tuple[Array, Array, Array | None]:
    """All gradients of `linear`, from the gradient of its output.

    ``input_grad = grad @ weights.T``, ``weights_grad = input.T @ grad``, ``bias_grad = grad.sum(axis=0)``.

    The rows are added one after the other: with `accumulate` a batch that is taken in parts has the bits of the whole.

    Parameters
    ----------
    grad : array_like, shape (N, O)
        The gradient of the output before its activation (see `activation_backward`).
    input : array_like, shape (N, C)
    weights : array_like, shape (C, O)
    bias : bool
        Had the layer a bias? Otherwise the third result is None.
    out : tuple of three, optional
        Where to write the results, such as an earlier call returned: arrays of their shapes and dtypes, writable, sharing
        no element with an input or each other. None in it stands for a new array.
    accumulate : bool
        Add the gradients to what the arrays of `out` hold.
    threads, numerics
        As in `conv2d`.

    Returns
    -------
    input_grad : ndarray, shape (N, C)
    weights_grad : ndarray, shape (C, O)
    bias_grad : ndarray, shape (O,), or None

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward` does.

    Examples
    --------
    >>> import numpy as np
    >>> x, weights = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    >>> input_grad, weights_grad, bias_grad = linear_backward(np.ones((2, 3)), x, weights)
    >>> print(weights_grad, bias_grad)
    [[4. 4. 4.]
     [6. 6. 6.]] [2. 2. 2.]
    """
