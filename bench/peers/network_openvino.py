"""OpenVINO: images with channels first, as the file has them, or last, as convstep has them."""

import numpy as np
import openvino
from openvino.preprocess import PrePostProcessor

from network_problem import NetworkProblem, channels_first, channels_last
from peers.openvino_graph import Request, settings, version  # noqa: F401
from problem import Unsupported


class Planes(Request):
    describe = "NCHW"

    def __init__(self, problem: NetworkProblem) -> None:
        core = openvino.Core()
        graph = core.read_model(problem.model)
        graph.reshape(list(problem.input.shape))
        request = core.compile_model(self.with_layout(graph), "CPU", settings(problem.threads)).create_infer_request()
        self.x, self.request = self.arranged(problem.input), request
        request.set_input_tensor(openvino.Tensor(self.x, shared_memory=True))

    def with_layout(self, graph: openvino.Model) -> openvino.Model:
        return graph

    def arranged(self, images: np.ndarray) -> np.ndarray:
        return images

    def output(self) -> np.ndarray:
        return np.array(self.request.get_output_tensor(0).data)


class Pixels(Planes):
    describe = "NHWC"

    def with_layout(self, graph: openvino.Model) -> openvino.Model:
        steps = PrePostProcessor(graph)
        ends = [steps.input()]
        self.turns_output = len(graph.output(0).partial_shape) == 4
        if self.turns_output:
            ends.append(steps.output(0))
        for end in ends:
            end.tensor().set_layout(openvino.Layout("NHWC"))
            end.model().set_layout(openvino.Layout("NCHW"))
        return steps.build()

    def arranged(self, images: np.ndarray) -> np.ndarray:
        return channels_last(images)

    def output(self) -> np.ndarray:
        return channels_first(super().output()) if self.turns_output else super().output()


def ways(problem: NetworkProblem) -> list[type[Planes]]:
    if problem.dtype != "float32":
        raise Unsupported("float32 only: it converts float64")
    return [Planes, Pixels]
