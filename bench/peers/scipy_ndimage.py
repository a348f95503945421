"""SciPy: correlation filter by filter (small layers), and ndimage's filters, whose cost does not grow with the window,
for pooling with stride 1."""

import collections.abc
import pathlib
import time

import numpy as np
import scipy
from scipy import ndimage, signal

from problem import Candidate, Problem, Unsupported

LARGEST = 5e7  # multiplications: about a second


def version(build: pathlib.Path, argument: str) -> str:
    return scipy.__version__


class Correlate(Candidate):
    def __init__(self, problem: Problem, method: str) -> None:
        layer, self.describe = problem.layer, f"scipy.signal.correlate, {method}"
        pad = layer.pad
        self.method, self.stride = method, layer.stride
        self.images = np.pad(problem.input, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        self.filters, self.bias = np.ascontiguousarray(problem.weights.transpose(3, 0, 1, 2)), problem.bias
        self.result = np.empty(problem.output_shape, problem.dtype)

    def run(self, repetitions: int) -> float:
        start = time.perf_counter()
        for _ in range(repetitions):
            for n, image in enumerate(self.images):
                for o, weights in enumerate(self.filters):
                    full = signal.correlate(image, weights, "valid", self.method)
                    self.result[n, ..., o] = full[::self.stride, ::self.stride, 0] + self.bias[o]
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        return self.result


class Filter(Candidate):
    def __init__(self, problem: Problem) -> None:
        layer = problem.layer
        self.describe = "scipy.ndimage.maximum_filter"
        self.images, self.result = np.array(problem.input), np.empty_like(problem.input)
        self.crop = (layer.kh // 2 - layer.pad, layer.kw // 2 - layer.pad)
        self.size = (1, layer.kh, layer.kw, 1)

    def run(self, repetitions: int) -> float:
        start = time.perf_counter()
        for _ in range(repetitions):
            ndimage.maximum_filter(self.images, size=self.size, output=self.result, mode="constant", cval=-np.inf)
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        (y, x), (h, w) = self.crop, self.result.shape[1:3]
        return self.result[:, y:h - y, x:w - x]


def candidates(problem: Problem, argument: str) -> collections.abc.Sequence[Candidate]:
    layer = problem.layer
    if problem.threads > 1:
        raise Unsupported("one thread only")
    if layer.kind == "max" and layer.stride == 1 and layer.kh % 2:
        return [Filter(problem)]
    if layer.kind != "conv" or layer.groups > 1 or layer.dilation > 1:
        raise Unsupported("no such operation")
    if layer.flops(problem.batch) > LARGEST:
        raise Unsupported("too slow to wait for")
    return [Correlate(problem, method) for method in ("direct", "fft")]
