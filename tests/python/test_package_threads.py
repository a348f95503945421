"""Threads, SIMD targets and algorithms: what they change, and that they change nothing else."""

import collections.abc
import concurrent.futures
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import convstep
from test_package_runtime import run_python

RNG = np.random.default_rng(11)
X, W = RNG.standard_normal((3, 60, 61, 32)), RNG.standard_normal((3, 3, 32, 48))
DEPTHWISE = RNG.standard_normal((3, 3, 1, 32))
BIAS = RNG.standard_normal((1, 1, 1, 48))
# Each with the dtype and the threads that it is told.
CALLS: dict[str, collections.abc.Callable] = {
    "conv2d": lambda x, w, **more: convstep.conv2d(x, w, padding=1, **more),
    "conv2d direct": lambda x, w, **more: convstep.conv2d(x, w, padding=1, algorithm="direct", **more),
    "conv2d winograd": lambda x, w, **more: convstep.conv2d(x, w, padding=1, algorithm="winograd", **more),
    "conv2d strided": lambda x, w, **more: convstep.conv2d(x, w, stride=2, **more),
    "conv2d NCHW": lambda x, w, **more: convstep.conv2d(x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1),
                                                        layout="NCHW", **more),
    "conv2d depthwise": lambda x, w, **more: convstep.conv2d(x, DEPTHWISE.astype(x.dtype), groups=32, **more),
    "Conv2d": lambda x, w, **more: convstep.Conv2d(w, padding=1)(x, **more),
    "max_pool2d": lambda x, w, **more: convstep.max_pool2d(x, kernel_size=3, stride=2, **more),
    "max_pool2d indices": lambda x, w, **more: convstep.max_pool2d(x, kernel_size=3, return_indices=True, **more)[1],
    "avg_pool2d": lambda x, w, **more: convstep.avg_pool2d(x, kernel_size=5, stride=1, **more),
    "l2_pool2d": lambda x, w, **more: convstep.l2_pool2d(x, kernel_size=3, stride=1, **more),
    "lp_pool2d": lambda x, w, **more: convstep.lp_pool2d(x, kernel_size=3, p=3, **more),
    "global_max_pool2d": lambda x, w, **more: convstep.global_max_pool2d(x, **more),
    "global_avg_pool2d": lambda x, w, **more: convstep.global_avg_pool2d(x, **more),
    "global_l2_pool2d": lambda x, w, **more: convstep.global_l2_pool2d(x, **more),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@every_call
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_threads_changes_no_bit(call: collections.abc.Callable, dtype: type) -> None:
    x, w = X.astype(dtype), W.astype(dtype)
    one = call(x, w, threads=1)
    for threads in (2, 3, 8, None):
        np.testing.assert_array_equal(call(x, w, threads=threads), one)
    np.testing.assert_array_equal(call(x[1:2], w, threads=5), one[1:2])
    try:
        convstep.set_num_threads(7)
        np.testing.assert_array_equal(call(x, w), one)
    finally:
        convstep.set_num_threads(0)


def test_threads_are_used() -> None:
    """Threads that start stay: only a call that may have more than one thread makes them."""
    count = """
        import os
        import numpy as np
        import convstep
        x, w = np.ones((4, 64, 64, 32)), np.ones((3, 3, 32, 64))
        def threads_after(call):
            call()
            return len(os.listdir("/proc/self/task"))
        before = len(os.listdir("/proc/self/task"))
    """
    if not os.path.exists("/proc/self/task"):
        pytest.skip("the threads of a process are those of Linux")
    for call in ("convstep.conv2d(x, w, threads={})", "convstep.Conv2d(w)(x, threads={})",
                 "convstep.max_pool2d(x, kernel_size=2, threads={})",
                 "convstep.l2_pool2d(x, kernel_size=9, stride=1, threads={})"):
        assert run_python(count + f"    print(threads_after(lambda: {call.format(1)}) - before)") == "0\n"
        assert int(run_python(count + f"    print(threads_after(lambda: {call.format(4)}) - before)")) >= 1
    layer = "convstep.set_num_threads(1)\n        print(threads_after(lambda: convstep.conv2d(x, w)) - before)"
    assert run_python(count + "    " + layer) == "0\n"


def test_more_threads_than_the_one_processor_are_started_without_a_word() -> None:
    """oneTBB has warnings of its own."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("the processors of a process are chosen on Linux")
    program = """
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        import numpy as np
        import convstep
        convstep.conv2d(np.ones((4, 64, 64, 32)), np.ones((3, 3, 32, 64)), threads=2)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60,
                          check=True)
    assert done.stdout + done.stderr == ""


def test_num_threads() -> None:
    usual = convstep.num_threads()
    assert 1 <= usual <= 1024
    try:
        convstep.set_num_threads(3)
        assert convstep.num_threads() == 3
        for wrong in (-1, 1025, 10**12, -(2**31) - 1):
            with pytest.raises(ValueError, match=rf"threads: got {wrong}, expected 0 to 1024"):
                convstep.set_num_threads(wrong)
        for wrong in (2.0, "2", True, None):
            with pytest.raises(TypeError, match="threads: got"):
                convstep.set_num_threads(wrong)
        assert convstep.num_threads() == 3
    finally:
        convstep.set_num_threads(0)
    assert convstep.num_threads() == usual


def test_the_caller_stays_where_it_is_unless_it_may_move() -> None:
    assert convstep.caller_may_move() is (os.environ.get("CONVSTEP_CALLER_MAY_MOVE") == "1")
    usual = convstep.caller_may_move()
    try:
        for may in (True, False):
            convstep.set_caller_may_move(may)
            assert convstep.caller_may_move() is may
            np.testing.assert_array_equal(convstep.conv2d(X, W, threads=2), convstep.conv2d(X, W, threads=1))
        for wrong in (1, None, "True"):
            with pytest.raises(TypeError, match="may: got"):
                convstep.set_caller_may_move(wrong)
    finally:
        convstep.set_caller_may_move(usual)
    say = "import convstep; print(convstep.caller_may_move())"
    for value, said in {"1": "True\n", "0": "False\n", "": "False\n"}.items():
        done = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, timeout=60, check=True,
                              env={**os.environ, "CONVSTEP_CALLER_MAY_MOVE": value})
        assert done.stdout == said


def test_workers_take_the_callers_floating_point_mode() -> None:
    """Rounding changed after the workers have started: one and several threads give the same bits."""
    assert run_python("""
        import ctypes, ctypes.util
        import numpy as np
        import convstep
        libm = ctypes.CDLL(ctypes.util.find_library("m"))
        rng = np.random.default_rng(0)
        x, w = rng.standard_normal((2, 60, 60, 32)), rng.standard_normal((3, 3, 32, 48))
        calls = [lambda n: convstep.conv2d(x, w, threads=n), lambda n: convstep.avg_pool2d(x, kernel_size=3, threads=n)]
        usual = [call(4) for call in calls]
        nearest = libm.fegetround()
        for mode in (0x800, 0x400, 0xc00) if nearest == 0 and np.dtype("l").itemsize == 8 else ():
            if libm.fesetround(mode) != 0:
                continue
            pairs = [(call(1), call(4)) for call in calls]
            assert libm.fegetround() == mode
            libm.fesetround(nearest)
            assert all((one == four).all() for one, four in pairs)
            assert not all((one == before).all() for (one, _), before in zip(pairs, usual))
            assert all((call(4) == before).all() for call, before in zip(calls, usual))
        print("right")
    """) == "right\n"


def test_simd_targets() -> None:
    names = convstep.simd_targets()
    assert names and len(set(names)) == len(names)
    best = convstep.simd_target()
    try:
        for name in names:
            convstep.set_simd_target(name)
            assert convstep.simd_target() == name
        for wrong in ("avx1024", names[0].upper(), "best"):
            with pytest.raises(ValueError, match=f'target: got "{wrong}", expected one of "{names[0]}"'):
                convstep.set_simd_target(wrong)
        for wrong in (None, 2, b"avx2", ["avx2"], "\ud800"):
            with pytest.raises(TypeError, match="target: got"):
                convstep.set_simd_target(wrong)
        assert convstep.simd_target() == names[-1]
    finally:
        convstep.set_simd_target("")
    assert best in (names[0], os.environ.get("CONVSTEP_TARGET"))


def test_targets_with_fused_multiply_add_give_the_same_bits() -> None:
    names = [name for name in convstep.simd_targets() if name not in ("sse4", "emulated", "scalar")]
    try:
        results = []
        for name in names:
            convstep.set_simd_target(name)
            results.append([call(X, W) for call in CALLS.values()])
        for result in results[1:]:
            for call, given, expected in zip(CALLS, result, results[0], strict=True):
                np.testing.assert_array_equal(given, expected, call)
    finally:
        convstep.set_simd_target("")


@pytest.mark.parametrize("variable, value, message", [
    ("CONVSTEP_NUM_THREADS", "two", 'CONVSTEP_NUM_THREADS: got "two", expected a number from 1 to 1024'),
    ("CONVSTEP_NUM_THREADS", "0", 'CONVSTEP_NUM_THREADS: got "0", expected a number from 1 to 1024'),
    ("CONVSTEP_TARGET", "avx1024", 'CONVSTEP_TARGET: got "avx1024", expected one of "'),
])
def test_an_environment_that_makes_no_sense(variable: str, value: str, message: str) -> None:
    program = """if True:
        import numpy as np
        import convstep
        calls = [lambda: convstep.conv2d(np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))),
                 lambda: convstep.Conv2d(np.ones((2, 2, 1, 1)))(np.ones((1, 3, 3, 1))),
                 lambda: convstep.max_pool2d(np.ones((1, 3, 3, 1)), kernel_size=2)]
        for call in calls:
            try:
                call()
            except ValueError as error:
                print(error)
    """
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, variable: value}, capture_output=True,
                          text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and all(line.startswith(message) for line in lines), done.stdout


def test_a_layer_is_made_whatever_the_environment_says_of_threads() -> None:
    program = """if True:
        import numpy as np
        import convstep
        print(convstep.Conv2d(np.ones((2, 2, 1, 1)))(np.ones((1, 3, 3, 1)), threads=1).shape)
    """
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "CONVSTEP_NUM_THREADS": "two"},
                          capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "(1, 2, 2, 1)\n"


def test_the_environment_is_heeded() -> None:
    target = convstep.simd_targets()[-1]
    program = "import convstep; print(convstep.simd_target(), convstep.num_threads())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True,
                          env={**os.environ, "CONVSTEP_TARGET": target, "CONVSTEP_NUM_THREADS": "3"})
    assert done.stdout == f"{target} 3\n"


def test_algorithms() -> None:
    expected = convstep.conv2d(X, W, padding=1, algorithm="reference")
    for algorithm in ("auto", "direct", "winograd"):
        np.testing.assert_allclose(convstep.conv2d(X, W, padding=1, algorithm=algorithm), expected, atol=1e-9)
    notebook, _ = convstep.conv_forward(X[:1, :5, :5], W, BIAS, {"stride": 1, "pad": 0})
    reference = convstep.conv2d(X[:1, :5, :5], W, BIAS.ravel(), algorithm="reference")
    np.testing.assert_array_equal(notebook, reference)
    for wrong in ("fft", "AUTO", "", "notebook"):
        with pytest.raises(ValueError, match="algorithm: got"):
            convstep.conv2d(X, W, algorithm=wrong)
    for wrong in (None, 1, b"auto"):
        with pytest.raises(TypeError, match="algorithm: got"):
            convstep.Conv2d(W, algorithm=wrong)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numerics(dtype: type) -> None:
    """NumPy's bits, for layers and windows of any size, where they are asked for."""
    x, w = X[:1, :12, :13].astype(dtype), W[..., :7].astype(dtype)
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    sums = np.empty((*windows.shape[:3], w.shape[3]), dtype)
    for at in np.ndindex(sums.shape):
        sums[at] = np.sum(windows[at[:3]] * w[..., at[3]])
    np.testing.assert_array_equal(convstep.conv2d(x, w, numerics="numpy"), sums)
    np.testing.assert_array_equal(convstep.conv2d(x, w, numerics="numpy", algorithm="reference"), sums)
    np.testing.assert_array_equal(convstep.Conv2d(w, numerics="numpy")(x), sums)
    assert "numerics numpy" in convstep.Conv2d(w, numerics="numpy").describe(x.shape)

    mean = np.empty((*(np.array(x.shape) - (0, 6, 6, 0)),), dtype)
    for n, i, j, c in np.ndindex(mean.shape):
        mean[n, i, j, c] = np.sum(x[n, i : i + 7, j : j + 7, c].ravel()) / dtype(49)
    np.testing.assert_array_equal(convstep.avg_pool2d(x, 7, 1, numerics="numpy"), mean)
    assert np.any(convstep.avg_pool2d(x, 7, 1) != mean)  # summed by column
    for call in (convstep.avg_pool2d, convstep.l2_pool2d):
        np.testing.assert_allclose(call(x, 7, 1, numerics="numpy"), call(x, 7, 1), rtol=1e-5, atol=1e-6)
    for call in (convstep.global_avg_pool2d, convstep.global_l2_pool2d):
        np.testing.assert_allclose(call(x, numerics="numpy"), call(x), rtol=1e-5, atol=1e-6)

    with pytest.raises(ValueError, match="numerics: got 'np', expected .fast. or .numpy."):
        convstep.conv2d(x, w, numerics="np")
    with pytest.raises(TypeError, match="numerics: got"):
        convstep.avg_pool2d(x, 2, numerics=None)
    with pytest.raises(ValueError, match="algorithm: got winograd, expected auto or reference"):
        convstep.conv2d(x, w, numerics="numpy", algorithm="winograd")


def test_memory_is_released_while_calls_are_under_way() -> None:
    expected = convstep.conv2d(X, W, padding=1)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = [pool.submit(convstep.conv2d, X, W, padding=1) for _ in range(40)]
        for _ in range(200):
            convstep.release_memory()
        for result in results:
            np.testing.assert_array_equal(result.result(), expected)


def test_many_callers_with_threads_of_their_own() -> None:
    calls = list(CALLS.values())
    expected = [call(X, W, threads=1) for call in calls]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = pool.map(lambda i: calls[i % len(calls)](X, W, threads=1 + i % 4), range(60))
        for i, result in enumerate(results):
            np.testing.assert_array_equal(result, expected[i % len(calls)])
