"""Calls of a function in a process of their own, which may hang, crash, print and fill the memory there."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import pickle
import resource
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_MORE_MEMORY = 2 << 30  # bytes that a function may take beyond what the process has
_GRACE = 1.0  # seconds after the deadline in which the child may say where it is


class OutOfTime(BaseException):
    """The deadline, raised where the function is."""


@dataclass
class Trials:
    """What came of the calls: what `call` returned for each case that ended, and how the process did."""

    reports: list[Any] = field(default_factory=list)
    ended: str = "well"  # or "crash", "hang"
    status: str = ""  # of a crash: "by signal SIGSEGV", "with os._exit(3)"


def run(call: Callable[[Any], Any], cases: list[Any], seconds: float) -> Trials:
    """call(case) for each case in a child process, until one report says that it is the last by being falsy.

    A call may raise OutOfTime where it is, which `call` catches and reports. The parent's Ctrl-C ends the child.
    """
    receiving, sending = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads
        child = os.fork()
    if child == 0:
        _be_the_child(call, cases, seconds, receiving, sending)
    os.close(sending)
    trials = Trials()
    try:
        trials.ended = "well" if _collect(receiving, trials.reports, seconds + _GRACE) else "hang"
    finally:
        os.close(receiving)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if trials.ended == "well" and not (trials.reports and trials.reports[-1] == "end"):
        trials.ended = "crash"
        trials.status = _status_text(status)
    if trials.ended == "well":
        trials.reports.pop()
    return trials


def _status_text(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return f"by the signal {name}"
    return f"with the exit status {os.WEXITSTATUS(status)}"


def _collect(pipe: int, reports: list[Any], seconds: float) -> bool:
    """Reads reports until the pipe is closed; False where that takes too long."""
    end = time.monotonic() + seconds
    poll = select.poll()
    poll.register(pipe, select.POLLIN | select.POLLHUP)
    waiting = b""
    while True:
        left = end - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return False
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            return True
        waiting += chunk
        while len(waiting) >= 8:
            (length,) = struct.unpack("<q", waiting[:8])
            if len(waiting) < 8 + length:
                break
            reports.append(pickle.loads(waiting[8 : 8 + length]))
            waiting = waiting[8 + length :]
            if reports[-1] == "end":
                return True


def _send(pipe: int, report: Any) -> None:
    data = pickle.dumps(report)
    data = struct.pack("<q", len(data)) + data
    while data:
        data = data[os.write(pipe, data) :]


def stop_the_clock() -> None:
    """No more OutOfTime, once it was heard."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def _be_the_child(call: Callable[[Any], Any], cases: list[Any], seconds: float, receiving: int, sending: int) -> None:
    """Never returns."""
    try:
        os.close(receiving)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends this process
        signal.signal(signal.SIGALRM, _out_of_time)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)  # again and again, where somebody catches everything
        _quieten()
        _limit_memory()
        _limit_time(seconds)
        for case in cases:
            report = call(case)
            _send(sending, report)
            if report.get("last"):
                break
        _send(sending, "end")
    except OutOfTime:  # between two calls
        stop_the_clock()
        _send(sending, {"hang": None, "last": True})
        _send(sending, "end")
    except BaseException:
        with contextlib.suppress(BaseException):
            _send(sending, {"fault": traceback.format_exc(), "last": True})
            _send(sending, "end")
    finally:
        os._exit(0)  # without what the parent has registered for its own end


def _quieten() -> None:
    """Nothing that is printed or read is the parent's, nor are Python's words on a crash."""
    faulthandler.disable()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    sys.stdin = open(os.devnull, encoding="utf-8")
    warnings.simplefilter("ignore")


def _limit_memory() -> None:
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as statm:
            taken = int(statm.read().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = taken + _MORE_MEMORY
        if soft == resource.RLIM_INFINITY or soft > limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _limit_time(seconds: float) -> None:
    """Ends the child some time after its parent should have, where that was killed."""
    most = int(seconds + 10) * (os.cpu_count() or 1)  # of all its threads together
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))


class Printed(io.RawIOBase):
    """A stream that counts lines and keeps none."""

    def __init__(self) -> None:
        self.lines = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.lines += bytes(data).count(b"\n")
        return len(data)


@contextlib.contextmanager
def counted_prints() -> Iterator[Printed]:
    """What is printed within is counted."""
    printed = Printed()
    stream = io.TextIOWrapper(io.BufferedWriter(printed), encoding="utf-8", errors="replace")
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            yield printed
        finally:
            with contextlib.suppress(ValueError):  # where it was closed
                stream.flush()
