"""ONNX Runtime. Its convolution (MLAS) wants channels in blocks of a vector (NCHWc); it reorders input and output
around that. We let it optimise the model, take those two reorders away, and feed it blocked arrays, so that the layer
alone is timed; the model as it came is the other candidate."""

import pathlib
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

from peers.onnx_model import model
from problem import Candidate, Problem, Unsupported

BLOCKED = "com.microsoft.nchwc"
QUIET = 4  # log_severity_level: fatal
PROVIDERS = ["CPUExecutionProvider"]


def version(build: pathlib.Path, argument: str) -> str:
    return onnxruntime.__version__


def options(threads: int) -> onnxruntime.SessionOptions:
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads, chosen.inter_op_num_threads = threads, 1
    chosen.log_severity_level = QUIET
    return chosen


class Session(Candidate):
    def __init__(self, problem: Problem, proto: onnx.ModelProto, block_in: int, block_out: int) -> None:
        self.problem, self.block_out = problem, block_out
        self.session = onnxruntime.InferenceSession(proto.SerializeToString(), options(problem.threads), PROVIDERS)
        self.x = blocked(problem.input, block_in)
        self.y = np.empty((problem.batch, round_up(problem.layer.o, block_out), problem.layer.oh, problem.layer.ow),
                          problem.dtype)
        self.binding = self.session.io_binding()
        self.binding.bind_cpu_input("x", self.x)
        self.binding.bind_output("y", "cpu", 0, self.y.dtype, self.y.shape, self.y.ctypes.data)
        self.describe = "NCHWc" if block_out > 1 else "NCHW"

    def run(self, repetitions: int) -> float:
        run, binding = self.session.run_with_iobinding, self.binding
        start = time.perf_counter()
        for _ in range(repetitions):
            run(binding)
        return time.perf_counter() - start

    def output(self) -> np.ndarray:
        n, _, h, w = self.y.shape
        blocks = self.y.reshape(n, -1, h, w, self.block_out)
        return blocks.transpose(0, 2, 3, 1, 4).reshape(n, h, w, -1)[..., :self.problem.layer.o]


def round_up(count: int, block: int) -> int:
    return -(-count // block) * block


def blocked(images: np.ndarray, block: int) -> np.ndarray:
    """[N,H,W,C] as [N,C/block,H,W,block], the last block filled up with zeros, in the shape [N,C,H,W]."""
    n, h, w, c = images.shape
    full = np.zeros((n, h, w, round_up(c, block)), images.dtype)
    full[..., :c] = images
    blocks = np.ascontiguousarray(full.reshape(n, h, w, -1, block).transpose(0, 3, 1, 2, 4))
    return blocks.reshape(n, -1, h, w)


def without_reorders(problem: Problem, proto: onnx.ModelProto) -> tuple[onnx.ModelProto, int, int] | None:
    """The optimised model between its reorders, and the blocks of its input and output; None where there are none."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = options(problem.threads)
        chosen.optimized_model_filepath = str(pathlib.Path(folder, "optimised.onnx"))
        onnxruntime.InferenceSession(proto.SerializeToString(), chosen, PROVIDERS)
        optimised = onnx.load(chosen.optimized_model_filepath)
    graph = optimised.graph
    middle = [node for node in graph.node if not node.op_type.startswith("Reorder")]
    if len(middle) != 1 or middle[0].domain != BLOCKED:
        return None
    block = block_size()
    block_in = block if any(node.op_type == "ReorderInput" for node in graph.node) else 1
    middle[0].input[0], middle[0].output[0] = "x", "y"
    del graph.node[:]
    graph.node.extend(middle)
    ends = (graph.input[0], problem.layer.c, block_in), (graph.output[0], problem.layer.o, block)
    for value, channels, size in ends:
        value.type.tensor_type.shape.dim[1].dim_value = round_up(channels, size)
    return optimised, block_in, block


def block_size() -> int:
    """Of MLAS: a vector of AVX-512, or of AVX."""
    return 16 if " avx512f " in pathlib.Path("/proc/cpuinfo").read_text() else 8


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    proto = model(problem)
    try:
        found: list[Candidate] = [Session(problem, proto, 1, 1)]
    except Exception as error:
        raise Unsupported(str(error)) from error
    inner = without_reorders(problem, proto)
    if inner:
        found.append(Session(problem, *inner))
    return found
