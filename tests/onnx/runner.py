"""Models computed by onnx_bridge, in files of a folder."""

import pathlib

import numpy as np
import onnx
from bridge import Bridge
from node_cases import as_ours


class Runner:
    def __init__(self, bridge: Bridge, folder: pathlib.Path) -> None:
        self.bridge, self.folder = bridge, folder

    @property
    def model(self) -> pathlib.Path:
        return self.folder / "model.onnx"

    def save_inputs(self, inputs: list[np.ndarray], real: str) -> list[pathlib.Path]:
        paths = [self.folder / f"in{i}.npy" for i in range(len(inputs))]
        for path, array in zip(paths, inputs, strict=True):
            np.save(path, as_ours(array, np.dtype(real).type))
        return paths

    def run(self, model: onnx.ModelProto, inputs: list[np.ndarray], real: str, how: str) -> list[np.ndarray] | str:
        """The outputs, or what is wrong."""
        onnx.save(model, self.model)
        reply = self.bridge.ask("run", real, how, self.model, self.folder / "out", *self.save_inputs(inputs, real))
        if not reply.startswith("ok"):
            return reply
        return [np.load(self.folder / f"out{i}.npy") for i in range(len(model.graph.output))]

    def compute(self, model: onnx.ModelProto, inputs: list[np.ndarray], real: str) -> list[np.ndarray]:
        """The outputs of a model that is given its inputs."""
        outputs = self.run(model, inputs, real, "given")
        assert not isinstance(outputs, str), outputs
        return outputs

    def check_bits(self, real: str, inputs: list[np.ndarray]) -> str:
        """Of the model that ran last."""
        return self.bridge.ask("bits", real, self.model, *self.save_inputs(inputs, real))
