"""PyTorch, one function a node, in both memory formats: float32 goes to oneDNN, float64 to im2col and dgemm. It reads no
.onnx files, so what made_networks.py makes is spelled out here, and no more."""

import collections.abc
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from network_problem import NetworkProblem
from peers.torch_layer import FORMATS, version  # noqa: F401
from problem import Candidate, Unsupported

Tensor = torch.Tensor
functional = torch.nn.functional


def conv(given: dict, x: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    return functional.conv2d(x, weights, bias, given["strides"], given["pads"][:2], 1, given["group"])


def max_pool(given: dict, x: Tensor) -> Tensor:
    top, left, bottom, right = given["pads"]
    if (top, left) != (bottom, right):
        x, top, left = functional.pad(x, (left, right, top, bottom), value=float("-inf")), 0, 0
    return functional.max_pool2d(x, given["kernel_shape"], given["strides"], (top, left))


FUNCTIONS: dict[str, collections.abc.Callable[..., Tensor]] = {
    "Add": lambda given, x, y: x + y,
    "Clip": lambda given, x, low, high: functional.relu6(x),
    "Concat": lambda given, *parts: torch.cat(parts, given["axis"]),
    "Conv": conv,
    "ConvTranspose": lambda given, x, weights, bias: functional.conv_transpose2d(x, weights, bias, given["strides"]),
    "DepthToSpace": lambda given, x: functional.pixel_shuffle(x, given["blocksize"]),
    "Flatten": lambda given, x: torch.flatten(x, 1),
    "Gemm": lambda given, x, weights, bias: functional.linear(x, weights, bias),
    "GlobalAveragePool": lambda given, x: functional.adaptive_avg_pool2d(x, 1),
    "LeakyRelu": lambda given, x: functional.leaky_relu(x, given["alpha"], inplace=True),
    "MaxPool": max_pool,
    "Relu": lambda given, x: functional.relu(x, inplace=True),
    "Resize": lambda given, x, sizes, scales: functional.interpolate(x, scale_factor=2, mode="nearest"),
    "Tanh": lambda given, x: torch.tanh(x),
}


class Functions(Candidate):
    memory = "contiguous"

    def __init__(self, problem: NetworkProblem) -> None:
        if "made" not in problem.model.name:
            raise Unsupported("only what made_networks.py makes")
        torch.set_num_threads(problem.threads)
        self.describe = self.memory
        graph = onnx.load(problem.model).graph
        dtype, memory = getattr(torch, problem.dtype), FORMATS[self.memory]

        def tensor(values: np.ndarray) -> Tensor:
            result = torch.from_numpy(np.array(values)).to(dtype)
            return result.contiguous(memory_format=memory) if result.ndim == 4 else result

        self.given = {"": None} | {array.name: tensor(numpy_helper.to_array(array)) for array in graph.initializer}
        self.given[graph.input[0].name] = tensor(problem.input)
        self.steps = [(FUNCTIONS[node.op_type], {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute},
                       list(node.input), node.output[0]) for node in graph.node]
        self.result = graph.output[0].name
        last = {name: number for number, step in enumerate(self.steps) for name in step[2]}
        self.done = [[name for name in step[2] if last[name] == number and name not in self.given]
                     for number, step in enumerate(self.steps)]

    def once(self) -> Tensor:
        arrays = dict(self.given)
        for (function, attributes, inputs, output), done in zip(self.steps, self.done, strict=True):
            arrays[output] = function(attributes, *[arrays[name] for name in inputs])
            for name in done:
                arrays.pop(name, None)
        return arrays[self.result]

    def run(self, repetitions: int) -> float:
        with torch.inference_mode():
            start = time.perf_counter()
            for _ in range(repetitions):
                self.once()
            return time.perf_counter() - start

    def output(self) -> np.ndarray:
        with torch.inference_mode():
            return self.once().contiguous().numpy()


class ChannelsLast(Functions):
    memory = "channels_last"


def ways(problem: NetworkProblem) -> list[type[Functions]]:
    return [Functions, ChannelsLast]
