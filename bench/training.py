"""What a step of training costs: convstep's Network and PyTorch, the same small network on the same batches.

    .venv/bin/python bench/training.py                 one thread and two, float32 and float64 (within a minute)
    .venv/bin/python bench/training.py --threads 1 --dtype float32

Two convolutions of 3x3 (8 and 16 filters, ReLU), each with a maximum pooling of 2x2, and a linear layer of ten classes;
64 images of 28x28; cross-entropy, SGD with momentum. Each side runs in a process of its own, with its own number of
threads, and they take turns; medians. convstep is the installed package (`make python`), PyTorch Debian's python3-torch.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

BATCH, STEPS, ROUNDS = 64, 20, 15
DEBIAN_PYTHON = "/usr/bin/python3"
INTERPRETERS = {"convstep": sys.executable, "torch": DEBIAN_PYTHON}


def examples(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(1)
    return random.randn(BATCH * STEPS, 28, 28, 1).astype(dtype), random.randint(0, 10, BATCH * STEPS)


def of_convstep(dtype: str, threads: int) -> Callable[[], float]:
    from convstep import Network, Sgd, layers

    x, y = examples(dtype)
    network = Network([layers.Conv(8, 3, padding=1, activation="relu"), layers.MaxPool(2),
                       layers.Conv(16, 3, padding=1, activation="relu"), layers.MaxPool(2),
                       layers.Flatten(), layers.Linear(10)], (28, 28, 1), dtype=dtype)
    optimizer = Sgd(0.01, momentum=0.9)
    return lambda: network.fit(x, y, optimizer=optimizer, batch_size=BATCH, shuffle=False, threads=threads).loss[-1]


def of_torch(dtype: str, threads: int) -> Callable[[], float]:
    import torch

    torch.set_num_threads(threads)
    x, y = examples(dtype)
    images, labels = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), torch.from_numpy(y)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(784, 10)).to(images.dtype)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)

    def epoch() -> float:
        total = 0.0
        for first in range(0, len(images), BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(network(images[first:first + BATCH]), labels[first:first + BATCH])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / STEPS

    return epoch


def serve(name: str, dtype: str, threads: int) -> None:
    """One epoch for each line, and how long it took for each step."""
    epoch = {"convstep": of_convstep, "torch": of_torch}[name](dtype, threads)
    epoch()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = epoch()
        print((time.perf_counter() - start) / STEPS, loss, flush=True)


class Side:
    def __init__(self, name: str, dtype: str, threads: int) -> None:
        limits = dict.fromkeys(("OMP_NUM_THREADS", "CONVSTEP_NUM_THREADS"), str(threads))
        self.process = subprocess.Popen([INTERPRETERS[name], __file__, "--serve", name, "--dtype", dtype, "--threads",
                                         str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=os.environ | limits)
        self.answer()

    def answer(self) -> list[str]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("training.py: a side ended; what it said is above")
        return line.split()

    def step(self) -> tuple[float, float]:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        seconds, loss = map(float, self.answer())
        return seconds, loss

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def compare(dtype: str, threads: int) -> None:
    sides = {name: Side(name, dtype, threads) for name in INTERPRETERS}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            samples[name].append(side.step())
    for side in sides.values():
        side.end()
    ours, theirs = (statistics.median(seconds for seconds, _ in samples[name]) for name in INTERPRETERS)
    losses = ", ".join(f"{name} {values[0][1]:.3f} to {values[-1][1]:.3f}" for name, values in samples.items())
    print(f"{dtype}, {threads} thread{'s' * (threads > 1)}: a step {ours * 1e6:.0f} us, PyTorch's over it "
          f"{theirs / ours:.2f} (loss: {losses})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32,float64")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments.serve, arguments.dtype, int(arguments.threads))
    for dtype in arguments.dtype.split(","):
        for threads in arguments.threads.split(","):
            compare(dtype, int(threads))


if __name__ == "__main__":
    main()
