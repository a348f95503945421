"""Networks of well-known shapes that no package brings, as .onnx files with He's random weights. Batch normalisation is
left out, as every reader folds it into the convolution before it."""

import collections.abc
import pathlib
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET, IR_VERSION = 17, 8
RGB = 3
CLASSES = 1000

Value = str  # the name of an array


class Maker:
    """A graph, node by node: each call adds what it is named after, and returns the name of its output."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.channels = {"x": shape[1]}

    def node(self, kind: str, inputs: list[Value], channels: int, **attributes: object) -> Value:
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.channels[name] = channels
        return name

    def tensor(self, values: np.ndarray) -> Value:
        name = f"array{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(values, name))
        return name

    def weights(self, *shape: int, terms: int) -> Value:
        generator = np.random.default_rng(zlib.crc32(f"array{len(self.tensors)}".encode()))
        return self.tensor(generator.normal(0, np.sqrt(2 / terms), shape).astype(np.float32))

    def conv(self, x: Value, outputs: int, size: int, stride: int = 1, groups: int = 1) -> Value:
        inputs = self.channels[x] // groups
        values = [x, self.weights(outputs, inputs, size, size, terms=inputs * size * size), self.weights(outputs, terms=200)]
        return self.node("Conv", values, outputs, kernel_shape=[size, size], strides=[stride] * 2, pads=[size // 2] * 4,
                         group=groups)

    def relu(self, x: Value) -> Value:
        return self.node("Relu", [x], self.channels[x])

    def conv_relu(self, x: Value, outputs: int, size: int, stride: int = 1) -> Value:
        return self.relu(self.conv(x, outputs, size, stride))

    def relu6(self, x: Value) -> Value:
        limits = [self.tensor(np.array(limit, np.float32)) for limit in (0, 6)]
        return self.node("Clip", [x, *limits], self.channels[x])

    def leaky(self, x: Value, outputs: int, size: int) -> Value:
        return self.node("LeakyRelu", [self.conv(x, outputs, size)], outputs, alpha=0.1)

    def tanh(self, x: Value) -> Value:
        return self.node("Tanh", [x], self.channels[x])

    def add(self, x: Value, y: Value) -> Value:
        return self.node("Add", [x, y], self.channels[x])

    def concat(self, x: Value, y: Value) -> Value:
        return self.node("Concat", [x, y], self.channels[x] + self.channels[y], axis=1)

    def max_pool(self, x: Value, size: int = 2, stride: int = 2, pads: tuple[int, ...] = (0, 0, 0, 0)) -> Value:
        return self.node("MaxPool", [x], self.channels[x], kernel_shape=[size, size], strides=[stride] * 2, pads=list(pads))

    def upsample(self, x: Value) -> Value:
        scales = self.tensor(np.array([1, 1, 2, 2], np.float32))
        return self.node("Resize", [x, "", scales], self.channels[x], mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")

    def linear(self, x: Value, outputs: int, inputs: int) -> Value:
        values = [x, self.weights(outputs, inputs, terms=inputs), self.weights(outputs, terms=200)]
        return self.node("Gemm", values, outputs, transB=1)

    def classes(self, x: Value) -> Value:
        channels = self.channels[x]
        flat = self.node("Flatten", [self.node("GlobalAveragePool", [x], channels)], channels)
        return self.linear(flat, CLASSES, channels)

    def model(self, output: Value) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, self.shape)
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "network", [image], [result], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def vgg16() -> onnx.ModelProto:
    make = Maker(1, RGB, 224, 224)
    x = "x"
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            x = make.conv_relu(x, channels, 3)
        x = make.max_pool(x)
    inputs = 512 * 7 * 7
    x = make.node("Flatten", [x], inputs)
    for outputs in (4096, 4096):
        x, inputs = make.relu(make.linear(x, outputs, inputs)), outputs
    return make.model(make.linear(x, CLASSES, inputs))


def resnet50_v15() -> onnx.ModelProto:
    """The stride in the 3x3 convolutions."""
    make = Maker(1, RGB, 224, 224)
    x = make.max_pool(make.conv_relu("x", 64, 7, 2), 3, 2, (1, 1, 1, 1))
    for channels, count, first_stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            stride = first_stride if number == 0 else 1
            shortcut = make.conv(x, 4 * channels, 1, stride) if number == 0 else x
            narrow = make.conv_relu(make.conv_relu(x, channels, 1), channels, 3, stride)
            x = make.relu(make.add(make.conv(narrow, 4 * channels, 1), shortcut))
    return make.model(make.classes(x))


def mobilenet_v1() -> onnx.ModelProto:
    make = Maker(1, RGB, 224, 224)
    x = make.conv_relu("x", 32, 3, 2)
    for channels, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)):
        x = make.relu(make.conv(x, make.channels[x], 3, stride, groups=make.channels[x]))
        x = make.conv_relu(x, channels, 1)
    return make.model(make.classes(x))


def mobilenet_v2() -> onnx.ModelProto:
    make = Maker(1, RGB, 224, 224)
    x = make.relu6(make.conv("x", 32, 3, 2))
    for times, channels, count, first_stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                                 (6, 160, 3, 2), (6, 320, 1, 1)):
        for number in range(count):
            wide = times * make.channels[x]
            inner = make.relu6(make.conv(x, wide, 1)) if times > 1 else x
            inner = make.relu6(make.conv(inner, wide, 3, first_stride if number == 0 else 1, groups=wide))
            narrow = make.conv(inner, channels, 1)
            x = make.add(x, narrow) if number else narrow
    return make.model(make.classes(make.relu6(make.conv(x, 1280, 1))))


def squeezenet11() -> onnx.ModelProto:
    make = Maker(1, RGB, 224, 224)
    x = make.max_pool(make.conv_relu("x", 64, 3, 2), 3)
    for number, (squeeze, expand) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))):
        if number in (2, 4):
            x = make.max_pool(x, 3)
        narrow = make.conv_relu(x, squeeze, 1)
        x = make.concat(make.conv_relu(narrow, expand, 1), make.conv_relu(narrow, expand, 3))
    x = make.conv_relu(x, CLASSES, 1)
    return make.model(make.node("Flatten", [make.node("GlobalAveragePool", [x], CLASSES)], CLASSES))


def yolov3_tiny() -> onnx.ModelProto:
    """The finer of its two outputs, which needs all layers but the coarse output's last two."""
    make = Maker(1, RGB, 416, 416)
    x = "x"
    for channels in (16, 32, 64, 128):
        x = make.max_pool(make.leaky(x, channels, 3))
    fine = make.leaky(x, 256, 3)
    x = make.leaky(make.max_pool(fine), 512, 3)
    x = make.leaky(make.max_pool(x, 2, 1, (0, 0, 1, 1)), 1024, 3)
    x = make.upsample(make.leaky(make.leaky(x, 256, 1), 128, 1))
    return make.model(make.conv(make.leaky(make.concat(x, fine), 256, 3), 255, 1))


def unet() -> onnx.ModelProto:
    """A small one: 32 channels at first, 512 in the middle."""
    make = Maker(1, RGB, 256, 256)

    def twice(x: Value, channels: int) -> Value:
        return make.conv_relu(make.conv_relu(x, channels, 3), channels, 3)

    x, kept = "x", []
    for channels in (32, 64, 128, 256):
        kept.append(twice(x, channels))
        x = make.max_pool(kept[-1])
    x = twice(x, 512)
    for channels in (256, 128, 64, 32):
        inputs = make.channels[x]
        values = [x, make.weights(inputs, channels, 2, 2, terms=inputs), make.weights(channels, terms=200)]
        wide = make.node("ConvTranspose", values, channels, kernel_shape=[2, 2], strides=[2, 2])
        x = twice(make.concat(kept.pop(), wide), channels)
    return make.model(make.conv(x, 1, 1))


def espcn() -> onnx.ModelProto:
    """The luminance of a picture, three times as large."""
    make = Maker(1, 1, 224, 224)
    x = make.conv(make.tanh(make.conv(make.tanh(make.conv("x", 64, 5)), 32, 3)), 9, 3)
    return make.model(make.node("DepthToSpace", [x], 1, blocksize=3, mode="CRD"))


MADE: dict[str, collections.abc.Callable[[], onnx.ModelProto]] = {
    "vgg16": vgg16, "resnet50 v1.5": resnet50_v15, "mobilenet v1": mobilenet_v1, "mobilenet v2": mobilenet_v2,
    "squeezenet 1.1": squeezenet11, "yolov3-tiny": yolov3_tiny, "u-net": unet, "espcn": espcn}


def save(name: str, path: pathlib.Path) -> tuple[int, ...]:
    """Writes the network, and returns the shape of its input."""
    model = MADE[name]()
    onnx.save(model, path)
    return tuple(dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim)
