"""Talks to operations_bridge.cc: one node of a network in, its outputs back (the format is described there)."""

import dataclasses
import pathlib
import subprocess
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Input:
    """An array, or one that is left out; `order` is that of its axes in memory."""

    array: np.ndarray | None = None
    constant: bool = False
    order: tuple[int, ...] | None = None

    @property
    def words(self) -> str:
        if self.array is None:
            return ":-"
        kind = "i" if self.array.dtype.kind in "iub" else "r"
        order = self.order or range(self.array.ndim)
        return f":{kind.upper() if self.constant else kind} {numbers(self.array.shape)} {numbers(order)}"

    @property
    def data(self) -> bytes:
        if self.array is None:
            return b""
        return self.array.astype(np.int64 if self.array.dtype.kind in "iub" else np.float64).tobytes()


@dataclasses.dataclass(frozen=True)
class Node:
    operation: str
    attributes: dict[str, object]
    inputs: Sequence[Input]
    outputs: int = 1

    def line(self, dtype: str) -> str:
        words = [self.operation, dtype, str(self.outputs)]
        words += [f"{name}={attribute(value)}" for name, value in self.attributes.items()]
        return "\t".join([*words, *(given.words for given in self.inputs)]) + "\n"


class RefusedError(Exception):
    """What the operation throws: the argument that it names, and its message."""


def numbers(values: Sequence[int]) -> str:
    return ",".join(str(int(value)) for value in values)


def attribute(value: object) -> str:
    if isinstance(value, bool | int | np.integer):
        return f"i {int(value)}"
    if isinstance(value, float):
        return f"f {value!r}"
    return f"s {value}" if isinstance(value, str) else f"I {numbers(value)}"


class Operations:
    """The bridge, for as long as the context is open."""

    def __init__(self, program: pathlib.Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> "Operations":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        assert self.process.returncode == 0

    def run(self, node: Node, dtype: str) -> list[np.ndarray]:
        self.process.stdin.write(node.line(dtype).encode() + b"".join(i.data for i in node.inputs))
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().rstrip("\n")
        if answer != "ok":
            raise RefusedError(*answer.removeprefix("error ").split("\t"))
        return [self.read(dtype) for _ in range(node.outputs)]

    def read(self, dtype: str) -> np.ndarray:
        kind, _, words = self.process.stdout.readline().decode().rstrip("\n").partition(" ")
        shape = [int(word) for word in words.split(",") if word]
        data = self.process.stdout.read(8 * int(np.prod(shape, dtype=np.int64)))
        array = np.frombuffer(data, np.int64 if kind == "i" else np.float64).reshape(shape)
        return array if kind == "i" else array.astype(dtype)
