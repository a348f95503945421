"""Peers behind native.h: convstep itself, and oneDNN. The repetitions run inside the library."""

import ctypes
import functools
import pathlib

import numpy as np

from problem import Candidate, Problem, Unsupported

KINDS = {"conv": 0, "max": 1, "average": 2, "input_grad": 3, "weights_grad": 4, "max_grad": 5, "indices_grad": 6,
         "average_grad": 7}
FIELDS = ["kind", "bytes", "threads", "n", "h", "w", "c", "o", "kh", "kw", "stride", "dilation", "groups", "pad", "oh",
          "ow"]


class BenchLayer(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in FIELDS]


@functools.cache
def load(build: pathlib.Path, name: str) -> ctypes.CDLL:
    library = ctypes.CDLL(str(build / "bench" / f"lib{name}.so"))
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    library.bench_create.restype = pointer
    library.bench_create.argtypes = [ctypes.POINTER(BenchLayer), count, *[pointer] * 3, ctypes.c_char_p, count]
    library.bench_run.restype = ctypes.c_double
    library.bench_run.argtypes = [pointer, count]
    library.bench_output.argtypes = [pointer, pointer]
    library.bench_describe.restype = library.bench_version.restype = ctypes.c_char_p
    library.bench_describe.argtypes = library.bench_destroy.argtypes = [pointer]
    library.bench_ways.restype = count
    return library


def peak_flops(build: pathlib.Path, dtype: str) -> float:
    """The measured ceiling of one core, in floating-point operations per second."""
    function = load(build, "convstep_bench").bench_peak_flops
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_int64]
    return function(np.dtype(dtype).itemsize)


def version(build: pathlib.Path, argument: str) -> str:
    return load(build, argument.partition(":")[0]).bench_version().decode()


class Native(Candidate):
    def __init__(self, library: ctypes.CDLL, problem: Problem, way: int) -> None:
        self.library, self.problem = library, problem
        size = np.dtype(problem.dtype).itemsize
        wanted = {"kind": KINDS[problem.layer.kind], "bytes": size, "threads": problem.threads, "n": problem.batch}
        layer = BenchLayer(*[wanted.get(name, getattr(problem.layer, name, None)) for name in FIELDS])
        message = ctypes.create_string_buffer(1000)
        data = [array.ctypes.data for array in (problem.input, problem.weights, problem.bias)]
        self.handle = library.bench_create(layer, way, *data, message, len(message))
        if not self.handle:
            raise Unsupported(message.value.decode())
        self.describe = library.bench_describe(self.handle).decode()

    def run(self, repetitions: int) -> float:
        seconds = self.library.bench_run(self.handle, repetitions)
        if seconds < 0:
            raise Unsupported("fails when run")
        return seconds

    def output(self) -> np.ndarray | None:
        if self.describe == "memcpy":
            return None
        result = np.empty(self.problem.output_shape, self.problem.dtype)
        self.library.bench_output(self.handle, result.ctypes.data)
        return result

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.library.bench_destroy(self.handle)


def candidates(problem: Problem, argument: str) -> list[Candidate]:
    name, _, way = argument.partition(":")
    library = load(problem.build, name)
    ways = [int(way)] if way else range(library.bench_ways())
    found: list[Candidate] = []
    why = Unsupported("no way")
    for number in ways:
        try:
            found.append(Native(library, problem, number))
        except Unsupported as error:
            why = error
    if not found:
        raise why
    return found
