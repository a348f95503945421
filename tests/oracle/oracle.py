"""What the layers must compute, written with NumPy from the equations in include/convstep/*.h alone.

Sums and products are taken in a wider type than the arrays under test (float64 for float32, 80-bit long double for
float64), so that the oracle's own rounding is far below the tolerance it grants.
"""

import dataclasses

import numpy as np

WIDE = {np.dtype(np.float32): np.dtype(np.float64), np.dtype(np.float64): np.dtype(np.longdouble)}
ACTIVATIONS = ("none", "relu", "relu6", "leaky", "sigmoid", "tanh")  # in the order of enum class Activation
EXPLICIT, SAME_UPPER, SAME_LOWER = range(3)  # enum class Padding::Rule

# exp, tanh and pow are correct to about one unit in the last place, and the operations around them round a few times.
FUNCTION_ULPS = 4


class Refused(Exception):
    """The call must raise this kind of error and name this argument."""

    def __init__(self, kind: str, argument: str):
        super().__init__(kind, argument)
        self.kind, self.argument = kind, argument


@dataclasses.dataclass
class Answer:
    """The exact result, how far from it a result of the type under test may lie, and the indices of argmax."""

    value: np.ndarray
    tolerance: np.ndarray | float = 0.0
    indices: np.ndarray | None = None


def unit(dtype: np.dtype) -> np.floating:
    """The unit roundoff u: half the distance from 1 to the next number."""
    return WIDE[np.dtype(dtype)].type(np.finfo(dtype).eps) / 2


def gamma(n: int, dtype: np.dtype) -> np.floating:
    """Higham's bound on n roundings in a row."""
    return n * unit(dtype) / (1 - n * unit(dtype))


def positions(length: int, window: int, stride: int, dilation: int, before: int, after: int, ceil: bool) -> int:
    """How many windows fit, 0 for none. The ceiling is PyTorch's rule (pooling_output_shape)."""
    room = before + length + after - dilation * (window - 1) - 1
    if not ceil:
        return max(room // stride + 1, 0)
    count = -(-room // stride) + 1
    if (count - 1) * stride >= length + before:
        count -= 1
    return max(count, 0)


@dataclasses.dataclass
class Axis:
    """Where every tap of every window lies: taps[o, i] is an index of the unpadded axis, outside it is padding."""

    taps: np.ndarray
    length: int
    after: int

    @property
    def inside(self) -> np.ndarray:
        return (0 <= self.taps) & (self.taps < self.length)

    @property
    def on_padding(self) -> np.ndarray:
        return (self.taps < 0) | ((self.taps >= self.length) & (self.taps < self.length + self.after))


def resolve_axis(length: int, window: int, stride: int, dilation: int, before: int, after: int, rule: int,
                 ceil: bool) -> Axis:
    if rule != EXPLICIT:
        count = -(-length // stride)
        total = max((count - 1) * stride + dilation * (window - 1) + 1 - length, 0)
        smaller, larger = total // 2, total - total // 2
        before, after = (smaller, larger) if rule == SAME_UPPER else (larger, smaller)
    else:
        count = positions(length, window, stride, dilation, before, after, ceil)
    taps = np.arange(count)[:, None] * stride + np.arange(window) * dilation - before
    return Axis(taps, length, after)


def resolve(shape: tuple[int, ...], window: tuple[int, int], options: dict, window_argument: str) -> tuple[Axis, Axis]:
    """Both axes of an image, or Refused where no window fits."""
    top, bottom, left, right, rule = options.get("padding", (0, 0, 0, 0, EXPLICIT))
    ceil = bool(options.get("ceil_mode"))
    strides, dilations = options.get("stride", (1, 1)), options.get("dilation", (1, 1))
    rows = resolve_axis(shape[1], window[0], strides[0], dilations[0], top, bottom, rule, ceil)
    columns = resolve_axis(shape[2], window[1], strides[1], dilations[1], left, right, rule, ceil)
    if len(rows.taps) == 0 or len(columns.taps) == 0:
        raise Refused("ShapeError", window_argument)
    return rows, columns


def windows(x: np.ndarray, rows: Axis, columns: Axis, fill: float) -> np.ndarray:
    """[N, OH, OW, KH, KW, C]: what each window sees, `fill` where it lies on padding."""
    r = np.clip(rows.taps, 0, rows.length - 1)[:, None, :, None]
    c = np.clip(columns.taps, 0, columns.length - 1)[None, :, None, :]
    inside = rows.inside[:, None, :, None] & columns.inside[None, :, None, :]
    return np.where(inside[None, ..., None], x[:, r, c], fill)


def activate(z: np.ndarray, name: str, slope: float, dtype: np.dtype) -> np.ndarray:
    if name == "relu":
        return np.where(np.isnan(z), z, np.maximum(z, 0))
    if name == "relu6":
        return np.where(np.isnan(z), z, np.clip(z, 0, 6))
    if name == "leaky":
        return np.where(z < 0, z.dtype.type(dtype(slope)) * z, z)
    if name == "sigmoid":
        small = np.exp(-np.abs(z))
        return np.where(z < 0, small / (1 + small), 1 / (1 + small))
    return np.tanh(z) if name == "tanh" else z


def activation_answer(z: np.ndarray, error: np.ndarray | float, name: str, slope: float, dtype: type) -> Answer:
    """`error` bounds that of z. An activation stretches it by its steepest slope and rounds a few times itself."""
    value = activate(z, name, slope, dtype)
    steepest = {"leaky": max(1.0, abs(slope)), "sigmoid": 0.25}.get(name, 1.0)
    roundings = {"leaky": 2, "sigmoid": FUNCTION_ULPS, "tanh": FUNCTION_ULPS}.get(name, 0)
    tiny = np.finfo(dtype).smallest_subnormal if roundings else 0
    return Answer(value, steepest * error + 2 * roundings * unit(dtype) * np.abs(value) + roundings * tiny)


def activation_forward(x: np.ndarray, name: str, slope: float) -> Answer:
    return activation_answer(x.astype(WIDE[x.dtype]), 0.0, name, slope, x.dtype.type)


def zero_pad(x: np.ndarray, padding: tuple[int, ...]) -> Answer:
    top, bottom, left, right = padding[:4]
    N, H, W, C = x.shape
    value = np.zeros((N, top + H + bottom, left + W + right, C), x.dtype)
    value[:, top:top + H, left:left + W, :] = x
    return Answer(value)


def conv_single_step(a: np.ndarray, weights: np.ndarray, b: float) -> Answer:
    wide = WIDE[a.dtype]
    products = a.astype(wide) * weights.astype(wide)
    magnitude = np.abs(products).sum() + abs(wide.type(b))
    return Answer(np.asarray(products.sum() + wide.type(b)), gamma(a.size + 1, a.dtype) * magnitude)


def conv_forward(x: np.ndarray, weights: np.ndarray, bias: np.ndarray | None, residual: np.ndarray | None,
                 options: dict) -> Answer:
    KH, KW, group_channels, O = weights.shape
    rows, columns = resolve(x.shape, (KH, KW), options, "weights (KH, KW)")
    wide, groups = WIDE[x.dtype], options.get("groups", 1)
    seen = windows(x, rows, columns, 0).astype(wide)
    N, OH, OW = seen.shape[:3]
    z = np.zeros((N, OH, OW, O), wide)
    magnitude = np.zeros_like(z)
    for g in range(groups):
        outputs = slice(g * (O // groups), (g + 1) * (O // groups))
        channels = slice(g * group_channels, (g + 1) * group_channels)
        a = seen[..., channels].reshape(N * OH * OW, KH * KW * group_channels)
        w = weights[..., outputs].astype(wide).reshape(a.shape[1], -1)
        shape = (N, OH, OW, O // groups)
        z[..., outputs] = (a @ w).reshape(shape)
        magnitude[..., outputs] = (np.abs(a) @ np.abs(w)).reshape(shape)
    K = KH * KW * group_channels
    for term in (bias, residual):
        if term is not None:
            z += term
            magnitude += np.abs(term)
    # Each of the K products is rounded once, and at most K more times by the additions of products and bias; the
    # residual is one more addition.
    error = gamma(K + 1 + (residual is not None), x.dtype) * magnitude + K * np.finfo(x.dtype).smallest_subnormal
    name = ACTIVATIONS[options.get("activation", 0)]
    return activation_answer(z, error, name, options.get("slope", 0.01), x.dtype.type)


def ieee_order(x: np.ndarray) -> np.ndarray:
    """Integers in the order of IEEE 754-2019 maximum: -inf < ... < -0 < +0 < ... < inf < NaN, all NaNs alike."""
    bits = np.ascontiguousarray(x, np.float64).view(np.int64)
    order = np.where(bits < 0, -(bits & np.int64(2**63 - 1)) - 1, bits)
    return np.where(np.isnan(x), np.int64(2**63 - 1), order)


def pool_forward(x: np.ndarray, window: tuple[int, int], mode: str, options: dict) -> Answer:
    rows, columns = resolve(x.shape, window, options, "window")
    if not (rows.inside.any(axis=1).all() and columns.inside.any(axis=1).all()):
        raise Refused("ParameterError", "padding")
    if mode == "max":
        return max_pool(x, rows, columns)
    dtype, wide = x.dtype, WIDE[x.dtype]
    seen = windows(x, rows, columns, 0).astype(wide)
    taps = window[0] * window[1]
    if mode == "average":
        counted = [axis.inside | (axis.on_padding if options.get("count_include_pad") else False)
                   for axis in (rows, columns)]
        count = np.outer(counted[0].sum(axis=1), counted[1].sum(axis=1))[None, :, :, None].astype(wide)
        return Answer(seen.sum(axis=(3, 4)) / count, gamma(taps + 1, dtype) * np.abs(seen).sum(axis=(3, 4)) / count)
    p = wide.type(options.get("p", 2.0))
    total = (np.abs(seen)**p).sum(axis=(3, 4))
    value = total**(1 / p)
    # All terms are positive, so the sum has a relative error of gamma(taps + that of one power); the root divides it by
    # p, but rounding the exponent 1/p costs |log(total)|/p units.
    with np.errstate(divide="ignore"):
        logarithm = np.where(total > 0, np.abs(np.log(total)), 0)
    relative = gamma(taps + 3 * FUNCTION_ULPS, dtype) + 2 * unit(dtype) * logarithm / p
    return Answer(value, relative * value)


def max_pool(x: np.ndarray, rows: Axis, columns: Axis) -> Answer:
    N, H, W, C = x.shape
    order = windows(ieee_order(x), rows, columns, np.iinfo(np.int64).min)
    OH, OW = order.shape[1:3]
    tap = order.reshape(N, OH, OW, order.shape[3] * order.shape[4], C).argmax(axis=3)  # the first of equals
    i, j = np.divmod(tap, columns.taps.shape[1])
    row = rows.taps[np.arange(OH)[None, :, None, None], i]
    column = columns.taps[np.arange(OW)[None, None, :, None], j]
    n, c = np.arange(N)[:, None, None, None], np.arange(C)
    return Answer(x[n, row, column, c], 0.0, row * W + column)
