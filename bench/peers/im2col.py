"""im2col and BLAS, as a careful NumPy user writes it: the padding is made beforehand, the columns are copied row by row
of the window into an array that is kept, and one matrix product (OpenBLAS in NumPy's wheel) does the rest."""

import pathlib
import time

import numpy as np

from problem import Candidate, Problem, Unsupported


def version(build: pathlib.Path, argument: str) -> str:
    return f"NumPy {np.__version__}"


class Im2col(Candidate):
    describe = "im2col + gemm"

    def __init__(self, problem: Problem) -> None:
        layer = problem.layer
        n, oh, ow, o = problem.output_shape
        pad, step = layer.pad, layer.stride
        padded = np.pad(problem.input, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        taps = layer.kh * layer.kw * layer.c
        self.pointwise = taps == layer.c and step == 1
        self.bias = np.array(problem.bias)
        self.weights = problem.weights.reshape(taps, o).copy()
        self.result = np.empty((n * oh * ow, o), problem.dtype)
        self.shape = problem.output_shape
        if self.pointwise:
            self.columns = padded.reshape(-1, layer.c)
            return
        along_n, along_y, along_x, along_c = padded.strides
        dilated = along_y * layer.dilation, along_x * layer.dilation
        strides: tuple[int, ...] = (along_n, along_y * step, along_x * step, *dilated, along_c)
        shape: tuple[int, ...] = (n, oh, ow, layer.kh, layer.kw, layer.c)
        if layer.dilation == 1:  # the values of one row of a window lie together: copy them at once
            shape, strides = (n, oh, ow, layer.kh, layer.kw * layer.c), (*strides[:4], along_c)
        self.windows = np.lib.stride_tricks.as_strided(padded, shape, strides)
        self.space = np.empty(shape, problem.dtype)
        self.columns = self.space.reshape(-1, taps)

    def run(self, repetitions: int) -> float:
        start = time.perf_counter()
        for _ in range(repetitions):
            if not self.pointwise:
                np.copyto(self.space, self.windows)
            np.matmul(self.columns, self.weights, out=self.result)
            self.result += self.bias
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        return self.result.reshape(self.shape)


LARGEST = 3 << 30  # bytes of columns


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    layer = problem.layer
    if layer.kind != "conv" or layer.groups > 1:
        raise Unsupported("a matrix product for plain convolution alone")
    if np.prod(problem.output_shape[:3]) * layer.kh * layer.kw * layer.c * problem.input.itemsize > LARGEST:
        raise Unsupported("the columns would not fit in memory")
    return [Im2col(problem)]
