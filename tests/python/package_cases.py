"""Arrays as Python users have them, for the tests of the package: every dtype and every arrangement in memory."""

import dataclasses
import hashlib
import random

import numpy as np

from oracle import EXPLICIT, SAME_LOWER, SAME_UPPER, Answer
from layers_client import Reply
from test_oracle import complaint

FLOATS = ("f4", "f8", ">f4", ">f8")
WHOLE = ("?", "i1", "u2", "i4", ">i2", "i8")
PLACEHOLDER = 0xA5  # what the gaps between the elements hold


def kept(*arrays: np.ndarray | None) -> np.dtype:
    """The dtype that the package computes in: float32 where all arrays have it, otherwise float64."""
    single = all(array.dtype.newbyteorder("=") == np.float32 for array in arrays if array is not None)
    return np.dtype(np.float32 if single else np.float64)


def to_nchw(array: np.ndarray) -> np.ndarray:
    return array.transpose(0, 3, 1, 2)


def filters_first(weights: np.ndarray) -> np.ndarray:
    """(KH, KW, C, O) -> (O, C, KH, KW)."""
    return weights.transpose(3, 2, 0, 1)


def digest(memory: np.ndarray) -> bytes:
    return hashlib.blake2b(memory.data).digest()


@dataclasses.dataclass
class Memory:
    """The bytes that an array lies in, gaps included."""

    bytes_: np.ndarray
    before: bytes

    def is_unchanged(self) -> bool:
        return digest(self.bytes_) == self.before


def strided(draw: random.Random, shape: tuple[int, ...], dtype: np.dtype, shift: int = 0) -> np.ndarray:
    """An array with its axes in any order, gaps and negative strides, `shift` bytes off. Its base holds PLACEHOLDER."""
    order = list(range(len(shape)))
    if draw.random() < 0.5:
        draw.shuffle(order)
    strides, step, first = [0] * len(shape), dtype.itemsize * draw.choice((1, 1, 2, 3)), shift
    for axis in reversed(order):
        strides[axis] = step * draw.choice((1, 1, -1))
        first -= min(strides[axis], 0) * max(shape[axis] - 1, 0)
        step = step * max(shape[axis], 1) + dtype.itemsize * draw.choice((0, 0, 1, 5))
    return np.ndarray(shape, dtype, np.full(shift + step + dtype.itemsize, PLACEHOLDER, np.uint8), first, strides)


def same_place(memory: np.ndarray, array: np.ndarray) -> np.ndarray:
    """The elements of `memory`, a copy of the array's base, where the array has its own."""
    first = array.__array_interface__["data"][0] - array.base.__array_interface__["data"][0]
    return np.ndarray(array.shape, array.dtype, memory, first, array.strides)


class Case:
    """The random choices of one call, and the arrays that it must not change."""

    def __init__(self, seed: int):
        self.draw = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.values = self.draw.choice(("normal", "normal", "integer", "special"))
        self.layout = self.draw.choice(("NHWC", "NHWC", "NCHW"))
        self.memories: list[Memory] = []

    def chance(self, probability: float) -> bool:
        return self.draw.random() < probability

    def choice(self, options: tuple):
        return self.draw.choice(options)

    def dtype(self) -> str:
        return self.choice(FLOATS) if self.chance(0.8) else self.choice(WHOLE)

    def array(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """Values of one dtype, native and dense."""
        native = np.dtype(dtype).newbyteorder("=")
        if native.kind != "f":
            return self.numpy.integers(0, 2 if native.kind == "b" else 9, shape).astype(native)
        if self.values == "integer":
            return self.numpy.integers(-8, 9, shape).astype(native)
        x = self.numpy.standard_normal(shape).astype(native)
        if self.values == "special":
            odd = self.numpy.random(shape) < self.choice((0.02, 0.3))
            x[odd] = self.numpy.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], np.count_nonzero(odd))
        return x

    def given(self, values: np.ndarray, dtype: str) -> np.ndarray:
        """The same values in some arrangement: gaps, any order of the axes, negative strides, misaligned, read-only."""
        if self.chance(0.25):
            array = values.astype(dtype, order=self.choice(("C", "F")))
            memory = array.reshape(-1, order="A").view(np.uint8)
        else:
            shift = self.draw.randint(1, 7) if self.chance(0.15) else 0
            array = strided(self.draw, values.shape, np.dtype(dtype), shift)
            array[...] = values
            memory = array.base
        if self.chance(0.2):
            array.flags.writeable = False
        self.memories.append(Memory(memory, digest(memory)))
        return array

    def repeated(self, values: np.ndarray) -> np.ndarray:
        """Sometimes one axis says the same over and over, with a stride of zero."""
        if values.size == 0 or not self.chance(0.1):
            return values
        axis = self.draw.randrange(values.ndim)
        return np.broadcast_to(np.take(values, [0], axis), values.shape)

    def input(self, shape: tuple[int, ...], dtype: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Values in the order (N, H, W, C), and the array to pass, in the order of the layout."""
        dtype = dtype or self.dtype()
        values = self.repeated(self.array(shape, dtype))
        ordered = to_nchw(values) if self.layout == "NCHW" and len(shape) == 4 else values
        if values.base is not None and 0 in values.strides and self.chance(0.5):
            self.memories.append(Memory(values.base, digest(values.base)))
            return values, ordered
        return values, self.given(ordered, dtype)

    def out(self, answer: Answer, dtype: np.dtype) -> np.ndarray | None:
        """None, or where to write the result: dense or with gaps."""
        shape = self.ordered(np.asarray(answer.value)).shape
        return self.choice((None, None, np.empty(shape, dtype), strided(self.draw, shape, dtype)))

    def ordered(self, array: np.ndarray) -> np.ndarray:
        return to_nchw(array) if self.layout == "NCHW" else array

    def spelled(self, pair: tuple[int, int]):
        """(height, width) in one of the ways that Python users write it."""
        ways = [pair, list(pair), tuple(np.int64(number) for number in pair)]
        return self.choice((pair[0], np.int32(pair[0])) if pair[0] == pair[1] and self.chance(0.7) else tuple(ways))

    def spelled_padding(self, padding: tuple[int, ...]):
        top, bottom, left, right, rule = padding
        if rule != EXPLICIT:
            return self.choice({SAME_UPPER: ("same", "same_upper"), SAME_LOWER: ("same_lower",)}[rule])
        ways = [((top, bottom), (left, right)), [[top, bottom], (left, right)]]
        if (top, left) == (bottom, right):
            ways.append((top, left))
        if top == bottom == left == right:
            ways = ["valid"] if top == 0 and self.chance(0.5) else [top]
        return self.choice(tuple(ways))


def check(case: Case, answer: Answer, got: np.ndarray, out: np.ndarray | None, dtype: np.dtype,
          indices: np.ndarray | None = None) -> None:
    """The result is right, lies where it should, and nothing else has changed."""
    value = case.ordered(np.asarray(answer.value))
    assert type(got) is np.ndarray and got.dtype == dtype and got.shape == value.shape
    tolerance = answer.tolerance if np.ndim(answer.tolerance) == 0 else case.ordered(answer.tolerance)
    wanted = None if answer.indices is None else case.ordered(answer.indices)
    assert complaint(Answer(value, tolerance, wanted), Reply(got, indices), exact=False) == ""
    if out is None:
        assert got.flags.c_contiguous and got.flags.owndata and got.flags.writeable
    else:
        assert got is out
        if out.base is not None:
            memory = out.base.copy()
            gap = np.full(out.itemsize, PLACEHOLDER, np.uint8).view(out.dtype)
            same_place(memory, out).view(f"u{out.itemsize}")[...] = gap.view(f"u{out.itemsize}")
            assert (memory == PLACEHOLDER).all(), "elements outside of the output were written"
    assert all(memory.is_unchanged() for memory in case.memories), "an input has changed"
