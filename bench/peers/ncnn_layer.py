"""ncnn: a net of one layer, fed with its own packed layout, and asked for its output as it is (type=1), so that neither
the packing nor the unpacking is timed. It takes one image at a time."""

import pathlib
import tempfile
import time

import ncnn
import numpy as np

from problem import Candidate, Problem, Unsupported

FLOAT_TAG = b"\0\0\0\0"  # ahead of the weights: float32, not quantised
RAW = 1  # extract(): do not convert the layout
PACKS = (16, 8, 4)


def version(build: pathlib.Path, argument: str) -> str:
    return ncnn.__version__


def parameters(problem: Problem) -> str:
    layer = problem.layer
    if layer.kind == "conv":
        weights = layer.kh * layer.kw * layer.c // layer.groups * layer.o
        kind = "ConvolutionDepthWise" if layer.groups > 1 else "Convolution"
        values = {0: layer.o, 1: layer.kw, 11: layer.kh, 2: layer.dilation, 3: layer.stride, 4: layer.pad, 5: 1,
                  6: weights, 7: layer.groups}
        if layer.groups == 1:
            del values[7]
    else:
        # 5=1: the window stops at the border (floor), 6=0: the border does not count in an average.
        kind = "Pooling"
        values = {0: int(layer.kind == "average"), 1: layer.kw, 11: layer.kh, 2: layer.stride, 3: layer.pad, 5: 1, 6: 0}
        if (layer.kh, layer.kw) == (layer.h, layer.w) and not layer.pad:
            values = {0: values[0], 4: 1}
    settings = " ".join(f"{key}={value}" for key, value in values.items())
    return f"7767517\n2 2\nInput input 0 1 x\n{kind} layer 1 1 x y {settings}\n"


def opened(threads: int, settings: dict[str, bool], parameters: str, weights: bytes) -> tuple[ncnn.Net, list[object]]:
    """A net, and the memory that it keeps from run to run, which has to live as long."""
    net = ncnn.Net()
    option = net.opt
    option.num_threads = threads
    option.use_fp16_packed = option.use_fp16_storage = option.use_fp16_arithmetic = False
    option.use_bf16_storage = option.use_bf16_packed = option.use_vulkan_compute = False
    option.lightmode, option.openmp_blocktime = True, 1  # the latter as in runners.SLEEP_SOON
    option.blob_allocator, option.workspace_allocator = memory = [ncnn.PoolAllocator(), ncnn.PoolAllocator()]
    for name, value in settings.items():
        setattr(option, name, value)
    with tempfile.TemporaryDirectory() as folder:
        param, model = pathlib.Path(folder, "net.param"), pathlib.Path(folder, "net.bin")
        param.write_text(parameters)
        model.write_bytes(weights)
        if net.load_param(str(param)) or net.load_model(str(model)):
            raise Unsupported("ncnn does not load it")
    return net, memory


class OneLayer(Candidate):
    def __init__(self, problem: Problem, **options: bool) -> None:
        self.problem = problem
        weights = np.ascontiguousarray(problem.weights.transpose(3, 2, 0, 1))
        tag = FLOAT_TAG if problem.layer.kind == "conv" else b""
        data = tag + weights.tobytes() + problem.bias.tobytes()
        self.net, self.memory = opened(problem.threads, options, parameters(problem), data)
        self.describe = ", ".join(f"{name}={value}" for name, value in options.items()) or "packed"
        pack = next((p for p in PACKS if problem.layer.c % p == 0), 1)
        self.planes = [np.ascontiguousarray(image.transpose(2, 0, 1)) for image in problem.input]
        self.inputs = []
        for planes in self.planes:  # a Mat borrows the array without keeping it alive
            packed = ncnn.Mat()
            ncnn.convert_packing(ncnn.Mat(planes), packed, pack)
            self.inputs.append(packed)

    def results(self) -> list[ncnn.Mat]:
        results = []
        for image in self.inputs:
            extractor = self.net.create_extractor()
            extractor.input("x", image)
            status, mat = extractor.extract("y", RAW)
            if status:
                raise Unsupported(f"ncnn fails with {status}")
            results.append(mat)
        return results

    def run(self, repetitions: int) -> float:
        net, inputs = self.net, self.inputs
        start = time.perf_counter()
        for _ in range(repetitions):
            for image in inputs:
                extractor = net.create_extractor()
                extractor.input("x", image)
                extractor.extract("y", RAW)
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        images = []
        for mat in self.results():
            plain = ncnn.Mat()
            ncnn.convert_packing(mat, plain, 1)
            planes = np.array(plain)
            if planes.ndim == 1:  # global pooling leaves a vector
                planes = planes[:, None, None]
            images.append(planes.transpose(1, 2, 0))
        return np.stack(images)


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    if problem.dtype != "float32":
        raise Unsupported("float32 only")
    if problem.layer.kind != "conv" or problem.layer.groups > 1 or problem.layer.kh != 3:
        return [OneLayer(problem)]
    # It does not always choose its fastest way by itself.
    return [OneLayer(problem), OneLayer(problem, use_winograd_convolution=False),
            OneLayer(problem, use_winograd63_convolution=False)]
