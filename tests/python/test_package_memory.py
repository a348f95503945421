"""What calls of the package leave behind: no copies of their inputs, no memory, no references."""

import collections.abc
import gc
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, WEIGHTS, ones

if not pathlib.Path("/proc/self/status").exists():
    pytest.skip("the figures of memory are those of Linux", allow_module_level=True)

MEGABYTE = 2**20
LARGE = 400 * MEGABYTE  # of each input
ALLOWED = 50 * MEGABYTE


def memory(name: str) -> int:
    """VmRSS or VmHWM, the highest it has been, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name}")


PEAKS = """
import pathlib, re
import numpy as np
import convstep

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) * 1024

x = np.ones((1, 4096, LARGE // 8 // 4096 // 4, 4))
dtype = np.float64
GIVEN
channels = x.shape[1]
w, b = np.ones((1, 1, 4, 1), dtype), np.ones((1, 1, 1, 1), dtype)
for call in (
    lambda: convstep.conv2d(x, w, stride=500),
    lambda: convstep.conv2d(x, np.ones((1, channels, 1, 1), dtype), stride=5000, layout="NCHW"),
    lambda: convstep.Conv2d(w, stride=500)(x),
    lambda: convstep.conv_forward(x, w, b, {"stride": 500, "pad": 0}),
    lambda: convstep.pool_forward(x, {"stride": 500, "f": 1}),
    lambda: convstep.max_pool2d(x, kernel_size=1, stride=500, layout="NCHW", return_indices=True),
    lambda: convstep.global_max_pool2d(x),
):
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = peak()
    call()
    print(peak() - before)
"""


@pytest.mark.parametrize("given", [
    "",
    "x, dtype = x.astype(np.float32), np.float32",
    "x = x[:, ::-1, ::-1]",
    "x = np.asfortranarray(x)",
    "x = x.transpose(0, 2, 1, 3)",
    "x.flags.writeable = False",
    "x = memoryview(x)",
    "x = np.from_dlpack(x)",
])
def test_a_large_input_is_not_copied(given: str) -> None:
    program = PEAKS.replace("LARGE", str(LARGE)).replace("GIVEN", given)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    grown = [int(line) for line in done.stdout.split()]
    assert len(grown) == 7 and max(grown) < ALLOWED, grown


def repeated(call: collections.abc.Callable[[], object], times: int) -> None:
    for _ in range(times):
        try:
            call()
        except (TypeError, ValueError):
            pass


X, W, B, OUT = ones(*IMAGES), ones(*WEIGHTS), ones(8), ones(2, 3, 4, 8)
LAYER = convstep.Conv2d(W, B)
STEP, WINDOW = {"stride": 1, "pad": 1}, {"stride": 1, "f": 2}
SIZE, SIDES = (2, 1), ((1, 0), (0, 1))
W_GRAD, LABELS = ones(*WEIGHTS), np.zeros(6, int)
POOLED, WHOLE_POOLED = ones(2, 2, 6, 4), np.ones((2, 2, 6, 4), int)
WHOLE, SINGLE, LIST = np.ones(IMAGES, int), np.ones(IMAGES, np.float32), np.ones((1, 2, 2, 4)).tolist()
HALF, MASKED = np.ones(IMAGES, np.float16), np.ma.masked_array(np.ones(IMAGES))
CALLS = {
    "zero_pad": lambda: convstep.zero_pad(X, 1),
    "conv_single_step": lambda: convstep.conv_single_step(X[0], X[0], OUT[:1, 0, :1, 0][None]),
    "conv_forward": lambda: convstep.conv_forward(X, W, B[None, None, None], STEP),
    "pool_forward": lambda: convstep.pool_forward(X, WINDOW, "average"),
    "conv2d": lambda: convstep.conv2d(X, W, B, padding=SIDES, activation="relu", slope=0.5),
    "conv2d out residual": lambda: convstep.conv2d(X, W, B, residual=OUT, out=OUT),
    "conv2d converted": lambda: convstep.conv2d(WHOLE, W),
    "conv2d mixed": lambda: convstep.conv2d(SINGLE, W),
    "conv2d list": lambda: convstep.conv2d(LIST, W[:1, :1]),
    "Conv2d": lambda: LAYER(X, out=OUT),
    "Conv2d made": lambda: convstep.Conv2d(W, B, padding="same").describe(),
    "max_pool2d": lambda: convstep.max_pool2d(X, kernel_size=SIZE, return_indices=True, threads=2),
    "lp_pool2d": lambda: convstep.lp_pool2d(X, kernel_size=2, p=1.5),
    "global_l2_pool2d": lambda: convstep.global_l2_pool2d(X, layout="NCHW"),
    "pad2d": lambda: convstep.pad2d(X, padding=SIDES),
    "conv_backward": lambda: convstep.conv_backward(OUT, (X, W, B, {"stride": 1, "pad": 0})),
    "conv2d_backward": lambda: convstep.conv2d_backward(OUT, X, W),
    "conv2d_backward_weights": lambda: convstep.conv2d_backward_weights(OUT, X, W.shape, bias=True),
    "conv2d_backward out": lambda: convstep.conv2d_backward(OUT, X, W, out=(None, W_GRAD, None), accumulate=True),
    "Conv2d.backward": lambda: LAYER.backward(OUT, X),
    "pad2d_backward": lambda: convstep.pad2d_backward(X, padding=SIDES),
    "linear": lambda: convstep.linear(X[0, 0], W[0, 0], B),
    "linear_backward": lambda: convstep.linear_backward(OUT[0, 0], X[0, 0, :4], W[0, 0]),
    "softmax_cross_entropy": lambda: convstep.softmax_cross_entropy(X[0, 0], LABELS),
    "wrong labels": lambda: convstep.softmax_cross_entropy(X[0, 0], SIZE),
    "wrong three outs": lambda: convstep.conv2d_backward(OUT, X, W, out=(X, W, B)),
    "max_pool2d_backward": lambda: convstep.max_pool2d_backward(POOLED, X, SIZE),
    "max_pool2d_backward indices": lambda: convstep.max_pool2d_backward(POOLED, X, SIZE, indices=WHOLE_POOLED),
    "create_mask_from_window": lambda: convstep.create_mask_from_window(X[0, :, :, 0]),
    "distribute_value": lambda: convstep.distribute_value(2.0, SIZE),
    "wrong cache": lambda: convstep.pool_backward(POOLED, (X, W)),
    "wrong grad": lambda: convstep.conv2d_backward_input(X, W, X.shape),
    "wrong pair of outs": lambda: convstep.conv2d_backward_weights(OUT, X, W.shape, bias=True, out=OUT),
    "wrong shape": lambda: convstep.conv2d(X, X),
    "wrong stride": lambda: convstep.conv2d(X, W, stride=2.5),
    "wrong size": lambda: convstep.max_pool2d(X, kernel_size=(2, "2")),
    "wrong word": lambda: convstep.conv2d(X, W, activation="ReLU", padding=SIDES),
    "wrong out": lambda: convstep.conv2d(X, W, out=X),
    "wrong type of out": lambda: convstep.conv2d(X, W, out=HALF),
    "wrong dtype": lambda: convstep.conv2d(X, W, residual=HALF),
    "masked": lambda: convstep.pad2d(MASKED, padding=1),
    "missing key": lambda: convstep.conv_forward(X, W, B[None, None, None], WINDOW),
    "missing argument": lambda: convstep.conv2d(X, strides=1),
    "unknown argument": lambda: convstep.conv2d(X, W, strides=SIZE),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@every_call
def test_memory_does_not_grow(call: collections.abc.Callable) -> None:
    """A leak of 64 bytes a call would be more than a megabyte."""
    repeated(call, 2000)
    blocks, resident = sys.getallocatedblocks(), memory("VmRSS")
    repeated(call, 20_000)
    assert sys.getallocatedblocks() - blocks < 1000
    assert memory("VmRSS") - resident < MEGABYTE


@every_call
def test_references_are_given_back(call: collections.abc.Callable) -> None:
    watched = [X, W, B, OUT, STEP, WINDOW, SIZE, SIDES, WHOLE, SINGLE, LIST, HALF, MASKED, np.dtype(np.float32),
               np.dtype(np.float64), np.dtype(np.int64), np.float32, np.float64, np.ndarray, np.empty, convstep.Conv2d]
    repeated(call, 10)
    gc.collect()
    before = [sys.getrefcount(object_) for object_ in watched]
    constants = [sys.getrefcount(constant) for constant in (None, True, False, 1)]
    repeated(call, 1000)
    gc.collect()
    assert [sys.getrefcount(object_) for object_ in watched] == before
    for constant, count in zip((None, True, False, 1), constants, strict=True):
        assert abs(sys.getrefcount(constant) - count) < 500


def test_results_hold_what_they_should_and_no_more() -> None:
    x, hparameters = ones(*IMAGES), {"stride": 1, "f": 2}
    before = sys.getrefcount(x), sys.getrefcount(hparameters)
    result, cache = convstep.pool_forward(x, hparameters)
    assert (sys.getrefcount(x), sys.getrefcount(hparameters)) == (before[0] + 1, before[1] + 1)
    assert sys.getrefcount(result) == 2
    del cache
    assert (sys.getrefcount(x), sys.getrefcount(hparameters)) == before
    result, indices = convstep.max_pool2d(x, kernel_size=2, return_indices=True)
    assert sys.getrefcount(result) == sys.getrefcount(indices) == 2 and sys.getrefcount(x) == before[0]
