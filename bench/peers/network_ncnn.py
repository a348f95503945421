"""ncnn: the file is translated by pnnx, once and for all; arrays are in its packed layout, as in ncnn_layer.py."""

import functools
import pathlib
import subprocess
import tempfile
import time

import ncnn
import numpy as np
import pnnx

from network_problem import NetworkProblem
from peers.ncnn_layer import opened, version  # noqa: F401
from problem import Candidate, Unsupported

Files = tuple[str, bytes]  # the layers, the weights


@functools.lru_cache(maxsize=1)
def translated(model: pathlib.Path, written: float, shape: tuple[int, ...]) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "network.onnx")
        file.symlink_to(model.resolve())
        lengths = ",".join(str(length) for length in shape)
        result = subprocess.run([pnnx.EXEC_PATH, str(file), f"inputshape=[{lengths}]", "fp16=0"], cwd=folder,
                                capture_output=True, text=True, check=False)
        parameters, weights = file.with_suffix(".ncnn.param"), file.with_suffix(".ncnn.bin")
        if not parameters.exists():
            raise Unsupported(f"pnnx does not translate it: {result.stderr[-200:]}")
        return parameters.read_text(), weights.read_bytes()


class Net(Candidate):
    describe = "packed"
    settings: dict[str, bool] = {}

    def __init__(self, problem: NetworkProblem) -> None:
        if problem.dtype != "float32" or len(problem.input) != 1:
            raise Unsupported("one image of float32 only")
        parameters, weights = translated(problem.model, problem.model.stat().st_mtime, problem.input.shape)
        self.net, self.memory = opened(problem.threads, self.settings, parameters, weights)
        self.planes = np.ascontiguousarray(problem.input[0])
        self.image = ncnn.Mat(self.planes)

    def results(self) -> ncnn.Mat:
        extractor = self.net.create_extractor()
        extractor.input("in0", self.image)
        status, mat = extractor.extract("out0")
        if status:
            raise Unsupported(f"ncnn fails with {status}")
        return mat

    def run(self, repetitions: int) -> float:
        start = time.perf_counter()
        for _ in range(repetitions):
            self.results()
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        return np.array(self.results())[None]


class WithoutWinograd(Net):
    describe, settings = "packed, no Winograd", {"use_winograd_convolution": False}


def ways(problem: NetworkProblem) -> list[type[Net]]:
    return [Net, WithoutWinograd]
