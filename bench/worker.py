"""Runs one peer, in a process of its own with its own number of threads, and takes orders from compare.py.

    python bench/worker.py NAME MODULE ARGUMENT BUILD       (one JSON object a line, in and out)
"""

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
        try:
            found = self.peer.candidates(problem, self.argument)
            self.candidate, seconds = fastest(found)
        except Unsupported as error:
            return {"skip": str(error)}
        self.warm = seconds < LONG_ENOUGH
        result = self.candidate.output()
        if result is not None:
            np.save(output, np.asarray(result)[[0, -1]])
        return {"describe": self.candidate.describe, "repetitions": max(1, round(least / seconds)), "seconds": seconds,
                "checked": result is not None}

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
