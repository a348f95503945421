"""Random graphs of images out of a seed: branches, residuals, Concats of Concats, windows of all kinds on odd sizes."""

import dataclasses

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 17
LARGEST = 40  # of a height or width
MOST_CHANNELS = 48


@dataclasses.dataclass
class Image:
    name: str
    shape: tuple[int, int, int]  # (C, H, W)


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.images: list[Image] = []

    def between(self, least: int, most: int) -> int:
        return int(self.random.integers(least, most + 1))

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def any_image(self) -> Image:
        """Later ones more often."""
        return self.images[-min(self.between(1, 3), len(self.images))]

    def array(self, values: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def weight(self, *shape: int) -> str:
        return self.array(self.random.normal(0, np.sqrt(2 / max(1, np.prod(shape[1:]))), shape))

    def node(self, operation: str, inputs: list[str], shape: tuple[int, int, int], **attributes: object) -> None:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        self.images.append(Image(name, shape))

    def window(self, image: Image, dilates: bool, ceils: bool) -> tuple[dict[str, object], tuple[int, int]] | None:
        """Attributes of a window, and the height and width of what it gives; None where that would be nothing."""
        kernel = [self.between(1, 4), self.between(1, 4)]
        strides = [self.between(1, 3), self.between(1, 3)]
        is_same = self.chance(0.4)
        # ONNX Runtime has no SAME with dilations.
        dilations = [self.between(1, 2), self.between(1, 2)] if dilates and not is_same else [1, 1]
        attributes: dict[str, object] = {"kernel_shape": kernel, "strides": strides}
        if dilations != [1, 1]:
            attributes["dilations"] = dilations
        size = image.shape[1:]
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        if is_same:
            # ONNX Runtime refuses strides that are larger than the window.
            attributes["strides"] = strides = [min(s, k) for s, k in zip(strides, kernel, strict=True)]
            attributes["auto_pad"] = str(self.random.choice(["SAME_UPPER", "SAME_LOWER"]))
            return attributes, tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
        # A pad is smaller than the window, so that each window of a pooling reads an element.
        pads = [self.between(0, k - 1) for k in kernel * 2]
        attributes["pads"] = pads
        ceil_mode = ceils and self.chance(0.5)
        if ceil_mode:
            attributes["ceil_mode"] = 1
        result = []
        for axis in range(2):
            room = size[axis] + pads[axis] + pads[axis + 2] - reach[axis]
            if room < 0:
                return None
            count = (-(-room // strides[axis]) if ceil_mode else room // strides[axis]) + 1
            if ceil_mode and (count - 1) * strides[axis] >= size[axis] + pads[axis]:
                return None  # the last window would begin behind the image, of which ONNX Runtime has two opinions
            result.append(count)
        return attributes, (result[0], result[1])

    def conv(self) -> None:
        image = self.any_image()
        found = self.window(image, dilates=True, ceils=False)
        if found is None:
            return
        attributes, size = found
        channels = image.shape[0]
        groups = int(self.random.choice([g for g in (1, 1, 2, 3, channels) if channels % g == 0]))
        outputs = groups * self.between(1, max(1, min(24, MOST_CHANNELS // groups)))
        inputs = [image.name, self.weight(outputs, channels // groups, *attributes["kernel_shape"])]
        if self.chance(0.7):
            inputs.append(self.weight(outputs))
        self.node("Conv", inputs, (outputs, *size), group=groups, **attributes)

    def pool(self) -> None:
        image = self.any_image()
        is_max = self.chance(0.5)
        found = self.window(image, dilates=False, ceils=True)
        if found is None:
            return
        attributes, size = found
        if not is_max:
            attributes["count_include_pad"] = self.between(0, 1)
        self.node("MaxPool" if is_max else "AveragePool", [image.name], (image.shape[0], *size), **attributes)

    def activation(self) -> None:
        image = self.any_image()
        operation = str(self.random.choice(["Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Elu"]))
        self.node(operation, [image.name], image.shape)

    def normalization(self) -> None:
        image = self.any_image()
        channels = image.shape[0]
        scales = [self.random.uniform(0.5, 1.5, channels), self.random.normal(0, 1, channels),
                  self.random.normal(0, 1, channels), self.random.uniform(0.5, 2, channels)]
        self.node("BatchNormalization", [image.name, *map(self.array, scales)], image.shape)

    def residual(self) -> None:
        image = self.any_image()
        others = [other for other in self.images if other.shape == image.shape]
        other = others[self.between(0, len(others) - 1)]
        self.node(str(self.random.choice(["Add", "Add", "Mul", "Sub"])), [image.name, other.name], image.shape)

    def concat(self) -> None:
        image = self.any_image()
        others = [other for other in self.images if other.shape[1:] == image.shape[1:]]
        chosen = [image] + [others[self.between(0, len(others) - 1)] for _ in range(self.between(1, 2))]
        channels = sum(part.shape[0] for part in chosen)
        if channels <= 2 * MOST_CHANNELS:
            self.node("Concat", [part.name for part in chosen], (channels, *image.shape[1:]), axis=1)

    def model(self, name: str, shape: tuple[int, int, int]) -> onnx.ModelProto:
        read = {value for node in self.nodes for value in node.input}
        ends = [image for image in self.images if image.name not in read]
        graph = helper.make_graph(
            self.nodes, name, [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, *shape])],
            [helper.make_tensor_value_info(end.name, onnx.TensorProto.FLOAT, [1, *end.shape]) for end in ends], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def random_model(seed: int) -> tuple[onnx.ModelProto, np.ndarray]:
    """A model, all of whose ends are outputs, and an input."""
    maker = Maker(seed)
    shape = (maker.between(1, 12), maker.between(5, LARGEST), maker.between(5, LARGEST))
    maker.images.append(Image("x", shape))
    steps = [maker.conv, maker.conv, maker.conv, maker.pool, maker.activation, maker.normalization, maker.residual, maker.concat]
    wanted = maker.between(3, 20)
    while len(maker.nodes) < wanted:
        steps[maker.between(0, len(steps) - 1)]()
    return maker.model(f"seed {seed}", shape), maker.random.normal(size=(1, *shape)).astype(np.float32)
