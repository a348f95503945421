"""ONNX's own test cases of operators, as our reader and operations are asked to compute them."""

import collections
import dataclasses
import functools
import pathlib
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

KINDS = ("node", "simple", "pytorch-operator", "pytorch-converted")
REALS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
INTEGERS = {TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8, TensorProto.UINT16,
            TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL}


@dataclasses.dataclass(frozen=True)
class Case:
    kind: str
    name: str
    model: onnx.ModelProto
    source: onnx.backend.test.loader.TestCase

    @property
    def operators(self) -> collections.Counter[str]:
        return collections.Counter(f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
                                   for node in self.model.graph.node)

    @property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """What the model asks for: old models list their weights among the inputs."""
        weights = {tensor.name for tensor in self.model.graph.initializer}
        return [value for value in self.model.graph.input if value.name not in weights]

    def data_sets(self):
        """The pairs of inputs and outputs: in memory, or in files beside the model."""
        if self.source.data_sets is not None:
            for inputs, outputs in self.source.data_sets:
                yield arrays(inputs), arrays(outputs)
        else:
            for folder in sorted(pathlib.Path(self.source.model_dir).glob("test_data_set_*")):
                yield load_tensors(folder, "input_"), load_tensors(folder, "output_")

    def refused_type(self) -> str | None:
        """The first type of an input or output that our networks have no elements for."""
        for value in [*self.inputs, *self.model.graph.output]:
            if not value.type.HasField("tensor_type"):
                return value.type.WhichOneof("value")
            if value.type.tensor_type.elem_type not in REALS | INTEGERS:
                return TensorProto.DataType.Name(value.type.tensor_type.elem_type)
        return None


def arrays(values: list) -> list[np.ndarray]:
    """Some cases have tensors of the format in the place of arrays."""
    return [numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value for value in values]


def load_tensors(folder: pathlib.Path, prefix: str) -> list[np.ndarray]:
    count = len(list(folder.glob(f"{prefix}*.pb")))
    return [numpy_helper.to_array(onnx.load_tensor(folder / f"{prefix}{i}.pb")) for i in range(count)]


@functools.cache
def cases() -> list[Case]:
    found = []
    for kind in KINDS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Some cases overflow and divide by zero on purpose.
            sources = load_model_tests(kind=kind)
        loaded = [Case(kind, s.name.removeprefix("test_"), s.model or onnx.load(pathlib.Path(s.model_dir) / "model.onnx"), s)
                  for s in sources]
        found += sorted(loaded, key=lambda case: case.name)
    return found


def as_ours(array: np.ndarray, real: type) -> np.ndarray:
    """The array in one of the two types that a network has: real, or int64."""
    array = np.asarray(array)
    is_real = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    return np.ascontiguousarray(array.astype(real if is_real else np.int64)).reshape(array.shape)


def with_weights(model: onnx.ModelProto, values: list[np.ndarray], names: list[str]) -> onnx.ModelProto:
    """The model as a trained network has it: all inputs but the first are in the file."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    for name, value in list(zip(names, values, strict=True))[1:]:
        tensor = numpy_helper.from_array(np.asarray(value), name)
        assert tensor.data_type == types[name]
        changed.graph.initializer.append(tensor)
    return changed
