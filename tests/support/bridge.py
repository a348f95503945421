"""A program of the tests that answers one line for every line it is sent."""

import pathlib
import subprocess
from types import TracebackType


class Bridge:
    """Talks to npy_bridge; see tests/io/npy_bridge.cc for its commands."""

    def __init__(self, program: pathlib.Path) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Bridge":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)
        assert self.process.returncode == 0

    def ask(self, *words: object) -> str:
        """The reply to one command."""
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def run(self, *words: object) -> None:
        """A command that must succeed."""
        assert self.ask(*words) == "ok"
