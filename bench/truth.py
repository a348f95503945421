"""The arrays of a problem, and what must come out: NumPy in float64, by another road than anybody's kernels."""

import collections.abc

import numpy as np

import layers

# Largest error over the largest output. Winograd's F(4,3) on float32 stays below 1e-5 for the layers here.
TOLERANCE = {"float32": 1e-4, "float64": 1e-11}
# Of whole networks, whose layers pass roundings on: noise seen by the trained text detection gives 1.3e-4.
NETWORK_TOLERANCE = {"float32": 1e-3, "float64": 1e-10}


def arrays(layer: layers.Layer, dtype: str, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input N(0, 1), weights as He et al. start them, so that outputs are of the order of 1."""
    random = np.random.default_rng(1)
    kind = np.dtype(dtype).type
    x = random.standard_normal((batch, layer.h, layer.w, layer.c), kind)
    grad = random.standard_normal((batch, layer.oh, layer.ow, layer.o), kind)
    if layer.kind == "weights_grad" or layer.is_pool and layer.kind.endswith("_grad"):
        return x, grad, np.zeros(0, kind)
    if layer.is_pool:
        return x, np.zeros((0, 0, 0, 0), kind), np.zeros(0, kind)
    taps = layer.kh * layer.kw * layer.c // layer.groups
    w = random.standard_normal((layer.kh, layer.kw, layer.c // layer.groups, layer.o), kind) * kind(np.sqrt(2 / taps))
    return grad if layer.kind == "input_grad" else x, w, random.standard_normal(layer.o, kind)


def truths(layer: layers.Layer, first: np.ndarray, second: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """Of the first and the last image; of a gradient of weights, which is a sum over all, the only one."""
    if layer.kind == "weights_grad":
        return [weights_gradient(layer, first, second)]
    ends = sorted({0, len(first) - 1})
    if layer.is_pool and layer.kind.endswith("_grad"):
        return [pool_gradient(layer, first[index], second[index]) for index in ends]
    one = input_gradient if layer.kind == "input_grad" else lambda *arguments: expected(*arguments, bias)
    return [one(layer, first[index], second) for index in ends]


def taps(layer: layers.Layer) -> "collections.abc.Iterator[tuple[int, int, slice, slice]]":
    """Each tap of the window, and the rows and columns of the padded image that it reads."""
    for i, j in np.ndindex(layer.kh, layer.kw):
        top, left = i * layer.dilation, j * layer.dilation
        yield (i, j, slice(top, top + (layer.oh - 1) * layer.stride + 1, layer.stride),
               slice(left, left + (layer.ow - 1) * layer.stride + 1, layer.stride))


def input_gradient(layer: layers.Layer, grad: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of one image, [H,W,C]."""
    pad, groups = layer.pad, layer.groups
    padded = np.zeros((layer.h + 2 * pad, layer.w + 2 * pad, groups, layer.c // groups))
    g = grad.astype(np.float64).reshape(layer.oh, layer.ow, groups, -1)
    w = weights.astype(np.float64).reshape(layer.kh, layer.kw, layer.c // groups, groups, -1)
    for i, j, rows, columns in taps(layer):
        padded[rows, columns] += np.einsum("yxgo,cgo->yxgc", g, w[i, j], optimize=True)
    return padded[pad:pad + layer.h, pad:pad + layer.w].reshape(layer.h, layer.w, layer.c)


def weights_gradient(layer: layers.Layer, images: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """[KH, KW * C/groups, O]."""
    pad, groups = layer.pad, layer.groups
    x = np.pad(images.astype(np.float64), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    x = x.reshape(*x.shape[:3], groups, -1)
    g = grad.astype(np.float64).reshape(*grad.shape[:3], groups, -1)
    result = np.empty((layer.kh, layer.kw, layer.c // groups, groups, layer.o // groups))
    for i, j, rows, columns in taps(layer):
        result[i, j] = np.einsum("nyxgc,nyxgo->cgo", x[:, rows, columns], g, optimize=True)
    return result.reshape(layer.kh, layer.kw * layer.c // groups, layer.o)


def pool_gradient(layer: layers.Layer, image: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Of one image, [H,W,C]: to the first maximum of each window, or to all of its elements alike."""
    pad = layer.pad
    padded = np.zeros((layer.h + 2 * pad, layer.w + 2 * pad, layer.c))
    g = grad.astype(np.float64)
    is_average = layer.kind == "average_grad"
    view = windows(layer, np.ones_like(image) if is_average else image, 0 if is_average else -np.inf)
    if is_average:
        g /= view.sum(axis=(3, 4), dtype=np.float64)
    first = view.reshape(*view.shape[:3], -1).argmax(axis=3)
    for i, j, rows, columns in taps(layer):
        padded[rows, columns] += g if is_average else np.where(first == i * layer.kw + j, g, 0)
    return padded[pad:pad + layer.h, pad:pad + layer.w]


def windows(layer: layers.Layer, image: np.ndarray, border: float) -> np.ndarray:
    """A view [OH,OW,C,KH,KW] of one image and its border."""
    pad = layer.pad
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), constant_values=border)
    reach = tuple(layer.dilation * (k - 1) + 1 for k in (layer.kh, layer.kw))
    view = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(0, 1))
    return view[::layer.stride, ::layer.stride, :, ::layer.dilation, ::layer.dilation]


def expected(layer: layers.Layer, image: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The output [OH,OW,O] of one image [H,W,C], in float64."""
    image = image.astype(np.float64)
    if layer.kind == "max":
        return windows(layer, image, -np.inf).max(axis=(3, 4))
    if layer.kind == "average":
        return np.nanmean(windows(layer, image, np.nan), axis=(3, 4))
    w = weights.astype(np.float64)
    view = windows(layer, image, 0)
    groups, c, o = layer.groups, layer.c // layer.groups, layer.o // layer.groups
    if c == 1 and o == 1:
        return np.einsum("yxcij,ijc->yxc", view, w[:, :, 0]) + bias
    parts = [np.tensordot(view[:, :, g * c:(g + 1) * c], w[..., g * o:(g + 1) * o], axes=((3, 4, 2), (0, 1, 2)))
             for g in range(groups)]
    return np.concatenate(parts, axis=2) + bias


def error(output: np.ndarray, batch_index: int, truth: np.ndarray) -> float:
    return array_error(output[batch_index], truth)


def array_error(got: np.ndarray, truth: np.ndarray) -> float:
    """The largest difference, over the largest element."""
    if got.shape != truth.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got.astype(np.float64) - truth).max() / np.abs(truth).max())
