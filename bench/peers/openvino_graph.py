"""OpenVINO, from the ONNX model of one node: once as it is (NCHW), once with channels last at both ends, which its CPU
plugin takes without moving anything."""

import pathlib
import time

import numpy as np
import openvino
from openvino.preprocess import PrePostProcessor

from peers.onnx_model import model
from problem import Candidate, Problem, Unsupported


def version(build: pathlib.Path, argument: str) -> str:
    return openvino.__version__.split("-")[0]


def settings(threads: int) -> dict[str, object]:
    return {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False}


class Request(Candidate):
    """What an infer request computes."""

    request: openvino.InferRequest

    def run(self, repetitions: int) -> float:
        start_async, wait = self.request.start_async, self.request.wait
        start = time.perf_counter()
        for _ in range(repetitions):
            start_async()
            wait()
        return time.perf_counter() - start


class Compiled(Request):
    def __init__(self, problem: Problem, proto: bytes, layout: str) -> None:
        self.layout = self.describe = layout
        core = openvino.Core()
        graph = core.read_model(proto)
        if layout == "NHWC":
            steps = PrePostProcessor(graph)
            for end in (steps.input(), steps.output()):
                end.tensor().set_layout(openvino.Layout("NHWC"))
                end.model().set_layout(openvino.Layout("NCHW"))
            graph = steps.build()
        self.request = core.compile_model(graph, "CPU", settings(problem.threads)).create_infer_request()
        self.x = np.array(problem.input if layout == "NHWC" else problem.input.transpose(0, 3, 1, 2), order="C")
        self.request.set_input_tensor(openvino.Tensor(self.x, shared_memory=True))

    def output(self) -> np.ndarray:
        y = np.array(self.request.get_output_tensor().data)
        return y if self.layout == "NHWC" else y.transpose(0, 2, 3, 1)


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    if problem.dtype != "float32":
        raise Unsupported("float32 only: it converts float64")
    proto = model(problem).SerializeToString()
    return [Compiled(problem, proto, layout) for layout in ("NCHW", "NHWC")]
