"""The gradients against backward_oracle.py over thousands of random calls: to the last bit, but for norms, exponentials
and the sums of the engine.

A failure names the call that rebuilds its case, such as
backward_cases.pool_backward(7, np.float32, "normal", "max", "all").
"""

import pathlib

import backward_cases
import backward_conv_cases
import layers_client
import numpy as np
import pytest
from layers_client import Call
from oracle import Answer
from test_oracle import DTYPES, SWEEP, check_block, complaint, notebook_shapes

# 4,000 cases per operation and type; make test-full has 20,000.
BLOCKS = {"normal": 2 * SWEEP, "integer": SWEEP, "special": SWEEP}

over_all_cases = pytest.mark.parametrize(
    "dtype, values, block",
    [(dtype, values, block) for dtype in DTYPES for values, blocks in BLOCKS.items() for block in range(blocks)])


def check(build_dir: pathlib.Path, make, arguments: tuple, block: int, exact: bool = True) -> None:
    check_block(build_dir, make, arguments, block, exact, "backward_bridge")


@pytest.mark.parametrize("of", ["input", "weights", "bias"])
@over_all_cases
def test_conv_backward(build_dir: pathlib.Path, dtype: type, values: str, block: int, of: str) -> None:
    """Exact where NumPy's order is asked for, or of whole numbers; else within the errors that are promised."""
    check(build_dir, getattr(backward_conv_cases, f"conv_backward_{of}"), (dtype, values), block, exact=False)


@pytest.mark.parametrize("mode, ties", [("max", "first"), ("max", "all"), ("average", "first"), ("lp", "first")])
@over_all_cases
def test_pool_backward(build_dir: pathlib.Path, dtype: type, values: str, block: int, mode: str, ties: str) -> None:
    exact = mode != "lp" or values == "integer"
    check(build_dir, backward_cases.pool_backward, (dtype, values, mode, ties), block, exact)


@over_all_cases
def test_pool_backward_by_indices(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check(build_dir, backward_cases.pool_backward_by_indices, (dtype, values), block)


@over_all_cases
def test_zero_pad_backward(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check(build_dir, backward_cases.zero_pad_backward, (dtype, values), block)


@over_all_cases
def test_activation_backward(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check(build_dir, backward_cases.activation_backward, (dtype, values), block, exact=values == "integer")


def notebook_conv_backward(dZ: np.ndarray, A_prev: np.ndarray, W: np.ndarray, stride: int, pad: int) -> dict:
    """conv_backward of the notebook, but for pad = 0, where its slice is empty."""
    f, _, _, n_C = W.shape
    (m, H, W_prev, _), sides = A_prev.shape, ((0, 0), (pad, pad), (pad, pad), (0, 0))
    dW, db = np.zeros_like(W), np.zeros((1, 1, 1, n_C), W.dtype)
    A_prev_pad = np.pad(A_prev, sides)
    dA_prev_pad = np.zeros_like(A_prev_pad)
    for i, h, w, c in np.ndindex(*dZ.shape):
        window = i, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
        dA_prev_pad[window] += W[:, :, :, c] * dZ[i, h, w, c]
        dW[:, :, :, c] += A_prev_pad[window] * dZ[i, h, w, c]
        db[:, :, :, c] += dZ[i, h, w, c]
    return {"dA_prev": dA_prev_pad[:, pad:pad + H, pad:pad + W_prev], "dW": dW, "db": db}


def notebook_pool_backward(dA: np.ndarray, A_prev: np.ndarray, f: int, stride: int, mode: str) -> np.ndarray:
    """pool_backward of the notebook, with the stride that most published versions forget."""
    dA_prev = np.zeros_like(A_prev)
    for i, h, w, c in np.ndindex(*dA.shape):
        window = i, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f), c
        if mode == "max":
            dA_prev[window] += (A_prev[window] == np.max(A_prev[window])) * dA[i, h, w, c]
        else:
            dA_prev[window] += np.ones((f, f), dA.dtype) * (dA[i, h, w, c] / (f * f))
    return dA_prev


def check_notebook(build_dir: pathlib.Path, calls: list[Call], expected: list[np.ndarray]) -> None:
    for call, value, reply in zip(calls, expected, layers_client.run(build_dir, calls, "backward_bridge"), strict=True):
        assert complaint(Answer(value), reply, True) == "", call.describe()


@pytest.mark.parametrize("dtype", DTYPES)
def test_conv_backward_has_the_bits_of_the_notebook(build_dir: pathlib.Path, dtype: type) -> None:
    rng = np.random.default_rng(19)
    calls, expected = [], []
    for m, H, W, C, f, stride, pad in notebook_shapes(rng, 200):
        n_C = int(rng.integers(1, 5))
        out = ((length + 2 * pad - f) // stride + 1 for length in (H, W))
        A_prev, weights, dZ = (rng.standard_normal(shape).astype(dtype)
                               for shape in ((m, H, W, C), (f, f, C, n_C), (m, *out, n_C)))
        arrays = {"input": A_prev, "weights": weights, "grad": dZ}
        for of, value in notebook_conv_backward(dZ, A_prev, weights, stride, pad).items():
            options = {"stride": stride, "pad": pad, "of": of}
            calls.append(Call("conv_backward_notebook", dtype, arrays, value.shape, options))
            expected.append(value)
    check_notebook(build_dir, calls, expected)


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pool_backward_has_the_bits_of_the_notebook(build_dir: pathlib.Path, dtype: type, mode: str) -> None:
    """Ties and NaN included."""
    rng = np.random.default_rng(23)
    calls, expected = [], []
    for m, H, W, C, f, stride, _ in notebook_shapes(rng, 600):
        if f > min(H, W):
            continue
        A_prev = rng.standard_normal((m, H, W, C)).astype(dtype)
        if rng.random() < 0.5:
            A_prev = rng.choice(np.array([2, 1, 0.0, -0.0, np.nan], dtype), A_prev.shape, p=[.3, .3, .2, .15, .05])
        dA = rng.standard_normal((m, (H - f) // stride + 1, (W - f) // stride + 1, C)).astype(dtype)
        calls.append(Call("pool_backward_notebook", dtype, {"input": A_prev, "grad": dA}, A_prev.shape,
                          {"f": f, "stride": stride, "mode": mode}))
        expected.append(notebook_pool_backward(dA, A_prev, f, stride, mode))
    assert len(calls) > 300
    check_notebook(build_dir, calls, expected)
