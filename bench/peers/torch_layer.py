"""PyTorch: torch.nn.functional on its own threads, in both memory formats. float32 goes to oneDNN, float64 to im2col
and dgemm."""

import collections.abc
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
        self.problem, layer, self.describe = problem, problem.layer, memory
        torch.set_num_threads(problem.threads)
        if layer.kind.endswith("_grad"):
            make = pool_gradient if layer.is_pool else gradient
            self.layer = make(problem, FORMATS[memory])
            return
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
            axes = (2, 3, 1, 0) if self.problem.layer.kind == "weights_grad" else (0, 2, 3, 1)
            return self.layer().permute(*axes).numpy().reshape(self.problem.output_shape)


def gradient(problem: Problem, memory: torch.memory_format) -> collections.abc.Callable[[], torch.Tensor]:
    """What autograd calls, for one of the gradients alone."""
    layer = problem.layer

    def tensor(array: np.ndarray, *axes: int) -> torch.Tensor:
        return torch.from_numpy(np.array(array.transpose(*axes), order="C")).contiguous(memory_format=memory)

    images = (0, 3, 1, 2)
    is_input = layer.kind == "input_grad"
    grad = tensor(problem.input if is_input else problem.weights, *images)
    if is_input:
        image = torch.empty((problem.batch, layer.c, layer.h, layer.w), dtype=grad.dtype).contiguous(memory_format=memory)
        filters = tensor(problem.weights, 3, 2, 0, 1)
    else:
        image = tensor(problem.input, *images)
        filters = torch.empty((layer.o, layer.c // layer.groups, layer.kh, layer.kw), dtype=grad.dtype)
    return lambda: torch.ops.aten.convolution_backward(
        grad, image, filters, None, [layer.stride] * 2, [layer.pad] * 2, [layer.dilation] * 2, False, [0, 0],
        layer.groups, [is_input, not is_input, False])[0 if is_input else 1]


def pool_gradient(problem: Problem, memory: torch.memory_format) -> collections.abc.Callable[[], torch.Tensor]:
    """What autograd calls. A maximum's gradient is found by the indices of the forward pass, which is not timed."""
    layer = problem.layer
    image, grad = (torch.from_numpy(np.array(array.transpose(0, 3, 1, 2), order="C")).contiguous(memory_format=memory)
                   for array in (problem.input, problem.weights))
    window = [layer.kh, layer.kw], [layer.stride] * 2, [layer.pad] * 2
    if layer.kind == "average_grad":
        return lambda: torch.ops.aten.avg_pool2d_backward(grad, image, *window, False, False, None)
    dilation = [layer.dilation] * 2
    _, indices = torch.ops.aten.max_pool2d_with_indices(image, *window, dilation)
    return lambda: torch.ops.aten.max_pool2d_with_indices_backward(grad, image, *window, dilation, False, indices)


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    return [Functional(problem, memory) for memory in FORMATS]
