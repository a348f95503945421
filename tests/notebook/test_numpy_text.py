"""Arrays printed by numpy_text against NumPy's own print, character for character."""

import math
import os
import pathlib
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KINDS = [np.float32, np.float64, np.int64, np.uint64, np.bool_]
SCALAR, MEAN = 10, 20  # added to a kind: print the one element as a scalar; print the mean of the array


class Bridge:
    """The program numpy_text_bridge, kept running."""

    def __init__(self, program: pathlib.Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def text(self, array: np.ndarray, *, task: int = 0, precision: int = 8, threshold: int = 1000,
             edgeitems: int = 3, linewidth: int = 75, suppress: bool = False) -> str:
        kind = KINDS.index(array.dtype.type) + task
        request = struct.pack("<7q", kind, array.ndim, precision, threshold, edgeitems, linewidth, suppress)
        request += struct.pack(f"<{array.ndim}q", *array.shape) + array.tobytes()
        self.process.stdin.write(request)
        self.process.stdin.flush()
        (length,) = struct.unpack("<q", self.process.stdout.read(8))
        return self.process.stdout.read(length).decode()

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def bridge(build_dir: pathlib.Path) -> Iterator[Bridge]:
    program = Bridge(build_dir / "tests" / "numpy_text_bridge")
    yield program
    program.close()


def assert_same(bridge: Bridge, array: np.ndarray, **options: Any) -> None:
    with np.printoptions(**options):
        expected = str(array)
    assert bridge.text(array, **options) == expected


def floats(dtype: type) -> st.SearchStrategy:
    """Numbers of one family of magnitudes, so that arrays come out in every format."""
    width = np.dtype(dtype).itemsize * 8
    largest = float(np.finfo(dtype).max)
    bounded = [st.floats(-limit, limit, width=width) for limit in (1.0, 2.0**10, 2.0**27, largest)]
    special = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-4, 1e-5, 1e8, 1e6, 99999999.0, 999999.0, 0.5, 2.5, 1e16,
               float(np.finfo(dtype).smallest_subnormal), float(np.finfo(dtype).tiny), largest]
    return st.one_of(
        st.floats(width=width),
        *bounded,
        st.floats(allow_subnormal=True, min_value=0, max_value=float(np.finfo(dtype).tiny), width=width),
        st.integers(-10**6, 10**6).map(float),
        st.integers(-10**6, 10**6).map(lambda i: i / 1000),
        st.integers(-160, 160).map(lambda i: i / 16),  # ties of the rounding
        st.sampled_from(special),
    ).map(lambda x: float(dtype(x)))


def elements(dtype: type) -> st.SearchStrategy:
    if dtype is np.bool_:
        return st.booleans()
    if issubclass(dtype, np.integer):
        info = np.iinfo(dtype)
        return st.one_of(st.integers(int(info.min), int(info.max)), st.integers(max(int(info.min), -99), 999))
    return floats(dtype)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(KINDS))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=draw(st.sampled_from([3, 5, 40]))))
    if math.prod(shape) > 5000:
        shape = shape[:2]
    pool = draw(st.lists(elements(dtype), min_size=1, max_size=12))
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).choice(np.array(pool, dtype), size=shape)


OPTIONS = st.fixed_dictionaries({}, optional={
    "precision": st.integers(0, 30),
    "threshold": st.one_of(st.integers(0, 20), st.integers(0, 2000)),
    "edgeitems": st.integers(0, 5),
    "linewidth": st.integers(1, 200),
    "suppress": st.booleans(),
})

MANY = settings(max_examples=3000 if os.environ.get("CONVSTEP_CASES") == "full" else 1000, deadline=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@MANY
@given(array=arrays(), options=OPTIONS)
def test_any_array(bridge: Bridge, array: np.ndarray, options: dict[str, Any]) -> None:
    assert_same(bridge, array, **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_bits(bridge: Bridge, dtype: type) -> None:
    """All bit patterns are equally likely here: every exponent, many digits."""
    rng = np.random.default_rng(1)
    for _ in range(400):
        array = np.frombuffer(rng.bytes(np.dtype(dtype).itemsize * 6), dtype).reshape(2, 3)
        assert_same(bridge, array, precision=int(rng.integers(0, 20)), suppress=bool(rng.integers(0, 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_of_every_scale(bridge: Bridge, dtype: type) -> None:
    """What layers really put out, summarised where large."""
    rng = np.random.default_rng(2)
    for _ in range(400):
        shape = tuple(rng.integers(1, 9, size=rng.integers(1, 5)))
        assert_same(bridge, (rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 12)).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_powers_of_two(bridge: Bridge, dtype: type) -> None:
    """The neighbours of a power of two lie unequally far away, which makes its shortest digits a special case."""
    info = np.finfo(dtype)
    powers = np.ldexp(dtype(1), np.arange(info.minexp - info.nmant, info.maxexp)).astype(dtype)
    for power in powers:
        assert_same(bridge, np.array([power]))
        assert_same(bridge, np.array([power, dtype(3)]), precision=25)
        assert bridge.text(np.array(power), task=SCALAR) == str(power)


@MANY
@given(data=st.data(), dtype=st.sampled_from(KINDS))
def test_scalars(bridge: Bridge, data: st.DataObject, dtype: type) -> None:
    value = dtype(data.draw(elements(dtype)))
    assert bridge.text(np.array(value), task=SCALAR) == str(value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean(bridge: Bridge, dtype: type) -> None:
    rng = np.random.default_rng(3)
    for size in [*range(1, 300), 960, 5000, 99999]:
        array = rng.standard_normal(size).astype(dtype)
        assert bridge.text(array, task=MEAN) == str(array.mean())


def test_wide_rows_wrap(bridge: Bridge) -> None:
    assert_same(bridge, np.arange(200.0).reshape(2, 100) / 7)
    assert_same(bridge, np.arange(8.0).reshape(1, 1, 1, 1, 8) / 7, linewidth=10)
    assert_same(bridge, np.full((2, 30), True))


def test_large_arrays_are_cut_per_axis(bridge: Bridge) -> None:
    assert_same(bridge, np.arange(10 * 3 * 4 * 20).reshape(10, 3, 4, 20))
    array = np.ones((1, 50, 50, 1))
    array[0, 25, 25, 0] = 1e30  # not shown, and so without a say in the format
    assert_same(bridge, array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_the_limits_of_scientific_notation(bridge: Bridge, dtype: type) -> None:
    """The next few numbers below and above each limit, where the rounding of NumPy's comparison decides."""
    rng = np.random.default_rng(4)
    pairs = [(dtype(1), dtype(limit)) for limit in (1e-4, 1e6, 1e8, 1e16)]
    pairs += [(small, dtype(small * 1000)) for small in rng.uniform(1e-3, 1, 200).astype(dtype)]
    for other, limit in pairs:
        for steps in range(-3, 4):
            near = limit + dtype(steps) * np.spacing(limit)
            assert_same(bridge, np.array([other, near]))
            assert_same(bridge, np.array([near]))
            assert bridge.text(np.array(near), task=SCALAR) == str(near)
