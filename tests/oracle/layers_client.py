"""Talks to layers_bridge.cc and backward_bridge.cc: requests out, answers back (the format is described there)."""

import dataclasses
import os
import pathlib
import subprocess

import numpy as np

# In the order in which their elements follow a request; `where` are indices, `start` what an output holds before.
ARRAYS = ("input", "weights", "bias", "residual", "grad", "where", "start")


@dataclasses.dataclass
class Call:
    """One call of the C++ library. `arrays` is keyed by the names in ARRAYS; options are numbers or tuples."""

    operation: str
    dtype: np.dtype
    arrays: dict[str, np.ndarray]
    output_shape: tuple[int, ...]
    options: dict = dataclasses.field(default_factory=dict)
    strides: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    indices: bool = False
    in_place: bool = False

    def encode(self) -> bytes:
        words = [self.operation, np.dtype(self.dtype).name]
        shapes = {name: self.arrays[name].shape for name in ARRAYS if name in self.arrays}
        shapes["output"] = self.output_shape
        if self.indices:
            shapes["indices"] = self.output_shape
        lists = {**shapes, **{f"{name}.strides": strides for name, strides in self.strides.items()}}
        words += [f"{key}={','.join(map(str, value))}" for key, value in lists.items()]
        for key, value in self.options.items():
            words.append(f"{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}")
        if self.in_place:
            words.append("in_place=1")
        elements = [self.arrays[name].astype(np.int64 if name == "where" else self.dtype).tobytes()
                    for name in ARRAYS if name in self.arrays]
        return " ".join(words).encode() + b"\n" + b"".join(elements)

    def describe(self) -> str:
        return self.encode().split(b"\n", 1)[0].decode()


@dataclasses.dataclass
class Reply:
    """What came back: an array, or the kind, argument and message of an error."""

    output: np.ndarray | None = None
    indices: np.ndarray | None = None
    kind: str = ""
    argument: str = ""
    message: str = ""


def run(build_dir: pathlib.Path, calls: list[Call], program: str = "layers_bridge") -> list[Reply]:
    """All calls in one process, in order."""
    bridge = build_dir / "tests" / program
    assert os.access(bridge, os.X_OK), f"{bridge} is missing: build the target {program}, or set CONVSTEP_BUILD_DIR"
    done = subprocess.run([bridge], input=b"".join(call.encode() for call in calls), capture_output=True, check=False)
    assert done.returncode == 0, f"the bridge ended with {done.returncode}: {done.stderr.decode()[-4000:]}"
    replies, rest = [], memoryview(done.stdout)
    for call in calls:
        reply, rest = _decode(call, rest)
        replies.append(reply)
    assert not rest, "the bridge said more than it was asked"
    return replies


def _decode(call: Call, rest: memoryview) -> tuple[Reply, memoryview]:
    end = bytes(rest[:4096]).index(b"\n")
    status, _, text = bytes(rest[:end]).decode().partition(" ")
    rest = rest[end + 1:]
    if status == "error":
        kind, argument, message = text.split("\t", 2)
        return Reply(kind=kind, argument=argument, message=message), rest
    assert status == "ok", f"{status} {text}: {call.describe()}"
    assert text == str(tuple(call.output_shape)), f"shape {text}: {call.describe()}"
    count = int(np.prod(call.output_shape, dtype=np.int64))
    found = []
    for dtype in [call.dtype, np.int64][:1 + call.indices]:
        size = count * np.dtype(dtype).itemsize
        found.append(np.frombuffer(rest[:size], dtype).reshape(call.output_shape))
        rest = rest[size:]
    return Reply(*found), rest
