"""The gradients of activations, which are options of a layer on the way forward."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Activation, Array, Int, Real


@compiled
def activation_backward(
    grad: ArrayLike,
    input: ArrayLike,
    activation: Activation | None,
    slope: Real = 0.01,
    *,
    out: Array | None = None,
    threads: Int | None = None,
) -> Array:
    """The gradient of an activation's input, from the gradient of its output.

    ``input_grad = grad * activation'(input)``, and 0 where "relu" and "relu6" are flat, whatever `grad` holds there.

    Parameters
    ----------
    grad : array_like of four axes, or two
        The gradient of the activation's output.
    input : array_like, the same shape
        What the activation was applied to. For "relu" its output does as well.
    activation : {None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"}
        At 0 the derivative is that of the left side, at 6 that of the right side, as in PyTorch.
    slope : float
        What "leaky_relu" multiplies numbers below 0 by.
    out : ndarray, optional
        Where to write the result: of its shape and dtype, writable. It may be `grad` or `input` itself.
    threads : int, optional
        The most threads that the call may use, 1 to 1024; by default `num_threads()`.

    Returns
    -------
    input_grad : ndarray, the same shape

    Raises
    ------
    ValueError, TypeError
        As `conv2d_backward_input` does.

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.array([-1.0, 0.0, 2.0]).reshape(1, 1, 3, 1)
    >>> print(activation_backward(np.full(Z.shape, 5.0), Z, "relu")[0, 0, :, 0])
    [0. 0. 5.]
    """
