"""How wrong the scores of a classifier are, and the gradient with which its training begins."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convstep._compiled import compiled
from convstep._types import Array, Int, Real


@compiled
def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    count: Int | None = None,
    loss_so_far: Real = 0.0,
    out: Array | None = None,
) -> tuple[np.floating[Any], Array]:
    """The cross-entropy of the softmax of scores, and its gradient.

    ``p[n,k] = exp(logits[n,k]) / sum over j of exp(logits[n,j])``,
    ``loss = sum over n of -log(p[n, labels[n]]) / count``,
    ``logits_grad[n,k] = (p[n,k] - (k == labels[n])) / count``.

    No logit is too large, and the loss and the gradient of a class whose probability is nearly 1 keep all their digits.

    Parameters
    ----------
    logits : array_like, shape (N, K)
        float32 and float64 are kept, float16 becomes float32, integers and bools float64.
    labels : array_like of integers, shape (N,)
        The class of each row, from 0 to K - 1.
    count : int, optional
        What the sum is divided by: by default N, which makes the loss a mean; 1 makes it a sum.
    loss_so_far : float
        To which the rows add theirs. With it and the `count` of the whole, a batch that is taken in parts has the bits of
        the whole batch.
    out : ndarray, optional
        Where to write the gradient: of its shape and dtype, writable. It may be `logits` itself.

    Returns
    -------
    loss : numpy.float64 or numpy.float32
    logits_grad : ndarray, shape (N, K)
        `out`, if it was given.

    Raises
    ------
    ValueError
        Shapes that do not fit each other, a label of no class, memory that overlaps.
    TypeError
        `logits` is no array of numbers that fit in float64, or `labels` none of integers.

    Examples
    --------
    >>> import numpy as np
    >>> loss, logits_grad = softmax_cross_entropy(np.zeros((1, 4)), [2])
    >>> print(loss == np.log(4), logits_grad)
    True [[ 0.25  0.25 -0.75  0.25]]
    """
