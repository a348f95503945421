"""One question to every peer: a layer, its arrays, and how it may be run; and what a peer answers."""

import abc
import dataclasses
import pathlib

import numpy as np

import layers


class Unsupported(Exception):
    """This peer cannot run this layer; says why."""


@dataclasses.dataclass
class Problem:
    layer: layers.Layer
    dtype: str  # float32, float64
    threads: int
    batch: int
    input: np.ndarray  # [N,H,W,C]; for input_grad the gradient of the output, [N,OH,OW,O]
    weights: np.ndarray  # [KH,KW,C/groups,O]; for weights_grad, and a pooling's gradient, the gradient of the output
    bias: np.ndarray  # [O]
    build: pathlib.Path  # where CMake left the compiled adapters

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        layer = self.layer
        if layer.kind == "input_grad" or layer.is_pool and layer.kind.endswith("_grad"):
            return self.batch, layer.h, layer.w, layer.c
        if layer.kind == "weights_grad":
            return 1, layer.kh, layer.kw * layer.c // layer.groups, layer.o
        return self.batch, layer.oh, layer.ow, layer.o


class Candidate(abc.ABC):
    """One way of running a problem, ready to run. A peer that offers several is measured by its fastest."""

    describe = ""

    @abc.abstractmethod
    def run(self, repetitions: int) -> float:
        """How many seconds so many runs took."""

    @abc.abstractmethod
    def output(self) -> np.ndarray | None:
        """What the last run left, of problem.output_shape; None where there is nothing to check."""
