"""The notebook's functions, to the letter."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Array, Int

_A = TypeVar("_A")
_W = TypeVar("_W")
_B = TypeVar("_B")
_H = TypeVar("_H", bound=Mapping[str, Int])


@compiled
def zero_pad(X: ArrayLike, pad: Int) -> Array:
    """Add `pad` rows and columns of zeros around every image.

    ``X_pad[i, h + pad, w + pad, c] = X[i, h, w, c]``, and 0 elsewhere.

    Parameters
    ----------
    X : array_like, shape (m, n_H, n_W, n_C)
        Images; float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    pad : int
        How many on each side, 0 or more.

    Returns
    -------
    X_pad : ndarray, shape (m, n_H + 2*pad, n_W + 2*pad, n_C)

    Raises
    ------
    ValueError
        X has not four axes, an axis of length 0 other than the first, or `pad` is negative.
    TypeError
        X is no array of numbers that fit in float64, or `pad` is no integer.

    Examples
    --------
    >>> import numpy as np
    >>> zero_pad(np.ones((4, 3, 3, 2)), 2).shape
    (4, 7, 7, 2)
    """


@compiled
def conv_single_step(a_slice_prev: ArrayLike, W: ArrayLike, b: ArrayLike) -> np.floating[Any]:
    """Apply one filter to one window: ``sum(a_slice_prev * W) + b``.

    The sum is taken in the order of `numpy.sum`, so that the last bit is NumPy's.

    Parameters
    ----------
    a_slice_prev : array_like, shape (f, f, n_C_prev)
        A window of the input; float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    W : array_like, shape (f, f, n_C_prev)
        The filter.
    b : array_like, shape (1, 1, 1)
        Its bias.

    Returns
    -------
    Z : numpy.float64 or numpy.float32

    Raises
    ------
    ValueError
        The shapes differ, or `b` does not hold one number in three axes.
    TypeError
        An argument is no array of numbers that fit in float64.

    Examples
    --------
    >>> import numpy as np
    >>> print(conv_single_step(np.ones((2, 2, 3)), np.full((2, 2, 3), 0.5), np.ones((1, 1, 1))))
    7.0
    """


@compiled
def conv_forward(A_prev: _A, W: _W, b: _B, hparameters: _H) -> tuple[Array, tuple[_A, _W, _B, _H]]:
    """Slide the filters `W` over the images `A_prev`, as the notebook does.

    ``Z[i, h, w, c] = sum(padded[i, h*stride : h*stride + f, w*stride : w*stride + f, :] * W[:, :, :, c]) + b[0, 0, 0, c]``

    Parameters
    ----------
    A_prev : array_like, shape (m, n_H_prev, n_W_prev, n_C_prev)
        Activations of the layer before; float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    W : array_like, shape (f, f, n_C_prev, n_C)
        The filters.
    b : array_like, shape (1, 1, 1, n_C)
        Their biases.
    hparameters : dict
        "stride", 1 or more, and "pad", 0 or more. "f" may be there if it is that of W; any other key is an error.

    Returns
    -------
    Z : ndarray, shape (m, n_H, n_W, n_C)
        With ``n_H = (n_H_prev - f + 2*pad) // stride + 1``, n_W alike.
    cache : tuple
        ``(A_prev, W, b, hparameters)``, the very objects that were passed.

    Raises
    ------
    ValueError
        Shapes that do not fit each other, a window larger than the padded input, a missing, impossible or unknown hyperparameter.
    TypeError
        An array of no numbers that fit in float64, a hyperparameter that is no integer.

    Examples
    --------
    >>> import numpy as np
    >>> A_prev, W, b = np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 8)), np.zeros((1, 1, 1, 8))
    >>> Z, cache = conv_forward(A_prev, W, b, {"stride": 2, "pad": 1})
    >>> Z.shape
    (1, 3, 3, 8)
    >>> print(Z[0, :, :, 0])
    [[ 3.  6.  3.]
     [ 6. 12.  6.]
     [ 3.  6.  3.]]
    """


@compiled
def pool_forward(
    A_prev: _A, hparameters: _H, mode: Literal["max", "average"] = "max"
) -> tuple[Array, tuple[_A, _H]]:
    """Keep one number of every window of every channel, as the notebook does.

    ``A[i, h, w, c]`` is the largest number, or the mean, of
    ``A_prev[i, h*stride : h*stride + f, w*stride : w*stride + f, c]``.

    Parameters
    ----------
    A_prev : array_like, shape (m, n_H_prev, n_W_prev, n_C)
        float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    hparameters : dict
        "stride" and "f", the size of the window, both 1 or more. A "pad" of 0 may be there; any other key is an error.
    mode : {"max", "average"}

    Returns
    -------
    A : ndarray, shape (m, n_H, n_W, n_C)
        With ``n_H = (n_H_prev - f) // stride + 1``, n_W alike.
    cache : tuple
        ``(A_prev, hparameters)``, the very objects that were passed.

    Raises
    ------
    ValueError
        A_prev has not four axes, the window is larger than the images, a missing, impossible or unknown hyperparameter or
        mode.
    TypeError
        An array of no numbers that fit in float64, a hyperparameter that is no integer.

    Examples
    --------
    >>> import numpy as np
    >>> A, cache = pool_forward(np.arange(16.0).reshape(1, 4, 4, 1), {"stride": 2, "f": 2})
    >>> print(A[0, :, :, 0])
    [[ 5.  7.]
     [13. 15.]]
    """
