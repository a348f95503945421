"""A thousand right versions of the notebook's functions: other orders, other ways, other types."""

import itertools

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from scipy import signal

ORDERS = list(itertools.permutations(range(4)))


def loops(lengths, order):
    """All indices of a volume, in any nesting of the loops."""
    for index in itertools.product(*(range(lengths[axis]) for axis in order)):
        yield tuple(index[order.index(axis)] for axis in range(4))


def pad_by_numpy(x, pad):
    return np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def pad_by_slice(x, pad):
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad, x.shape[2] + 2 * pad, x.shape[3]), x.dtype)
    padded[:, pad : pad + x.shape[1], pad : pad + x.shape[2]] = x
    return padded


def pad_by_concatenation(x, pad):
    rows = np.zeros((x.shape[0], pad, x.shape[2], x.shape[3]), x.dtype)
    x = np.concatenate([rows, x, rows], axis=1)
    columns = np.zeros((x.shape[0], x.shape[1], pad, x.shape[3]), x.dtype)
    return np.concatenate([columns, x, columns], axis=2)


def pad_by_fancy_index(x, pad):
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * pad, x.shape[2] + 2 * pad, x.shape[3]), x.dtype)
    rows, columns = np.arange(x.shape[1]) + pad, np.arange(x.shape[2]) + pad
    padded[:, rows[:, None], columns[None, :]] = x
    return padded


PADS = [pad_by_numpy, pad_by_slice, pad_by_concatenation, pad_by_fancy_index]


def size(length, f, pad, stride):
    return (length - f + 2 * pad) // stride + 1


def conv_by_loops(order, reduce):
    def compute(x, W, b, stride):
        shape = (x.shape[0], size(x.shape[1], W.shape[0], 0, stride), size(x.shape[2], W.shape[1], 0, stride), W.shape[3])
        Z = np.zeros(shape, x.dtype)
        for i, h, w, c in loops(shape, order):
            window = x[i, h * stride : h * stride + W.shape[0], w * stride : w * stride + W.shape[1]]
            Z[i, h, w, c] = reduce(window * W[..., c]) + b[0, 0, 0, c]
        return Z

    return compute


def windows_by_view(x, f, stride):
    return sliding_window_view(x, (f, f), axis=(1, 2))[:, ::stride, ::stride]  # m h w c i j


def windows_by_strides(x, f, stride):
    m, height, width, channels = x.shape
    rows, columns = size(height, f, 0, stride), size(width, f, 0, stride)
    s = x.strides
    return as_strided(x, (m, rows, columns, channels, f, f), (s[0], s[1] * stride, s[2] * stride, s[3], s[1], s[2]))


def conv_by_einsum(windows):
    def compute(x, W, b, stride):
        return np.einsum("mhwcij,ijco->mhwo", windows(x, W.shape[0], stride), W) + b

    return compute


def conv_by_matmul(windows):
    def compute(x, W, b, stride):
        patches = windows(x, W.shape[0], stride).transpose(0, 1, 2, 4, 5, 3)
        columns = patches.reshape(-1, W[..., 0].size)
        return (columns @ W.reshape(-1, W.shape[3])).reshape(*patches.shape[:3], -1) + b.ravel()

    return compute


def conv_by_taps(reverse):
    def compute(x, W, b, stride):
        f = W.shape[0]
        rows, columns = size(x.shape[1], f, 0, stride), size(x.shape[2], f, 0, stride)
        Z = np.zeros((x.shape[0], rows, columns, W.shape[3]), x.dtype) + b
        taps = list(itertools.product(range(f), range(f)))
        for i, j in reversed(taps) if reverse else taps:
            part = x[:, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (columns - 1) + 1 : stride]
            Z = Z + part @ W[i, j]
        return Z

    return compute


def conv_by_scipy(method):
    def compute(x, W, b, stride):
        planes = [
            sum(method(x[i, :, :, k], W[:, :, k, c]) for k in range(x.shape[3]))[::stride, ::stride] + b[0, 0, 0, c]
            for i in range(x.shape[0]) for c in range(W.shape[3])
        ]
        return np.array(planes).reshape(x.shape[0], W.shape[3], *planes[0].shape).transpose(0, 2, 3, 1)

    return compute


def conv_by_tensordot(x, W, b, stride):
    f = W.shape[0]
    rows, columns = size(x.shape[1], f, 0, stride), size(x.shape[2], f, 0, stride)
    Z = [[np.tensordot(x[:, h * stride : h * stride + f, w * stride : w * stride + f], W, 3) for w in range(columns)] for h in range(rows)]
    return np.array(Z).transpose(2, 0, 1, 3) + b


REDUCE = [np.sum, lambda s: s.sum(axis=(0, 1)).sum(), lambda s: sum(s.ravel().tolist()), lambda s: np.add.reduce(s[::-1], axis=None)]
CONVOLUTIONS = [
    *(conv_by_loops(order, reduce) for order in ORDERS for reduce in REDUCE[:2]),
    *(conv_by_loops(ORDERS[0], reduce) for reduce in REDUCE[2:]),
    *(how(windows) for how in (conv_by_einsum, conv_by_matmul) for windows in (windows_by_view, windows_by_strides)),
    conv_by_taps(False), conv_by_taps(True),
    conv_by_scipy(lambda x, w: signal.correlate2d(x, w, mode="valid")),
    conv_by_scipy(lambda x, w: signal.convolve2d(x, w[::-1, ::-1], mode="valid")),
    conv_by_scipy(lambda x, w: signal.fftconvolve(x, w[::-1, ::-1], mode="valid")),
    conv_by_tensordot,
]
TYPES = [np.float64, np.float32]
CACHES = [lambda *parts: parts, lambda *parts: list(parts), lambda *parts: tuple(part.copy() for part in parts)]


def conv_forward(compute, pad, dtype, cache):
    def function(A_prev, W, b, hparameters):
        x = pad(A_prev.astype(dtype), hparameters["pad"])
        return compute(x, W.astype(dtype), b.astype(dtype), hparameters["stride"]), cache(A_prev, W, b, hparameters)

    return function


def pool_forward(order, reduce, dtype):
    def function(A_prev, hparameters, mode="max"):
        f, stride = hparameters["f"], hparameters["stride"]
        m, height, width, channels = A_prev.shape
        shape = (m, size(height, f, 0, stride), size(width, f, 0, stride), channels)
        A = np.empty(shape, dtype)
        for i, h, w, c in loops(shape, order):
            A[i, h, w, c] = reduce[mode](A_prev[i, h * stride : h * stride + f, w * stride : w * stride + f, c].astype(dtype))
        return A, (A_prev, hparameters)

    return function


def pool_by_windows(windows, dtype):
    def function(A_prev, hparameters, mode="max"):
        all_windows = windows(A_prev.astype(dtype), hparameters["f"], hparameters["stride"])
        return getattr(all_windows, "max" if mode == "max" else "mean")(axis=(-1, -2)), (A_prev, hparameters)

    return function


REDUCERS = [
    {"max": np.max, "average": np.mean}, {"max": lambda x: max(x.ravel()), "average": lambda x: sum(x.ravel()) / x.size},
    {"max": lambda x: np.sort(x, axis=None)[-1], "average": np.average}, {"max": lambda x: -np.min(-x), "average": lambda x: x.mean(0).mean()},
]


def conv_backward(order, pad, dtype, crop):
    def function(dZ, cache):
        A_prev, W, b, hparameters = cache
        stride, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        x, dW, db = pad(A_prev.astype(dtype), p), np.zeros(W.shape, dtype), np.zeros(b.shape, dtype)
        dx = np.zeros(x.shape, dtype)
        for i, h, w, c in loops(dZ.shape, order):
            at = i, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
            dx[at] += W[..., c] * dZ[i, h, w, c]
            dW[..., c] += x[at] * dZ[i, h, w, c]
            db[..., c] += dZ[i, h, w, c]
        return crop(dx, p, A_prev.shape), dW, db

    return function


CROPS = [
    lambda dx, p, shape: dx[:, p : p + shape[1], p : p + shape[2]],
    lambda dx, p, shape: dx[:, p:-p, p:-p] if p else dx,
    lambda dx, p, shape: np.take(np.take(dx, range(p, p + shape[1]), 1), range(p, p + shape[2]), 2),
]


def pool_backward(order, dtype, first):
    def function(dA, cache, mode="max"):
        A_prev, hparameters = cache
        f, stride = hparameters["f"], hparameters["stride"]
        dA_prev = np.zeros(A_prev.shape, dtype)
        for i, h, w, c in loops(dA.shape, order):
            at = i, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f), c
            if mode == "average":
                dA_prev[at] += dA[i, h, w, c] / f**2
            elif first:
                y, x = np.unravel_index(np.argmax(A_prev[at]), (f, f))
                np.add.at(dA_prev, (i, h * stride + y, w * stride + x, c), dA[i, h, w, c])
            else:
                dA_prev[at] += np.where(A_prev[at] == A_prev[at].max(), dA[i, h, w, c], 0)
        return dA_prev

    return function


def step(reduce, dtype, as_number):
    def function(a_slice_prev, W, b):
        return as_number(reduce(a_slice_prev.astype(dtype) * W.astype(dtype)) + b.astype(dtype)[0, 0, 0])

    return function


STEPS = [
    lambda a, W, b: np.vdot(a, W) + b.item(), lambda a, W, b: np.einsum("ijk,ijk", a, W) + b.ravel()[0],
    lambda a, W, b: float(np.tensordot(a, W, 3)) + float(b[0, 0, 0]), lambda a, W, b: (a * W).sum() + b.sum(),
    lambda a, W, b: a.ravel() @ W.ravel() + b[0, 0, 0], lambda a, W, b: np.sum(a * W + b / a.size),
]
MASKS = [
    lambda x: x == np.max(x), lambda x: x == x.max(), lambda x: (x == max(x.ravel())).astype(float), lambda x: x >= x.max(),
    lambda x: np.isclose(x, x.max(), rtol=0, atol=0), lambda x: (np.arange(x.size) == np.argmax(x)).reshape(x.shape),
    lambda x: np.equal(x, np.amax(x)).astype(int), lambda x: np.where(x == x.max(), True, False),
]
SHARES = [
    lambda dz, shape: np.ones(shape) * dz / (shape[0] * shape[1]), lambda dz, shape: np.full(shape, dz / (shape[0] * shape[1])),
    lambda dz, shape: np.zeros(shape) + dz / np.prod(shape), lambda dz, shape: np.float32(dz) * np.ones(shape, np.float32) / (shape[0] * shape[1]),
    lambda dz, shape: np.array([[dz / shape[0] / shape[1]] * shape[1]] * shape[0]), lambda dz, shape: np.broadcast_to(dz / (shape[0] * shape[1]), shape),
]


def all_right():
    """Pairs of a name and a right function of that name."""
    yield from (("conv_forward", conv_forward(compute, pad, dtype, CACHES[0]))
                for compute, pad, dtype in itertools.product(CONVOLUTIONS, PADS[:3], TYPES))
    yield from (("conv_forward", conv_forward(conv_by_tensordot, pad, dtype, cache))
                for pad, dtype, cache in itertools.product(PADS, TYPES, CACHES))
    yield from (("pool_forward", pool_forward(*how)) for how in itertools.product(ORDERS, REDUCERS, TYPES))
    yield from (("pool_forward", pool_by_windows(*how)) for how in itertools.product([windows_by_view, windows_by_strides], TYPES))
    yield from (("conv_backward", conv_backward(*how)) for how in itertools.product(ORDERS, PADS[:2], TYPES, CROPS))
    yield from (("pool_backward", pool_backward(*how)) for how in itertools.product(ORDERS, TYPES, [True, False]))
    yield from (("zero_pad", pad) for pad in PADS)
    yield from (("zero_pad", lambda X, pad, how=how, dtype=dtype: how(X.astype(dtype), pad)) for how, dtype in itertools.product(PADS, TYPES))
    yield from (("conv_single_step", step(*how)) for how in itertools.product(REDUCE, TYPES, [float, np.float64, np.asarray, lambda z: z]))
    yield from (("conv_single_step", one) for one in STEPS)
    yield from (("create_mask_from_window", mask) for mask in MASKS)
    yield from (("distribute_value", share) for share in SHARES)
