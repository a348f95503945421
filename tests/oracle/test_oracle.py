"""The C++ layers against oracle.py over thousands of random calls, and against NumPy to the last bit where promised.

A failure names the call that rebuilds its case, such as oracle_cases.conv_forward(1234, np.float32, "normal").
"""

import collections.abc
import os
import pathlib

import numpy as np
import pytest

import layers_client
import oracle
import oracle_cases
from layers_client import Call, Reply
from oracle import Answer, Refused

BLOCK = 1000  # cases per test: enough to hide the start of a process, few enough to find a failure
SWEEP = 5 if os.environ.get("CONVSTEP_CASES") == "full" else 1  # make test-full looks at five times as many
BLOCKS = {"normal": 6 * SWEEP, "integer": SWEEP, "special": SWEEP}  # 8,000 cases per operation and type
DTYPES = [np.float32, np.float64]

over_all_cases = pytest.mark.parametrize(
    "dtype, values, block",
    [(dtype, values, block) for dtype in DTYPES for values, blocks in BLOCKS.items() for block in range(blocks)])


def complaint(expected: Answer | Refused, reply: Reply, exact: bool) -> str:
    """What is wrong with a reply; empty where nothing is."""
    if isinstance(expected, Refused):
        if (reply.kind, reply.argument) != (expected.kind, expected.argument):
            return f"expected {expected.kind} of {expected.argument}, got {reply.message or 'a result'}"
        wanted = (f"{expected.argument}: got ", ", expected ")
        return "" if all(part in reply.message for part in wanted) else f"unclear message: {reply.message}"
    if reply.output is None:
        return f"expected a result, got {reply.message}"
    if expected.indices is not None and reply.indices is not None:
        if not np.array_equal(reply.indices, expected.indices):
            return _first_difference(reply.indices, expected.indices, reply.indices != expected.indices)
    value = np.asarray(expected.value)
    got = reply.output.astype(value.dtype)
    both_nan = np.isnan(got) & np.isnan(value)
    if exact:
        wrong = ~(both_nan | (reply.output == value.astype(reply.output.dtype)))
    else:
        with np.errstate(invalid="ignore"):
            within = np.abs(got - value) <= expected.tolerance
        wrong = ~np.where(np.isfinite(value), within, both_nan | (got == value))
    return _first_difference(got, value, wrong) if wrong.any() else ""


def _first_difference(got: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> str:
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    found = f"at {where} got {got[where]}, expected {expected[where]}"
    return f"{np.count_nonzero(wrong)} of {wrong.size} are wrong: {found}"


def check_block(build_dir: pathlib.Path, make: collections.abc.Callable, arguments: tuple, block: int,
                exact: bool, program: str = "layers_bridge") -> None:
    seeds = range(block * BLOCK, (block + 1) * BLOCK)
    cases = [make(seed, *arguments) for seed in seeds]
    replies = layers_client.run(build_dir, [call for call, _ in cases], program)
    failures = []
    for seed, (call, expected), reply in zip(seeds, cases, replies, strict=True):
        if wrong := complaint(expected, reply, exact):
            spelled = ", ".join(f"np.{a.__name__}" if isinstance(a, type) else repr(a) for a in arguments)
            failures.append(f"{make.__module__}.{make.__name__}({seed}, {spelled}): {wrong}\n  {call.describe()}")
    assert not failures, f"{len(failures)} of {BLOCK} cases failed\n" + "\n".join(failures[:5])
    refused = sum(isinstance(expected, Refused) for _, expected in cases)
    assert 0.02 * BLOCK < refused < 0.2 * BLOCK, f"{refused} of {BLOCK} calls are invalid: the cases are lopsided"


@over_all_cases
def test_zero_pad(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check_block(build_dir, oracle_cases.zero_pad, (dtype, values), block, exact=True)


@over_all_cases
def test_conv_single_step(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check_block(build_dir, oracle_cases.conv_single_step, (dtype, values), block, exact=values == "integer")


@over_all_cases
def test_conv_forward(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check_block(build_dir, oracle_cases.conv_forward, (dtype, values), block, exact=values == "integer")


@pytest.mark.parametrize("mode", oracle_cases.POOL_MODES)
@over_all_cases
def test_pool_forward(build_dir: pathlib.Path, dtype: type, values: str, block: int, mode: str) -> None:
    exact = mode == "max" or values == "integer"
    check_block(build_dir, oracle_cases.pool_forward, (dtype, values, mode), block, exact)


@over_all_cases
def test_activation_forward(build_dir: pathlib.Path, dtype: type, values: str, block: int) -> None:
    check_block(build_dir, oracle_cases.activation_forward, (dtype, values), block, exact=values == "integer")


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pool_keeps_the_sign_of_zero(build_dir: pathlib.Path, dtype: type) -> None:
    """+0 is larger than -0 wherever it lies in the window; == cannot see the difference, so the bits are compared."""
    rng = np.random.default_rng(7)
    calls, expected = [], []
    for _ in range(500):
        x = rng.choice([-0.0, -0.0, -0.0, 0.0, -1.0, -np.inf], (1, 4, 5, 2)).astype(dtype)
        answer = oracle.pool_forward(x, (2, 3), "max", {"padding": (1, 0, 0, 2, 0)})
        calls.append(Call("pool_forward", dtype, {"input": x}, answer.value.shape,
                          {"window": (2, 3), "padding": (1, 0, 0, 2, 0)}, indices=True))
        expected.append(answer)
    for answer, reply in zip(expected, layers_client.run(build_dir, calls), strict=True):
        assert reply.output.tobytes() == answer.value.tobytes()
        np.testing.assert_array_equal(reply.indices, answer.indices)


@pytest.mark.parametrize("dtype", DTYPES)
def test_conv_single_step_has_the_bits_of_numpy(build_dir: pathlib.Path, dtype: type) -> None:
    rng = np.random.default_rng(11)
    shapes = [(1, f, g, c) for f in range(1, 12) for g in range(1, 12) for c in (1, 2, 3, 7, 8, 16, 129)]
    shapes += [(1, 33, 31, 64), (1, 128, 128, 3), (1, 1, 1, 70001)]  # beyond NumPy's buffer of 8192 elements
    calls, expected = [], []
    for shape in shapes:
        a, W = rng.standard_normal((2, *shape)).astype(dtype)
        b = rng.standard_normal(1).astype(dtype)
        calls.append(Call("conv_single_step", dtype, {"input": a, "weights": W, "bias": b}, (1, 1, 1, 1)))
        expected.append(np.sum(np.multiply(a[0], W[0])) + b[0])
    for call, bits, reply in zip(calls, expected, layers_client.run(build_dir, calls), strict=True):
        assert reply.output.item() == bits.item(), call.describe()


def notebook_conv(A_prev: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """conv_forward of the notebook: four loops, np.sum over each window, then the bias."""
    f, _, _, n_C = W.shape
    padded = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    n_H, n_W = ((length - f) // stride + 1 for length in padded.shape[1:3])
    Z = np.empty((len(A_prev), n_H, n_W, n_C), A_prev.dtype)
    for i, h, w, c in np.ndindex(*Z.shape):
        window = padded[i, h * stride:h * stride + f, w * stride:w * stride + f]
        Z[i, h, w, c] = np.sum(np.multiply(window, W[..., c])) + b[c]
    return Z


def notebook_pool(A_prev: np.ndarray, f: int, stride: int, mode: str) -> np.ndarray:
    """pool_forward of the notebook."""
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    reduce = {"max": np.max, "average": np.mean}[mode]
    A = np.empty((m, (n_H_prev - f) // stride + 1, (n_W_prev - f) // stride + 1, n_C), A_prev.dtype)
    for i, h, w, c in np.ndindex(*A.shape):
        A[i, h, w, c] = reduce(A_prev[i, h * stride:h * stride + f, w * stride:w * stride + f, c])
    return A


def notebook_shapes(rng: np.random.Generator, count: int) -> list[tuple[int, ...]]:
    """m, H, W, C, f, stride, pad"""
    shapes = []
    while len(shapes) < count:
        m, H, W, C, f, stride, pad = rng.integers((1, 2, 2, 1, 1, 1, 0), (3, 12, 12, 9, 7, 4, 3)).tolist()
        if f <= min(H, W) + 2 * pad:
            shapes.append((m, H, W, C, f, stride, pad))
    return shapes


@pytest.mark.parametrize("dtype", DTYPES)
def test_conv_forward_has_the_bits_of_the_notebook(build_dir: pathlib.Path, dtype: type) -> None:
    """Numerics promise NumPy's order; the notebook's form chooses for itself, within the tolerance."""
    rng = np.random.default_rng(13)
    calls, expected = [], []
    for m, H, W, C, f, stride, pad in notebook_shapes(rng, 300):
        n_C = int(rng.integers(1, 5))
        x, weights, b = (rng.standard_normal(shape).astype(dtype) for shape in ((m, H, W, C), (f, f, C, n_C), (n_C,)))
        Z = notebook_conv(x, weights, b, stride, pad)
        arrays = {"input": x, "weights": weights, "bias": b}
        options = {"stride": (stride, stride), "numerics": 1, "padding": (pad, pad, pad, pad, 0)}
        calls.append(Call("conv_forward", dtype, arrays, Z.shape, options))
        calls.append(Call("conv_forward", dtype, arrays, Z.shape, options | {"algorithm": 1}))
        calls.append(Call("conv_forward_notebook", dtype, arrays, Z.shape, {"stride": stride, "pad": pad}))
        expected += [(Answer(Z), True), (Answer(Z), True), (oracle.conv_forward(x, weights, b, None, options), False)]
    for call, (answer, exact), reply in zip(calls, expected, layers_client.run(build_dir, calls), strict=True):
        assert complaint(answer, reply, exact) == "", call.describe()


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pool_forward_has_the_bits_of_the_notebook(build_dir: pathlib.Path, dtype: type, mode: str) -> None:
    """np.mean adds the elements of a window as one run, row by row, whether or not they lie side by side in memory."""
    rng = np.random.default_rng(17)
    calls, expected = [], []
    for m, H, W, C, f, stride, _ in notebook_shapes(rng, 600):
        if f > min(H, W):
            continue
        x = rng.standard_normal((m, H, W, C)).astype(dtype)
        A = notebook_pool(x, f, stride, mode)
        options = {"f": f, "stride": stride, "mode": mode}
        calls.append(Call("pool_forward_notebook", dtype, {"input": x}, A.shape, options))
        expected.append(Answer(A))
    assert len(calls) > 300
    for call, answer, reply in zip(calls, expected, layers_client.run(build_dir, calls), strict=True):
        assert complaint(answer, reply, True) == "", call.describe()
