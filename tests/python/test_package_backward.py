"""The notebook's backward pass, run with the package: the figures that its published versions print, and NumPy's bits."""

import collections.abc
import inspect

import numpy as np
import pytest

import backward_loops
from convstep import (
    conv_backward,
    conv_forward,
    create_mask_from_window,
    distribute_value,
    pool_backward,
    pool_forward,
)


def figures(array: np.ndarray) -> str:
    return " ".join(str(array).replace("[", " ").replace("]", " ").split())


def randn(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    np.random.seed(1)
    return [np.random.randn(*shape) for shape in shapes]


def test_conv_backward_of_the_second_version() -> None:
    Z, cache = conv_forward(*randn((10, 4, 4, 3), (2, 2, 3, 8), (1, 1, 1, 8)), {"pad": 2, "stride": 2})
    assert [f"{np.mean(d):.12g}" for d in conv_backward(Z, cache)] == ["1.45243777754", "1.72699145831", "7.83923256462"]


def test_conv_backward_of_the_first_version() -> None:
    """It added the bias to every product, and so do we where the bias is multiplied; the gradients are then its own."""
    A_prev, W, b = randn((10, 4, 4, 3), (2, 2, 3, 8), (1, 1, 1, 8))
    hparameters = {"pad": 2, "stride": 1}
    Z, _ = conv_forward(A_prev, W, b * W[..., 0].size, hparameters)
    _, cache = conv_forward(A_prev, W, b, hparameters)
    assert [f"{np.mean(d):.12g}" for d in conv_backward(Z, cache)] == ["9.60899067587", "10.5817412755", "76.3710691956"]


def test_create_mask_from_window() -> None:
    mask = create_mask_from_window(*randn((2, 3)))
    assert mask.dtype == np.bool_ and figures(mask) == "True False False False False False"


def test_distribute_value() -> None:
    assert figures(distribute_value(2, (2, 2))) == "0.5 0.5 0.5 0.5"


def test_pool_backward() -> None:
    np.random.seed(1)
    A_prev = np.random.randn(5, 5, 3, 2)
    A, cache = pool_forward(A_prev, {"stride": 1, "f": 2})
    dA = np.random.randn(5, 4, 2, 2)
    assert f"{np.mean(dA):.12g}" == "0.145713902729"
    assert figures(pool_backward(dA, cache)[1, 1]) == "0. 0. 5.05844394 -1.68282702 0. 0."
    expected = "0.08485462 0.2787552 1.26461098 -0.25749373 1.17975636 -0.53624893"
    assert figures(pool_backward(dA, cache, mode="average")[1, 1]) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pad, stride, f", [(0, 1, 3), (1, 1, 3), (2, 2, 2), (1, 3, 2), (0, 2, 1)])
def test_conv_backward_has_the_bits_of_the_loops(dtype: type, pad: int, stride: int, f: int) -> None:
    A_prev, W, b = (array.astype(dtype) for array in randn((2, 7, 6, 3), (f, f, 3, 4), (1, 1, 1, 4)))
    Z, cache = conv_forward(A_prev, W, b, {"pad": pad, "stride": stride})
    dZ = np.random.randn(*Z.shape).astype(dtype)
    dA_prev, dW, db = conv_backward(dZ, cache)
    loops = backward_loops.conv_backward(dZ, A_prev, W, (stride, stride), ((pad, pad), (pad, pad)))
    for ours, theirs in zip((dA_prev, dW, db), (*loops[:2], loops[2].reshape(1, 1, 1, -1)), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("stride, f", [(1, 2), (2, 2), (1, 3), (3, 2)])
def test_pool_backward_has_the_bits_of_the_loops(dtype: type, mode: str, stride: int, f: int) -> None:
    A_prev = np.random.default_rng(1).integers(-2, 3, (2, 7, 6, 3)).astype(dtype)  # with equal maxima
    A, cache = pool_forward(A_prev, {"stride": stride, "f": f}, mode)
    dA = np.random.default_rng(2).standard_normal(A.shape).astype(dtype)
    for ties in ("all", "first"):
        dA_prev = pool_backward(dA, cache, mode, ties)
        assert dA_prev.dtype == dtype
        loops = backward_loops.pool_backward(dA, A_prev, (f, f), (stride, stride), mode, ties=ties)
        np.testing.assert_array_equal(dA_prev, loops)
    np.testing.assert_array_equal(pool_backward(dA, cache, mode), pool_backward(dA, cache, mode, ties="all"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_masks_and_shares(dtype: type) -> None:
    x = np.array([[3, 1, 3], [0, 3, 2]], dtype)
    np.testing.assert_array_equal(create_mask_from_window(x), x == np.max(x))
    np.testing.assert_array_equal(create_mask_from_window(x.T[::-1]), x.T[::-1] == 3)
    share = distribute_value(dtype(5), (2, 3))
    assert share.dtype == (np.float32 if dtype is np.float32 else np.float64) and share.shape == (2, 3)
    np.testing.assert_array_equal(share, np.full((2, 3), dtype(5) / share.dtype.type(6)))


def test_windows_with_nan_and_other_pairs() -> None:
    assert not create_mask_from_window([[1.0, np.nan], [3.0, 4.0]]).any()
    for shape in ([2, 4], np.array([2, 4]), (np.int8(2), 4)):
        assert distribute_value(1.0, shape).shape == (2, 4)


def test_the_caches_are_left_as_they_are() -> None:
    A_prev, W, b = randn((2, 5, 5, 3), (3, 3, 3, 4), (1, 1, 1, 4))
    Z, cache = conv_forward(A_prev, W, b, {"pad": 1, "stride": 2})
    before = [array.copy() for array in cache[:3]]
    conv_backward(Z, cache)
    for kept, copy in zip(cache[:3], before, strict=True):
        np.testing.assert_array_equal(kept, copy)
    np.testing.assert_array_equal(conv_backward(Z, list(cache))[1], conv_backward(Z, cache)[1])


def test_a_layer_larger_than_the_notebooks() -> None:
    """Its order of sums is the engine's, and whole numbers do not care."""
    rng = np.random.default_rng(3)
    A_prev, W = rng.integers(-4, 5, (2, 24, 24, 16)).astype(float), rng.integers(-4, 5, (3, 3, 16, 32)).astype(float)
    Z, cache = conv_forward(A_prev, W, np.zeros((1, 1, 1, 32)), {"stride": 1, "pad": 1})
    dZ = rng.integers(-4, 5, Z.shape).astype(float)
    loops = backward_loops.conv_backward(dZ, A_prev, W, (1, 1), ((1, 1), (1, 1)))
    for ours, theirs in zip(conv_backward(dZ, cache), loops, strict=True):
        np.testing.assert_array_equal(ours.ravel(), theirs.ravel())


X, W, B = np.ones((2, 5, 6, 4)), np.ones((3, 3, 4, 8)), np.ones((1, 1, 1, 8))
STEP, WINDOW = {"stride": 1, "pad": 0}, {"stride": 2, "f": 2}
DZ, DA = np.ones((2, 3, 4, 8)), np.ones((2, 2, 3, 4))
CACHE, POOL_CACHE = (X, W, B, STEP), (X, WINDOW)
OF_CONV = "(A_prev, W, b, hparameters), the cache that conv_forward returned"
OF_POOL = "(A_prev, hparameters), the cache that pool_forward returned"


@pytest.mark.parametrize("call, error, message", [
    (lambda: conv_backward(DZ[:, :2], CACHE), ValueError, "dZ: got (2, 2, 4, 8), expected (2, 3, 4, 8) "
     "(the shape of the Z that conv_forward returned with this cache)"),
    (lambda: conv_backward(DZ.transpose(0, 3, 1, 2), CACHE), ValueError,
     "dZ: got (2, 8, 3, 4), expected (2, 3, 4, 8) (it looks like (N, C, H, W))"),
    (lambda: conv_backward(DZ[0], CACHE), ValueError, "dZ: got (3, 4, 8), expected an array of 4 axes "
     "(for one image: dZ[None], for grey images: dZ[..., None])"),
    (lambda: conv_backward(None, CACHE), TypeError, "dZ: got None, expected an array of numbers"),
    (lambda: conv_backward(DZ, (X, W[:, :, :2], B, STEP)), ValueError,
     "W: got (3, 3, 2, 8), expected (3, 3, 4, 8) (A_prev (2, 5, 6, 4) has 4 channels)"),
    (lambda: conv_backward(DZ, (X, W, B, {"stride": 1})), ValueError,
     "hparameters: got {'stride': 1}, expected the key \"pad\""),
    (lambda: conv_backward(DZ, (X, W, B, {"stride": 0, "pad": 1})), ValueError, "stride: got 0, expected 1 or more"),
    (lambda: conv_backward(DZ, POOL_CACHE), TypeError,
     f"cache: got a tuple of 2, expected {OF_CONV} (it looks like that of pool_forward)"),
    (lambda: conv_backward(DZ, conv_forward(X, W, B, STEP)), TypeError, f"cache: got a tuple of 2, expected {OF_CONV} "
     "(that is the output and the cache: pass the second of them)"),
    (lambda: conv_backward(DZ, None), TypeError, f"cache: got None, expected {OF_CONV}"),
    (lambda: conv_backward(DZ), TypeError, "conv_backward() needs 'cache', too"),
    (lambda: conv_backward(DZ, CACHE, stride=2), TypeError,
     "conv_backward() has no argument 'stride'; it is in the cache"),
    (lambda: pool_backward(DA[..., :2], POOL_CACHE), ValueError, "dA: got (2, 2, 3, 2), expected (2, 2, 3, 4) "
     "(the shape of the A that pool_forward returned with this cache)"),
    (lambda: pool_backward(DA, CACHE), TypeError,
     f"cache: got a tuple of 4, expected {OF_POOL} (it looks like that of conv_forward)"),
    (lambda: pool_backward(DA, (X, {"stride": 2, "f": 9})), ValueError,
     "f: got (9, 9), expected a window that fits into the padded input "
     "(the window (9, 9) is larger than the padded input (5, 6))"),
    (lambda: pool_backward(DA, POOL_CACHE, "mean"), ValueError,
     "mode: got 'mean', expected \"max\" or \"average\" (did you mean \"average\"?)"),
    (lambda: pool_backward(DA, POOL_CACHE, ties="last"), ValueError,
     "ties: got 'last', expected \"first\" or \"all\""),
    (lambda: pool_backward(DA, POOL_CACHE, ties=True), TypeError, "ties: got True, expected \"first\" or \"all\""),
    (lambda: create_mask_from_window(X[0]), ValueError,
     "x: got (5, 6, 4), expected an array of 2 axes (for one channel of them: x[..., 0])"),
    (lambda: create_mask_from_window(np.ones((0, 2))), ValueError, "x: got (0, 2), expected no axis of length 0"),
    (lambda: distribute_value(2, (0, 2)), ValueError, "shape: got (0, 2), expected no axis of length 0"),
    (lambda: distribute_value(2, (-1, 2)), ValueError, "shape: got (-1, 2), expected axes of length 0 or more"),
    (lambda: distribute_value(2, 4), TypeError, "shape: got 4, expected a pair (n_H, n_W)"),
    (lambda: distribute_value(2, (1, 2, 2, 1)), TypeError,
     "shape: got (1, 2, 2, 1), expected a pair (n_H, n_W) (for height and width alone, write (2, 2))"),
    (lambda: distribute_value("2", (2, 2)), TypeError, "dz: got '2', expected a number"),
])
def test_what_is_wrong_with_a_call(call: collections.abc.Callable, error: type, message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


def test_signatures_are_the_notebooks() -> None:
    assert str(inspect.signature(conv_backward)) == "(dZ, cache)"
    assert str(inspect.signature(create_mask_from_window)) == "(x)"
    assert str(inspect.signature(distribute_value)) == "(dz, shape)"
    assert str(inspect.signature(pool_backward)) == "(dA, cache, mode='max', ties='all')"
