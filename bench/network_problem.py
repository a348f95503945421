"""One question to every peer: a network in a file, its input, and how it may be run."""

import dataclasses
import pathlib

import numpy as np


@dataclasses.dataclass
class NetworkProblem:
    model: pathlib.Path  # .onnx, with one input and one output
    dtype: str  # float32, float64
    threads: int
    input: np.ndarray  # as the file has it: [N,C,H,W]
    build: pathlib.Path  # where CMake left the compiled adapters


def channels_last(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array


def channels_first(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2)) if array.ndim == 4 else array
