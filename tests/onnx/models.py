"""Trained networks, and networks of well-known shapes, for the tests: where they are, and what they are given."""

import importlib.util
import pathlib
import zlib

import numpy as np
import onnx
import skimage.data
from onnx import numpy_helper
from PIL import Image, ImageDraw

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


def photographs() -> list[np.ndarray]:
    return [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]


TEXTS = ("Convolution 1989", "step by step", "NCHW or NHWC?", "12 apples, 3 pears")


def with_text(picture: Image.Image, text: str, y: int) -> Image.Image:
    ImageDraw.Draw(picture).text((10, y), text, fill=(255, 255, 255), font_size=30, stroke_width=2, stroke_fill=(0, 0, 0))
    return picture


def photographs_with_text() -> list[np.ndarray]:
    return [np.asarray(with_text(Image.fromarray(photograph), text, 80))
            for photograph, text in zip(photographs(), TEXTS, strict=True)]


def lines_of_text() -> list[np.ndarray]:
    """Texts, drawn on a part of a photograph."""
    return [np.asarray(with_text(Image.fromarray(photograph).crop((40, 60, 360, 108)), text, 8))
            for photograph, text in zip(photographs(), TEXTS, strict=True)]


def as_input(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """(1, 3, H, W), values from -1 to 1, as these models take it."""
    resized = np.asarray(Image.fromarray(picture).resize((width, height), Image.BILINEAR), np.float32)
    return np.ascontiguousarray((resized / 127.5 - 1).transpose(2, 0, 1)[None])
