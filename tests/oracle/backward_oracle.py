"""What the gradients must be, written with NumPy from the equations in include/convstep/*.h and decision 16.

Sums are taken in the type of the arrays and in the order that is promised, so that answers without a tolerance are
right to the last bit. The order is reached in another way than by the loops of src/reference: the windows that read an
element come in row order when its taps are taken from the last to the first, and np.add.accumulate adds from left to
right.
"""

import math

import numpy as np

import oracle
from oracle import FUNCTION_ULPS, WIDE, Answer, Axis, gamma, unit


def _finish(gradient: np.ndarray, start: np.ndarray | None) -> np.ndarray:
    return gradient if start is None else start + gradient


def _taps_backwards(rows: Axis, columns: Axis):
    """For every tap, last to first: its number, the outputs whose tap lies on the input, and where it lies there."""
    for i in reversed(range(rows.taps.shape[1])):
        for j in reversed(range(columns.taps.shape[1])):
            y, x = np.flatnonzero(rows.inside[:, i]), np.flatnonzero(columns.inside[:, j])
            yield (i, j), np.ix_(y, x), np.ix_(rows.taps[y, i], columns.taps[x, j])


def _group(weights: np.ndarray, groups: int, o: int) -> slice:
    """The channels that filter o reads."""
    first = o // (weights.shape[3] // groups) * weights.shape[2]
    return slice(first, first + weights.shape[2])


def conv_backward_input(grad: np.ndarray, weights: np.ndarray, shape: tuple[int, ...], options: dict,
                        start: np.ndarray | None) -> Answer:
    rows, columns = oracle.resolve(shape, weights.shape[:2], options, "weights (KH, KW)")
    dA = np.zeros(shape, grad.dtype)
    for (i, j), (y, x), (row, column) in _taps_backwards(rows, columns):
        for o in range(weights.shape[3]):
            dA[:, row, column, _group(weights, options["groups"], o)] += weights[i, j, :, o] * grad[:, y, x, o, None]
    return Answer(_finish(dA, start))


def _chain(terms: np.ndarray, start: np.ndarray | None) -> np.ndarray:
    """start, or 0, + terms[0] + terms[1] + ..., from left to right."""
    first = np.zeros(terms.shape[1:], terms.dtype) if start is None else start
    return np.add.accumulate(np.concatenate([first[None], terms]), axis=0)[-1]


def conv_backward_weights(x: np.ndarray, grad: np.ndarray, shape: tuple[int, ...], options: dict,
                          start: np.ndarray | None) -> Answer:
    rows, columns = oracle.resolve(x.shape, shape[:2], options, "weights (KH, KW)")
    seen = oracle.windows(x, rows, columns, 0).reshape(-1, *shape[:2], x.shape[3])
    g = grad.reshape(-1, shape[3])
    dW = np.empty(shape, x.dtype)
    for o in range(shape[3]):
        channels = _group(dW, options["groups"], o)
        terms = seen[..., channels] * g[:, o, None, None, None]
        dW[..., o] = _chain(terms, None if start is None else start[..., o])
    return Answer(dW)


def conv_backward_bias(grad: np.ndarray, start: np.ndarray | None) -> Answer:
    O = grad.shape[3]
    return Answer(_chain(grad.reshape(-1, O), None if start is None else start.reshape(O)).reshape(1, 1, 1, O))


def zero_pad_backward(grad: np.ndarray, sides: tuple[int, ...]) -> Answer:
    top, bottom, left, right = sides
    return Answer(grad[:, top:grad.shape[1] - bottom, left:grad.shape[2] - right])


def activation_backward(grad: np.ndarray, x: np.ndarray, name: str, slope: float) -> Answer:
    dtype = grad.dtype.type
    if name in ("sigmoid", "tanh"):
        g, z = grad.astype(WIDE[grad.dtype]), x.astype(WIDE[grad.dtype])
        e = np.exp(-np.abs(z) * (1 if name == "sigmoid" else 2))
        value = g * ((e if name == "sigmoid" else 4 * e) / (1 + e)**2)
        tiny = np.finfo(dtype).smallest_subnormal * (1 + np.abs(g)) * FUNCTION_ULPS
        return Answer(value, 4 * FUNCTION_ULPS * unit(dtype) * np.abs(value) + tiny)
    zero = np.zeros_like(grad)
    value = {"none": grad, "relu": np.where(x > 0, grad, zero), "relu6": np.where((x > 0) & (x < 6), grad, zero),
             "leaky": np.where(x > 0, grad, dtype(slope) * grad)}[name]
    return Answer(value if name == "none" else np.where(np.isnan(x), x, value))


def _resolve_pool(shape: tuple[int, ...], window: tuple[int, int], options: dict) -> tuple[Axis, Axis]:
    rows, columns = oracle.resolve(shape, window, options, "window")
    if not (rows.inside.any(axis=1).all() and columns.inside.any(axis=1).all()):
        raise oracle.Refused("ParameterError", "padding")
    return rows, columns


def _spread(shape: tuple[int, ...], rows: Axis, columns: Axis, terms: np.ndarray) -> np.ndarray:
    """Adds terms[n,y,x,i,j,c] to what tap (i, j) of the window at (y, x) reads."""
    dA = np.zeros(shape, terms.dtype)
    for (i, j), (y, x), (row, column) in _taps_backwards(rows, columns):
        dA[:, row, column] += terms[:, y, x, i, j]
    return dA


def _maxima(x: np.ndarray, rows: Axis, columns: Axis, ties: str) -> np.ndarray:
    """[N, OH, OW, KH, KW, C]: which taps get the gradient."""
    if ties == "all":
        seen = oracle.windows(x, rows, columns, -np.inf)
        inside = rows.inside[:, None, :, None] & columns.inside[None, :, None, :]
        return (seen == seen.max(axis=(3, 4), keepdims=True)) & inside[..., None]
    order = oracle.windows(oracle.ieee_order(x), rows, columns, np.iinfo(np.int64).min)
    N, OH, OW, KH, KW, C = order.shape
    taps = order.reshape(N, OH, OW, KH * KW, C)
    first = taps.argmax(axis=3, keepdims=True)
    return (np.arange(KH * KW)[:, None] == first).reshape(order.shape)


def pool_backward(grad: np.ndarray, x: np.ndarray, window: tuple[int, int], mode: str, ties: str, options: dict,
                  start: np.ndarray | None) -> Answer:
    rows, columns = _resolve_pool(x.shape, window, options)
    g = grad[:, :, :, None, None, :]
    if mode == "max":
        terms = np.where(_maxima(x, rows, columns, ties), g, grad.dtype.type(0))
    elif mode == "average":
        counted = [axis.inside | (axis.on_padding if options.get("count_include_pad") else False)
                   for axis in (rows, columns)]
        count = np.outer(counted[0].sum(axis=1), counted[1].sum(axis=1)).astype(grad.dtype)
        terms = np.broadcast_to(g / count[:, :, None, None, None], (*grad.shape[:3], *window, grad.shape[3]))
    else:
        return lp_backward(grad, x, rows, columns, options.get("p", 2.0), start)
    return Answer(_finish(_spread(x.shape, rows, columns, terms), start))


def lp_backward(grad: np.ndarray, x: np.ndarray, rows: Axis, columns: Axis, p: float,
                start: np.ndarray | None) -> Answer:
    wide = WIDE[x.dtype]
    seen = oracle.windows(x, rows, columns, 0).astype(wide)
    g = grad.astype(wide)[:, :, :, None, None, :]
    if p == 1:
        terms = g * np.sign(seen)
    else:
        norm = (np.abs(seen)**wide.type(p)).sum(axis=(3, 4), keepdims=True)**(1 / wide.type(p))
        terms = g * np.sign(seen) * np.abs(seen)**wide.type(p - 1) / norm**wide.type(p - 1)
    terms = np.where(seen == 0, wide.type(0), terms)
    value = _spread(x.shape, rows, columns, terms)
    magnitude = _spread(x.shape, rows, columns, np.abs(terms))
    taps = seen.shape[3] * seen.shape[4]
    # A term: its quotient, to the power of p - 1, and the root of a sum of powers of such. Then come at most `taps`
    # additions, and one more for what was there.
    roundings = 0 if p == 1 else taps + 2 * math.ceil(p) + 4 * FUNCTION_ULPS
    tolerance = gamma(roundings + taps + 1, x.dtype) * magnitude
    return Answer(_finish(value, start), tolerance if start is None else tolerance + unit(x.dtype) * np.abs(start))


def pool_backward_by_indices(grad: np.ndarray, where: np.ndarray, shape: tuple[int, ...], window: tuple[int, int],
                             options: dict, start: np.ndarray | None) -> Answer:
    _resolve_pool(shape, window, options)
    N, H, W, C = shape
    dA = np.zeros((N, H * W, C), grad.dtype)
    n, _, _, c = np.indices(where.shape)
    np.add.at(dA, (n.ravel(), where.ravel(), c.ravel()), grad.ravel())  # one after the other
    return Answer(_finish(dA.reshape(shape), start))
