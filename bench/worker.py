"""Runs one peer, in a process of its own with its own number of threads, and takes orders from compare.py and
networks.py.

    python bench/worker.py NAME MODULE ARGUMENT BUILD       (one JSON object a line, in and out)
"""

import dataclasses
import gc
import importlib
import json
import os
import pathlib
import sys
import time
import traceback
import typing

import numpy as np

import layers
from network_problem import NetworkProblem
from problem import Candidate, Problem, Unsupported

CHOOSING_ROUNDS = 3  # of each candidate, interleaved; the fastest is kept
LONG = 0.1  # a first run of so many seconds tells enough
LONG_ENOUGH = 0.02  # a run of so many seconds needs no other one ahead of it to warm the caches


class Worker:
    def __init__(self, module: str, argument: str, build: str) -> None:
        self.argument, self.build = argument, pathlib.Path(build)
        self.peer = importlib.import_module("peers." + module)
        self.candidate: Candidate | None = None

    def version(self) -> dict[str, typing.Any]:
        return {"version": self.peer.version(self.build, self.argument)}

    def prepare(self, layer: dict[str, typing.Any], dtype: str, threads: int, batch: int, folder: str,
                least: float, output: str) -> dict[str, typing.Any]:
        self.candidate = None
        gc.collect()
        arrays = [np.load(os.path.join(folder, name + ".npy"), mmap_mode="r") for name in ("input", "weights", "bias")]
        problem = Problem(layers.Layer(**layer), dtype, threads, batch, *arrays, self.build)
        return self.choose(lambda: self.peer.candidates(problem, self.argument), least, output, [0, -1])

    def prepare_network(self, model: str, dtype: str, threads: int, input: str, least: float,
                        output: str) -> dict[str, typing.Any]:
        self.candidate = None
        gc.collect()
        problem = NetworkProblem(pathlib.Path(model), dtype, threads, np.load(input), self.build)
        costs: list[Costs] = []

        def candidates() -> list[Candidate]:
            found = [first_run(way, problem) for way in self.peer.ways(problem)]
            costs.extend(cost for _, cost in found)
            return [candidate for candidate, _ in found]

        result = self.choose(candidates, least, output, slice(None))
        return result | dataclasses.asdict(min(costs, key=lambda cost: cost.load)) if costs else result

    def choose(self, candidates: typing.Callable[[], list[Candidate]], least: float, output: str,
               images: typing.Any) -> dict[str, typing.Any]:
        """The fastest is kept, and these images of its output."""
        try:
            self.candidate, seconds = fastest(candidates())
        except Unsupported as error:
            return {"skip": str(error)}
        self.warm = seconds < LONG_ENOUGH
        result = self.candidate.output()
        if result is not None:
            np.save(output, np.asarray(result)[images])
        return {"describe": self.candidate.describe, "repetitions": max(1, round(least / seconds)), "seconds": seconds,
                "checked": result is not None}

    def profile(self) -> dict[str, str]:
        return {"profile": self.candidate.profile()}

    def sample(self, repetitions: int) -> dict[str, float]:
        assert self.candidate
        if self.warm:
            self.candidate.run(1)
        before = time.process_time()
        seconds = self.candidate.run(repetitions)
        return {"seconds": seconds / repetitions, "busy": (time.process_time() - before) / seconds}

    def drop(self) -> dict[str, typing.Any]:
        self.candidate = None
        gc.collect()
        return {}


@dataclasses.dataclass
class Costs:
    load: float  # seconds from the file to what can be run
    memory: int  # bytes that the process grows by in a first run


def first_run(way: type[Candidate], problem: NetworkProblem) -> tuple[Candidate, Costs]:
    start = time.perf_counter()
    candidate = way(problem)
    load = time.perf_counter() - start
    before = resident_bytes()
    candidate.run(1)
    return candidate, Costs(load, resident_bytes() - before)


def resident_bytes() -> int:
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fastest(found: list[Candidate]) -> tuple[Candidate, float]:
    """The candidate that takes least, and how long one run of it takes."""
    best: dict[int, float] = {}
    for number, candidate in enumerate(found):
        best[number] = candidate.run(1)
    for _ in range(CHOOSING_ROUNDS):
        for number, candidate in enumerate(found):
            if best[number] < (LONG if len(found) > 1 else LONG_ENOUGH):
                best[number] = min(candidate.run(1), best[number])
    number = min(best, key=lambda key: best[key])
    return found[number], best[number]


def main() -> None:
    _, _, module, argument, build = sys.argv
    # Libraries that print must not be taken for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: dict[str, typing.Any]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        worker = Worker(module, argument, build)
        answer(worker.version())
    except (ImportError, OSError) as error:
        answer({"missing": str(error)})
        return
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer(getattr(worker, order.pop("do"))(**order))
        except Exception as error:  # one layer that fails must not end the run
            traceback.print_exc()
            answer({"skip": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
