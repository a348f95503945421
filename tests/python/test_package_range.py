"""Real pictures through Winograd's method: every output as exact as what it reads, whatever lies beside it."""

import convstep
import numpy as np
import pytest
import skimage.data

CHANNELS, FILTERS, SIZE = 32, 24, 72
# Errors in u*W*S. Inputs beside a window may be 64 times as large as those in it and be part of the same transforms.
UNITS, UNITS_BESIDE_NODATA = 8, 64
PICTURES = ["astronaut", "camera", "coins", "moon", "retina", "rocket", "text", "horse", "hubble_deep_field"]


def picture(name, dtype):
    """(1, SIZE, SIZE, CHANNELS) of its levels: channel k is the picture moved by k pixels, colours by turns."""
    levels = np.asarray(getattr(skimage.data, name)(), np.int64)
    levels = np.atleast_3d(levels)
    top, left = (levels.shape[0] - SIZE) // 2, (levels.shape[1] - SIZE) // 2 - CHANNELS
    planes = [levels[top:top + SIZE, left + k:left + k + SIZE, k % levels.shape[2]] for k in range(CHANNELS)]
    return np.stack(planes, axis=-1)[None].astype(dtype)


def windows(array):
    padded = np.pad(array, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))  # N, H, W, C, 3, 3


def check(x, weights, where, units=UNITS):
    y = convstep.conv2d(x, weights, padding=1, algorithm="winograd")
    exact = np.einsum("nhwcij,ijco->nhwo", windows(x.astype(np.longdouble)), weights.astype(np.longdouble))
    largest = np.abs(windows(x)).max(axis=(3, 4, 5)).astype(np.longdouble)[..., None]  # W
    sizes = np.abs(weights).sum(axis=(0, 1, 2), dtype=np.longdouble)  # S
    unit = np.finfo(x.dtype).eps / 2
    allowed = units * unit * largest * sizes
    assert np.isfinite(y).all()
    share = (np.abs(y - exact) / np.maximum(allowed, np.finfo(x.dtype).tiny)).max()
    assert share <= 1, f"{where}: {share * units} units"
    return y


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name, dtype):
    generator = np.random.default_rng(5)
    weights = generator.standard_normal((3, 3, CHANNELS, FILTERS)).astype(dtype)
    x = picture(name, dtype)
    y = check(x, weights, "levels")
    check(x / x.dtype.type(255), weights, "0 to 1")
    again = generator.standard_normal((3, 3, FILTERS, FILTERS)).astype(dtype)
    check(np.maximum(y, 0), again, "after a layer and ReLU")
    lacking = x.copy()
    lacking[:, 20:30, 40:] = -9999
    lacking[:, 50, 7] = np.finfo("float32").min / 4096  # as rasters have it; whole, the sums would overflow
    check(lacking, weights, "with nodata", UNITS_BESIDE_NODATA)
