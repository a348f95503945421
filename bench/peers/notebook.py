"""The notebook's own loops: one NumPy call for each output number."""

import pathlib
import time

import numpy as np

from problem import Candidate, Problem, Unsupported


def version(build: pathlib.Path, argument: str) -> str:
    return f"NumPy {np.__version__}"


LARGEST = 300_000  # outputs: a few seconds


class Loops(Candidate):
    describe = "loops over NumPy slices"

    def __init__(self, problem: Problem) -> None:
        self.layer, self.shape = problem.layer, problem.output_shape
        self.x, self.w, self.b = (np.array(array) for array in (problem.input, problem.weights, problem.bias))

    def run(self, repetitions: int) -> float:
        start = time.perf_counter()
        for _ in range(repetitions):
            self.result = self.conv() if self.layer.kind == "conv" else self.pool()
        return time.perf_counter() - start

    def conv(self) -> np.ndarray:
        layer = self.layer
        m, n_h, n_w, n_c = self.shape
        z = np.zeros(self.shape)
        pad = ((0, 0), (layer.pad, layer.pad), (layer.pad, layer.pad), (0, 0))
        padded = np.pad(self.x, pad, mode="constant", constant_values=(0, 0))
        for i in range(m):
            image = padded[i]
            for h in range(n_h):
                top = h * layer.stride
                for w in range(n_w):
                    left = w * layer.stride
                    for c in range(n_c):
                        window = image[top:top + layer.kh, left:left + layer.kw, :]
                        z[i, h, w, c] = np.sum(window * self.w[:, :, :, c]) + float(self.b[c])
        return z

    def pool(self) -> np.ndarray:
        layer = self.layer
        m, n_h, n_w, n_c = self.shape
        a = np.zeros(self.shape)
        function = np.max if layer.kind == "max" else np.mean
        for i in range(m):
            for h in range(n_h):
                top = h * layer.stride
                for w in range(n_w):
                    left = w * layer.stride
                    for c in range(n_c):
                        a[i, h, w, c] = function(self.x[i, top:top + layer.kh, left:left + layer.kw, c])
        return a

    def output(self) -> np.ndarray:
        return self.result


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    layer = problem.layer
    if problem.dtype != "float64" or problem.threads > 1:
        raise Unsupported("float64 and one thread, as there")
    if layer.family != "notebook" and layer.name != "resnet50/3x3_64_64@56":
        raise Unsupported("too slow to wait for")
    if int(np.prod(problem.output_shape)) > LARGEST:
        raise Unsupported("too slow to wait for")
    return [Loops(problem)]
