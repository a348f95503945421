"""PyTorch: torch.nn.functional on its own threads, in both memory formats. float32 goes to oneDNN, float64 to im2col
and dgemm."""

import pathlib
import time

import numpy as np
import torch

from problem import Candidate, Problem

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def version(build: pathlib.Path, argument: str) -> str:
    return torch.__version__


class Functional(Candidate):
    def __init__(self, problem: Problem, memory: str) -> None:
        layer, self.describe = problem.layer, memory
        torch.set_num_threads(problem.threads)
        image = torch.from_numpy(np.array(problem.input.transpose(0, 3, 1, 2), order="C"))
        x = image.contiguous(memory_format=FORMATS[memory])
        functional = torch.nn.functional
        if layer.kind == "conv":
            filters = torch.from_numpy(np.array(problem.weights.transpose(3, 2, 0, 1), order="C"))
            w, b = filters.contiguous(memory_format=FORMATS[memory]), torch.from_numpy(np.array(problem.bias))
            self.layer = lambda: functional.conv2d(x, w, b, layer.stride, layer.pad, layer.dilation, layer.groups)
        elif layer.kind == "max":
            self.layer = lambda: functional.max_pool2d(x, (layer.kh, layer.kw), layer.stride, layer.pad, layer.dilation)
        else:
            self.layer = lambda: functional.avg_pool2d(x, (layer.kh, layer.kw), layer.stride, layer.pad,
                                                       count_include_pad=False)

    def run(self, repetitions: int) -> float:
        layer = self.layer
        with torch.inference_mode():
            start = time.perf_counter()
            for _ in range(repetitions):
                layer()
            return time.perf_counter() - start

    def output(self) -> np.ndarray:
        with torch.inference_mode():
            return self.layer().permute(0, 2, 3, 1).numpy()


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    return [Functional(problem, memory) for memory in FORMATS]
