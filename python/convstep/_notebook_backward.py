"""The notebook's functions of the backward pass, to the letter."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convstep._compiled import compiled
from convstep._types import Array, Int, Plane, Real, Ties


@compiled
def conv_backward(
    dZ: ArrayLike, cache: tuple[ArrayLike, ArrayLike, Any, Mapping[str, Int]]
) -> tuple[Array, Array, Array]:
    """The gradients of `conv_forward`, from the gradient of its output, as the notebook computes them.

    Every output adds to what it was computed from, in the order (i, h, w, c), and what falls on the padding is dropped::

        dA_prev[i, window] += W[..., c] * dZ[i, h, w, c]
        dW[..., c]         += A_prev[i, window] * dZ[i, h, w, c]
        db[..., c]         += dZ[i, h, w, c]

    Layers of the notebook's size have the bits of NumPy's loops.

    Parameters
    ----------
    dZ : array_like, shape (m, n_H, n_W, n_C)
        The gradient of Z; float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    cache : tuple
        ``(A_prev, W, b, hparameters)``, as `conv_forward` returns it.

    Returns
    -------
    dA_prev : ndarray, shape (m, n_H_prev, n_W_prev, n_C_prev)
    dW : ndarray, shape (f, f, n_C_prev, n_C)
    db : ndarray, shape (1, 1, 1, n_C)

    Raises
    ------
    ValueError
        dZ has not the shape of the Z that belongs to the cache, or the cache holds what `conv_forward` refuses.
    TypeError
        An array of no numbers that fit in float64, or a cache of something else.

    Examples
    --------
    >>> import numpy as np
    >>> A_prev, W, b = np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 8)), np.zeros((1, 1, 1, 8))
    >>> Z, cache = conv_forward(A_prev, W, b, {"stride": 2, "pad": 1})
    >>> dA_prev, dW, db = conv_backward(np.ones(Z.shape), cache)
    >>> dA_prev.shape, dW.shape, db.shape
    ((1, 4, 4, 3), (2, 2, 3, 8), (1, 1, 1, 8))
    >>> print(dW[..., 0, 0])
    [[4. 4.]
     [4. 4.]]
    """


@compiled
def create_mask_from_window(x: ArrayLike) -> NDArray[np.bool_]:
    """Where the largest number of a window is: ``x == max(x)``.

    Parameters
    ----------
    x : array_like, shape (f, f)
        One window of one channel. Its height and width may differ.

    Returns
    -------
    mask : ndarray of bool, the same shape
        True at every maximum, nowhere if there is a NaN, which equals nothing.

    Raises
    ------
    ValueError
        x has not two axes, or one of length 0.
    TypeError
        x is no array of numbers that fit in float64.

    Examples
    --------
    >>> import numpy as np
    >>> print(create_mask_from_window(np.array([[1.0, 3.0], [4.0, 2.0]])))
    [[False False]
     [ True False]]
    """


@compiled
def distribute_value(dz: Real, shape: Plane) -> Array:
    """Share a number out evenly: ``dz / (n_H * n_W)`` in every element.

    Parameters
    ----------
    dz : float
        The gradient of an average.
    shape : (n_H, n_W)
        That of the window.

    Returns
    -------
    a : ndarray of that shape
        float64, or float32 where dz is a `numpy.float32`.

    Raises
    ------
    ValueError
        An axis of length 0 or less.
    TypeError
        dz is no number, or `shape` no pair of integers.

    Examples
    --------
    >>> import numpy as np
    >>> print(distribute_value(2, (2, 2)))
    [[0.5 0.5]
     [0.5 0.5]]
    >>> print(distribute_value(np.float32(1), (1, 4)).dtype)
    float32
    """


@compiled
def pool_backward(
    dA: ArrayLike,
    cache: tuple[ArrayLike, Mapping[str, Int]],
    mode: Literal["max", "average"] = "max",
    ties: Ties = "all",
) -> Array:
    """The gradient of `pool_forward`'s input, from the gradient of its output, as the notebook computes it.

    Every output gives its gradient to its window: with "max" to the maxima (see `create_mask_from_window`), with "average"
    an even share to each element (see `distribute_value`). Where windows overlap, the gradients add up.

    Parameters
    ----------
    dA : array_like, shape (m, n_H, n_W, n_C)
        The gradient of A; float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    cache : tuple
        ``(A_prev, hparameters)``, as `pool_forward` returns it.
    mode : {"max", "average"}
        That of the forward pass. The cache does not know it.
    ties : {"all", "first"}
        Which of several equal maxima get the gradient: "all", each the whole of it, as in the notebook; "first", the first
        one in row order, as in other libraries.

    Returns
    -------
    dA_prev : ndarray, shape (m, n_H_prev, n_W_prev, n_C)

    Raises
    ------
    ValueError
        dA has not the shape of the A that belongs to the cache, an unknown mode, or a cache that holds what `pool_forward`
        refuses.
    TypeError
        An array of no numbers that fit in float64, or a cache of something else.

    Examples
    --------
    >>> import numpy as np
    >>> A, cache = pool_forward(np.arange(16.0).reshape(1, 4, 4, 1), {"stride": 2, "f": 2})
    >>> print(pool_backward(np.ones(A.shape), cache)[0, :, :, 0])
    [[0. 0. 0. 0.]
     [0. 1. 0. 1.]
     [0. 0. 0. 0.]
     [0. 1. 0. 1.]]
    """
