"""convstep itself, by its adapter bench/network.cc."""

import ctypes
import functools
import pathlib

import numpy as np

from network_problem import NetworkProblem, channels_first, channels_last
from peers import native
from problem import Candidate, Unsupported

MOST_AXES = 8
PROFILED_RUNS = 5


@functools.cache
def load(build: pathlib.Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(build / "bench" / "libconvstep_bench_network.so"))
    pointer, count, text = ctypes.c_void_p, ctypes.c_int64, ctypes.c_char_p
    library.bench_network_create.restype = pointer
    library.bench_network_create.argtypes = [text, count, count, count, ctypes.POINTER(count), pointer, text, count]
    library.bench_network_run.restype, library.bench_network_run.argtypes = ctypes.c_double, [pointer, count]
    library.bench_network_output_shape.restype = library.bench_network_memory.restype = count
    library.bench_network_output_shape.argtypes = [pointer, ctypes.POINTER(count)]
    library.bench_network_output.argtypes = [pointer, pointer]
    library.bench_network_profile.restype, library.bench_network_profile.argtypes = text, [pointer, count]
    library.bench_network_memory.argtypes = library.bench_network_destroy.argtypes = [pointer]
    return library


def version(build: pathlib.Path, argument: str) -> str:
    load(build)
    return native.version(build, "convstep_bench")


class Network(Candidate):
    describe = "NHWC"

    def __init__(self, problem: NetworkProblem) -> None:
        self.library, self.dtype = load(problem.build), problem.dtype
        x = channels_last(problem.input)
        message = ctypes.create_string_buffer(1000)
        shape = (ctypes.c_int64 * x.ndim)(*x.shape)
        self.handle = self.library.bench_network_create(str(problem.model).encode(), x.itemsize, problem.threads, x.ndim,
                                                        shape, x.ctypes.data, message, len(message))
        if not self.handle:
            raise Unsupported(message.value.decode())

    def run(self, repetitions: int) -> float:
        return self.library.bench_network_run(self.handle, repetitions)

    def output(self) -> np.ndarray:
        lengths = (ctypes.c_int64 * MOST_AXES)()
        rank = self.library.bench_network_output_shape(self.handle, lengths)
        result = np.empty(lengths[:rank], self.dtype)
        self.library.bench_network_output(self.handle, result.ctypes.data)
        return channels_first(result)

    def profile(self) -> str:
        return self.library.bench_network_profile(self.handle, PROFILED_RUNS).decode()

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.library.bench_network_destroy(self.handle)


def ways(problem: NetworkProblem) -> list[type[Network]]:
    return [Network]
