"""The layers that are measured: those of well-known networks, as their papers give them, and the notebook's own.

    resnet50/3x3_128_128@56/2    network / window _ input channels _ output channels @ height of the input / stride
    mobilenet/dw3x3_512@14       depthwise
    vgg16/max2x2_64@224/2        pooling
"""

import dataclasses

FLOPS_PER_MULTIPLY_ADD = 2
INDEX_BYTES = 8


@dataclasses.dataclass(frozen=True)
class Layer:
    name: str
    family: str
    kind: str  # conv, max, average; of gradients, of a convolution: input_grad, weights_grad; of a pooling:
    # max_grad (from the input), indices_grad (from the indices of the maxima), average_grad
    h: int
    w: int
    c: int
    o: int
    kh: int
    kw: int
    stride: int = 1
    pad: int = 0  # on every side
    dilation: int = 1
    groups: int = 1
    batch: int = 0  # 0: as asked on the command line
    quick: bool = False  # part of `make bench-quick`
    twin: str = ""  # the layer whose channels are a multiple of a vector, where this one's are one off

    @property
    def is_pool(self) -> bool:
        return self.kind.removesuffix("_grad") in ("max", "indices", "average")

    @property
    def oh(self) -> int:
        return (self.h + 2 * self.pad - self.dilation * (self.kh - 1) - 1) // self.stride + 1

    @property
    def ow(self) -> int:
        return (self.w + 2 * self.pad - self.dilation * (self.kw - 1) - 1) // self.stride + 1

    def flops(self, batch: int) -> int:
        """Of the direct method; 0 for pooling, which is measured in bytes."""
        if self.is_pool:
            return 0
        outputs = batch * self.oh * self.ow * self.o
        return FLOPS_PER_MULTIPLY_ADD * outputs * self.kh * self.kw * self.c // self.groups

    def bytes(self, batch: int, itemsize: int) -> int:
        """That are read and written, weights apart."""
        image, output = batch * self.h * self.w * self.c, batch * self.oh * self.ow * self.o
        if self.kind == "max_grad":
            return (2 * image + output) * itemsize
        indices = INDEX_BYTES * output if self.kind == "indices_grad" else 0
        return (image + output) * itemsize + indices


class Network:
    """Names a network's layers and puts each into its family."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: list[Layer] = []

    def conv(self, f: int, c: int, o: int, size: int, stride: int = 1, *, pad: int | None = None, dilation: int = 1,
             groups: int = 1, family: str = "", quick: bool = False, twin: str = "") -> "Network":
        pad = dilation * (f // 2) if pad is None else pad
        depthwise = groups == c == o
        channels = f"{c}" if depthwise else f"{c}_{o}"
        stem = f"{self.name}/{'dw' if depthwise else ''}{f}x{f}_{channels}@{size}"
        name = stem + (f"/{stride}" if stride > 1 else "")
        if dilation > 1:
            name += f"_d{dilation}"
        if groups > 1 and not depthwise:
            name += f"_g{groups}"
        family = family or family_of(f, c, stride, groups)
        self.layers.append(Layer(name, family, "conv", size, size, c, o, f, f, stride, pad, dilation, groups,
                                 quick=quick, twin=twin))
        return self

    def pool(self, kind: str, f: int, c: int, size: int, stride: int = 1, *, pad: int = 0, family: str = "pool",
             quick: bool = False) -> "Network":
        short = {"max": "max", "average": "avg"}[kind]
        name = f"{self.name}/{short}{f}x{f}_{c}@{size}" + (f"/{stride}" if stride > 1 else "")
        self.layers.append(Layer(name, family, kind, size, size, c, c, f, f, stride, pad, quick=quick))
        return self


def family_of(f: int, c: int, stride: int, groups: int) -> str:
    if groups == c:
        return "depthwise"
    if groups > 1:
        return "grouped"
    if f == 1:
        return "1x1"
    if f == 3 and stride == 1:
        return "3x3 s1" if c >= 32 else "3x3 s1, C < 32"
    return "strided"


def resnet50() -> list[Layer]:
    n = Network("resnet50").conv(7, 3, 64, 224, 2, quick=True)
    n.conv(1, 64, 256, 56, quick=True).conv(1, 64, 64, 56).conv(1, 256, 64, 56).conv(1, 256, 128, 56)
    n.conv(3, 64, 64, 56, quick=True).conv(1, 256, 512, 56, 2).conv(3, 128, 128, 56, 2, quick=True)
    n.conv(1, 128, 512, 28).conv(1, 512, 128, 28, quick=True).conv(1, 512, 256, 28).conv(3, 128, 128, 28, quick=True)
    n.conv(1, 512, 1024, 28, 2).conv(3, 256, 256, 28, 2)
    n.conv(1, 256, 1024, 14).conv(1, 1024, 256, 14).conv(1, 1024, 512, 14).conv(3, 256, 256, 14, quick=True)
    n.conv(1, 1024, 2048, 14, 2).conv(3, 512, 512, 14, 2)
    n.conv(1, 512, 2048, 7).conv(1, 2048, 512, 7, quick=True).conv(3, 512, 512, 7, quick=True)
    n.pool("max", 3, 64, 112, 2, pad=1, quick=True).pool("average", 7, 2048, 7, quick=True)
    return n.layers


def vgg16() -> list[Layer]:
    n = Network("vgg16").conv(3, 3, 64, 224, family="few channels")
    n.conv(3, 64, 64, 224).conv(3, 64, 128, 112).conv(3, 128, 128, 112).conv(3, 128, 256, 56).conv(3, 256, 256, 56)
    n.conv(3, 256, 512, 28).conv(3, 512, 512, 28, quick=True).conv(3, 512, 512, 14, quick=True)
    n.pool("max", 2, 64, 224, 2, quick=True)
    return n.layers


def mobilenets() -> list[Layer]:
    n = Network("mobilenet").conv(3, 3, 32, 224, 2)
    for c, size, stride in [(32, 112, 1), (64, 112, 2), (128, 56, 1), (128, 56, 2), (256, 28, 1), (256, 28, 2),
                            (512, 14, 1), (512, 14, 2), (1024, 7, 1)]:
        n.conv(3, c, c, size, stride, groups=c, quick=(c, stride) in [(64, 2), (512, 1)])
    for c, o, size in [(32, 64, 112), (64, 128, 56), (128, 128, 56), (128, 256, 28), (256, 256, 28), (256, 512, 14),
                       (512, 512, 14), (512, 1024, 7), (1024, 1024, 7)]:
        n.conv(1, c, o, size, quick=size == 112)
    v2 = Network("mobilenet-v2").conv(1, 16, 96, 112).conv(1, 96, 24, 56, quick=True).conv(1, 24, 144, 56)
    v2.conv(3, 144, 144, 56, 2, groups=144).conv(3, 960, 960, 7, groups=960)
    return n.layers + v2.layers


def yolov3() -> list[Layer]:
    n = Network("yolov3").conv(3, 3, 32, 416, family="strided").conv(3, 32, 64, 416, 2).conv(3, 64, 128, 208, 2)
    n.conv(3, 32, 64, 208).conv(3, 128, 256, 52).conv(3, 512, 1024, 13)
    n.conv(1, 256, 128, 52).conv(1, 1024, 255, 13, quick=True)
    n.pool("max", 5, 512, 20, pad=2, family="big pool", quick=True)
    n.pool("max", 9, 512, 20, pad=4, family="big pool").pool("max", 13, 512, 20, pad=6, family="big pool", quick=True)
    return n.layers


def squeezenet() -> list[Layer]:
    n = Network("squeezenet").conv(3, 3, 64, 224, 2, pad=0)
    for c, squeezed, expanded, size in [(64, 16, 64, 55), (128, 32, 128, 27), (256, 48, 192, 13), (384, 64, 256, 13)]:
        n.conv(1, c, squeezed, size, quick=c == 64).conv(1, squeezed, expanded, size)
        n.conv(3, squeezed, expanded, size, family="" if squeezed >= 32 else "strided")
    return n.conv(1, 512, 1000, 13).layers


def others() -> list[Layer]:
    n = Network("googlenet").pool("max", 3, 192, 28, pad=1, quick=True).pool("average", 3, 192, 28, pad=1)
    n.pool("max", 3, 832, 7, pad=1)
    deeplab = Network("deeplab").conv(3, 256, 256, 28, dilation=2, family="dilated", quick=True)
    deeplab.conv(3, 512, 512, 28, dilation=4, family="dilated")
    unet = Network("unet").conv(3, 1, 16, 572, family="U-Net edges").conv(3, 16, 1, 572, family="U-Net edges")
    resnext = Network("resnext50").conv(3, 128, 128, 56, groups=32)
    efficient = Network("efficientnet").conv(5, 240, 240, 28, groups=240)
    one_off = Network("one-off").conv(3, 63, 63, 56, family="one off", twin="resnet50/3x3_64_64@56")
    one_off.conv(3, 127, 127, 28, family="one off", twin="resnet50/3x3_128_128@28")
    one_off.conv(1, 511, 127, 28, family="one off", twin="resnet50/1x1_512_128@28")
    return [layer for network in (n, deeplab, unet, resnext, efficient, one_off) for layer in network.layers]


def notebook() -> list[Layer]:
    """Section 3.3's example of conv_forward, the hidden test of the version of 2021, section 4.1's pool_forward."""
    conv = Layer("notebook/conv", "notebook", "conv", 5, 7, 4, 8, 3, 3, 2, 1, batch=10, quick=True)
    padded = dataclasses.replace(conv, name="notebook/conv-2021", kh=5, kw=5, batch=2, stride=1, pad=6, quick=False)
    pool = Layer("notebook/max-pool", "notebook", "max", 5, 5, 3, 3, 3, 3, 1, batch=2, quick=True)
    return [conv, padded, pool, dataclasses.replace(pool, name="notebook/average-pool", kind="average", quick=False)]


def more_pools() -> list[Layer]:
    """Measured by their gradients alone."""
    pools = Network("squeezenet").pool("max", 3, 64, 111, 2).pool("max", 3, 256, 27, 2).layers
    pools += Network("densenet").pool("average", 2, 128, 56, 2).pool("average", 2, 512, 14, 2).layers
    pools += Network("digits").pool("max", 2, 8, 28, 2).layers
    return pools + Network("rgb").pool("max", 2, 3, 224, 2).pool("max", 3, 3, 224, 2).pool("average", 2, 3, 224, 2).layers


GRADIENTS = {"conv": [("input_grad", "dA"), ("weights_grad", "dW")],
             "max": [("max_grad", "dA"), ("indices_grad", "dA(indices)")], "average": [("average_grad", "dA")]}


def gradients(layer: Layer) -> list[Layer]:
    """Those of a layer, as layers of their own."""
    return [dataclasses.replace(layer, kind=kind, name=f"{short} {layer.name}", family=f"{short} {layer.family}")
            for kind, short in GRADIENTS[layer.kind]]


LAYERS: list[Layer] = [*notebook(), *resnet50(), *vgg16(), *mobilenets(), *yolov3(), *squeezenet(), *others()]
GRADIENT_LAYERS: list[Layer] = [gradient for layer in [*LAYERS, *more_pools()] for gradient in gradients(layer)]
