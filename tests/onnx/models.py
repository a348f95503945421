"""Trained networks, and networks of well-known shapes, for the tests and the benchmark: where they are."""

import importlib.util
import pathlib
import zlib

import numpy as np
import onnx
from onnx import numpy_helper

LIGHT = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
LIGHT_NETWORKS = ("bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19",
                  "zfnet512")


def light_network(name: str) -> onnx.ModelProto:
    """One of the networks that come without weights, with He's random ones, drawn from its arrays' names; without the Softmax
    at its end, behind which differences would vanish."""
    model = onnx.load(LIGHT / f"light_{name}.onnx")
    graph = model.graph
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = shapes[node.input[0]]
        if len(shape) == 1:
            values = np.full(shape, numpy_helper.to_array(node.attribute[0].t), np.float32)
        else:
            generator = np.random.default_rng(zlib.crc32(node.output[0].encode()))
            values = generator.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
    if kept[-1].op_type == "Softmax":
        graph.output[0].name = kept[-1].input[0]
        graph.output[0].ClearField("type")
        kept.pop()
    del graph.node[:]
    graph.node.extend(kept)
    return model


def given_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def rapidocr_models() -> dict[str, pathlib.Path]:
    """Those of the package rapidocr-onnxruntime, whose code is not needed; none where it is not installed."""
    found = importlib.util.find_spec("rapidocr_onnxruntime")
    if found is None:
        return {}
    folder = pathlib.Path(found.submodule_search_locations[0]) / "models"
    return {kind: next(folder.glob(f"*_{kind}_infer.onnx")) for kind in ("det", "cls", "rec")}
