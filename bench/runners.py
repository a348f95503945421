"""The near end of worker.py: starts a peer's process and asks it, one question at a time."""

import contextlib
import dataclasses
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import typing

import numpy as np

import layers
import peers
import truth

WORKER = pathlib.Path(__file__).with_name("worker.py")
# Every threading runtime that a peer may use.
THREAD_VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DPCPP_CPU_NUM_CUS",
                    "CONVSTEP_NUM_THREADS"]
# How soon each lets its idle threads sleep: within a millisecond or two, rather than the 20 or 30 of their defaults, so
# that a peer whose turn is over is not in the way of the next. Within a turn the gaps are microseconds.
SLEEP_SOON = {"GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "1", "OPENBLAS_THREAD_TIMEOUT": "21"}  # the last: 2^21 cycles
# How each library is held to the instructions of a lesser CPU, by its own variables.
ISA_VARIABLES = {"avx2": {"CONVSTEP_TARGET": "avx2", "DNNL_MAX_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                          "OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2"}}
PAUSE = 0.005  # seconds between two turns, so that they are asleep

# A thread that was busy for less of a sample shared its core with another program: such samples are not counted.
UNDISTURBED = 0.97
ENOUGH = 3  # undisturbed samples for a median; where the machine is so busy that there are fewer, the fastest counts
# Other programs ran before we began. Of samples of several threads, which nothing tells apart, the fastest then counts.
BUSY_MACHINE = os.getloadavg()[0] > 0.5
TRIES = 4  # at an undisturbed one, each turn
DEBIAN_PYTHON = "/usr/bin/python3"


def interpreter(peer: peers.Peer) -> str:
    here = not peer.elsewhere or importlib.util.find_spec(peer.elsewhere) or not os.access(DEBIAN_PYTHON, os.X_OK)
    return sys.executable if here else DEBIAN_PYTHON


class Runner:
    def __init__(self, peer: peers.Peer, threads: int, build: pathlib.Path, isa: str) -> None:
        self.peer, self.threads = peer, threads
        limits = {name: str(threads) for name in THREAD_VARIABLES}
        environment = os.environ | SLEEP_SOON | ISA_VARIABLES.get(isa, {}) | limits
        self.process = subprocess.Popen(
            [interpreter(peer), str(WORKER), peer.name, peer.module, peer.argument, str(build)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            stderr=None if os.environ.get("CONVSTEP_BENCH_VERBOSE") else subprocess.DEVNULL)
        if threads == 1:  # all on one processor, for another one may be slower by half where its core is shared
            os.sched_setaffinity(self.process.pid, {max(os.sched_getaffinity(0))})
        self.describe = ""
        self.forget()

    def forget(self) -> None:
        self.samples: list[float] = []
        self.busy: list[float] = []
        self.repetitions = 1
        self.failure = ""
        self.error: float | None = None

    def answer(self) -> dict[str, typing.Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "it died", "skip": "it died"}

    def ask(self, do: str, **order: typing.Any) -> dict[str, typing.Any]:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps({"do": do} | order) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # answer() says so
        return self.answer()

    def prepare(self, layer: layers.Layer, setting: typing.Any, batch: int, folder: str, least: float,
                truths: list[np.ndarray]) -> str:
        """Why it cannot run the layer; empty if it can."""
        self.forget()
        output = os.path.join(folder, "output.npy")
        result = self.ask("prepare", layer=dataclasses.asdict(layer), dtype=setting.dtype, threads=setting.threads,
                          batch=batch, folder=folder, least=least, output=output)
        if "skip" in result:
            return result["skip"]
        self.describe, self.repetitions = result["describe"], result["repetitions"]
        if result["checked"]:
            got = np.load(output)
            self.error = max(truth.error(got, index, expected) for index, expected in enumerate(truths))
            if not self.error <= truth.TOLERANCE[setting.dtype]:
                return f"wrong: error {self.error:.1e} ({self.describe})"
        return ""

    def prepare_network(self, model: pathlib.Path, dtype: str, input: str, least: float,
                        truth_of: np.ndarray | None) -> tuple[str, np.ndarray | None]:
        """Why it cannot run the network, empty if it can; and its output."""
        self.forget()
        output = os.path.join(os.path.dirname(input), "output.npy")
        result = self.ask("prepare_network", model=str(model), dtype=dtype, threads=self.threads, input=input, least=least,
                          output=output)
        if "skip" in result:
            return result["skip"], None
        self.describe, self.repetitions = result["describe"], result["repetitions"]
        self.load, self.memory = result["load"], result["memory"]
        got = np.load(output)
        if truth_of is not None:
            self.error = truth.array_error(got, truth_of)
            if not self.error <= truth.NETWORK_TOLERANCE[dtype]:
                return f"wrong: error {self.error:.1e} ({self.describe})", got
        return "", got

    def sample(self) -> None:
        if self.threads > 1:
            time.sleep(PAUSE)
        for _ in range(TRIES):
            result = self.ask("sample", repetitions=self.repetitions)
            if "skip" in result:
                self.failure = result["skip"]
                return
            self.samples.append(result["seconds"])
            self.busy.append(result["busy"])
            if self.threads > 1 or result["busy"] >= UNDISTURBED:
                return

    @property
    def seconds(self) -> float:
        """Of one run: the median of the undisturbed samples."""
        if self.threads > 1:  # nothing tells who waited for whom
            return min(self.samples) if BUSY_MACHINE else statistics.median(self.samples)
        clean = [sample for sample, busy in zip(self.samples, self.busy) if busy >= UNDISTURBED]
        return statistics.median(clean) if len(clean) >= ENOUGH else min(self.samples)

    def close(self) -> None:
        self.process.terminate()
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self.process.wait()
