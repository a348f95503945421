"""convstep beside its peers, layer by layer, all in one run.

    python bench/compare.py                                   everything (about an hour)
    python bench/compare.py --gradients                       the gradients of every layer, instead
    python bench/compare.py --quick                           a few layers of every family (under 3 minutes)
    python bench/compare.py --random 100 --seed S             layers that nobody chose (random_layers.py)
    python bench/compare.py --layers 'resnet50/3x3' --peers 'ncnn|oneDNN' --threads 1 --dtype float32 --batch 1

Every peer runs in a process of its own with its own number of threads, in its best layout, with its weights packed
beforehand, and is checked against NumPy in float64 before it is timed. The processes take turns, so that a busy machine
slows all alike; what is kept is the median of the rounds. A peer that is not installed is named and left out.
"""

import argparse
import dataclasses
import datetime
import itertools
import os
import pathlib
import platform
import re
import statistics
import sys
import tempfile
import time
import typing

import numpy as np

import goals
import layers
import peers
import random_layers
import report
import runners
import truth
from peers import native

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a layer is run with."""

    dtype: str
    threads: int
    batch: int


@dataclasses.dataclass
class Pace:
    """How long to measure."""

    rounds: int
    least: float  # seconds of a sample
    budget: float  # seconds for all rounds of one runner; at least MIN_ROUNDS are run
    limit: float = float("inf")  # seconds for the whole run; layers that are left then are left out


MIN_ROUNDS = 3
FULL = Pace(rounds=9, least=0.004, budget=0.5)
QUICK = Pace(rounds=5, least=0.003, budget=0.3, limit=160)
QUICK_SETTINGS = [Setting("float32", 1, 1), Setting("float64", 1, 1), Setting("float32", 2, 1)]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few layers of every family")
    parser.add_argument("--layers", default="", metavar="REGEX", help="of names such as resnet50/3x3_64_64@56")
    parser.add_argument("--family", default="", metavar="REGEX", help="of families such as depthwise")
    parser.add_argument("--gradients", action="store_true", help="instead of the layers")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="so many drawn layers instead, each with a "
                        "batch of its own, unless --batch says one")
    parser.add_argument("--seed", type=int, help="of these layers (default: another one in each run)")
    parser.add_argument("--peers", default="", metavar="REGEX", help="convstep itself always runs")
    parser.add_argument("--threads", default="1,2", help="1,2")
    parser.add_argument("--dtype", default="float32,float64")
    parser.add_argument("--batch", help="1,8")
    parser.add_argument("--rounds", type=int, help="of which the median is kept")
    parser.add_argument("--isa", choices=sorted(runners.ISA_VARIABLES), default="",
                        help="hold all to a lesser CPU's instructions; peers that cannot be held are left out")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="of CMake")
    parser.add_argument("--before", type=pathlib.Path, metavar="BUILD",
                        help="an earlier convstep's build, which becomes a peer: what was gained, what was lost")
    parser.add_argument("--output", type=pathlib.Path, help="of the records; bench/results/latest.json for a whole run")
    parser.add_argument("--list", action="store_true", help="name the layers and stop")
    arguments = parser.parse_args()
    if arguments.random and (arguments.gradients or arguments.quick or "," in (arguments.batch or "")):
        parser.error("--random: neither with --gradients nor --quick, nor with several batches")
    if arguments.seed is None:
        arguments.seed = int.from_bytes(os.urandom(3), "big")
    return arguments


def wanted_layers(arguments: argparse.Namespace) -> list[layers.Layer]:
    all_layers = layers.GRADIENT_LAYERS if arguments.gradients else layers.LAYERS
    if arguments.random:
        print(f"--random {arguments.random} --seed {arguments.seed}")
        all_layers = random_layers.draw(arguments.random, arguments.seed, int(arguments.batch or 0))
    return [layer for layer in all_layers
            if re.search(arguments.layers, layer.name) and re.search(arguments.family, layer.family)
            and (layer.quick or not arguments.quick)]


def wanted_peers(arguments: argparse.Namespace) -> list[peers.Peer]:
    always = {peers.OURS, peers.BEFORE} if arguments.before else {peers.OURS}
    return [peer for peer in peers.PEERS if peer.name in always or peer.name != peers.BEFORE
            and re.search(arguments.peers, peer.name) and (peer.follows_isa or not arguments.isa)
            and (peer.has_gradients or not arguments.gradients)]


def wanted_settings(arguments: argparse.Namespace) -> list[Setting]:
    batches = "1" if arguments.random else arguments.batch or "1,8"
    chosen = [Setting(dtype, int(threads), int(batch)) for threads, dtype, batch in itertools.product(
        arguments.threads.split(","), arguments.dtype.split(","), batches.split(","))]
    return [setting for setting in QUICK_SETTINGS if setting in chosen] if arguments.quick else chosen


class Bench:
    def __init__(self, arguments: argparse.Namespace, folder: str) -> None:
        self.folder = folder
        self.pace = QUICK if arguments.quick else FULL
        if arguments.rounds:
            self.pace = dataclasses.replace(self.pace, rounds=arguments.rounds, budget=float("inf"))
        self.build, self.before, self.isa = arguments.build, arguments.before, arguments.isa
        self.peers = wanted_peers(arguments)
        self.missing: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.workers: dict[int, list[runners.Runner]] = {}

    def start(self, threads: int) -> list[runners.Runner]:
        """The processes of all peers with so many threads each; they stay until the end."""
        if threads not in self.workers:
            self.workers[threads] = []
            builds = {peer.name: self.before if peer.name == peers.BEFORE else self.build for peer in self.peers}
            for runner in [runners.Runner(peer, threads, builds[peer.name], self.isa) for peer in self.peers]:
                greeting = runner.answer()
                if "missing" in greeting:
                    self.missing[runner.peer.name] = greeting["missing"]
                    runner.close()
                else:
                    self.versions[runner.peer.name] = greeting["version"]
                    self.workers[threads].append(runner)
        return self.workers[threads]

    def measure(self, layer: layers.Layer, setting: Setting) -> list[dict[str, typing.Any]]:
        """The records of one layer."""
        batch = layer.batch or setting.batch
        x, w, b = truth.arrays(layer, setting.dtype, batch)
        for name, array in [("input", x), ("weights", w), ("bias", b)]:
            np.save(os.path.join(self.folder, name + ".npy"), array)
        truths = truth.truths(layer, x, w, b)
        ready: list[runners.Runner] = []
        failures: dict[str, str] = {}
        for runner in self.start(setting.threads):
            why = runner.prepare(layer, setting, batch, self.folder, self.pace.least, truths)
            if why:
                failures[runner.peer.name] = why
            else:
                ready.append(runner)
        self.take_turns(ready)
        for runner in ready:
            runner.ask("drop")
        failures |= {runner.peer.name: runner.failure for runner in ready if runner.failure}
        ready = [runner for runner in ready if not runner.failure]
        return records(layer, setting, batch, ready, failures)

    def take_turns(self, ready: list[runners.Runner]) -> None:
        for number in range(self.pace.rounds):
            first = number % max(1, len(ready))
            for runner in ready[first:] + ready[:first]:  # each round begins with another one
                if runner.failure:
                    continue
                if number < MIN_ROUNDS or sum(runner.samples) * runner.repetitions < self.pace.budget:
                    runner.sample()

    def close(self) -> None:
        for runner in itertools.chain.from_iterable(self.workers.values()):
            runner.close()


def records(layer: layers.Layer, setting: Setting, batch: int, ready: list[runners.Runner],
            failures: dict[str, str]) -> list[dict[str, typing.Any]]:
    medians = {runner.peer.name: runner.seconds for runner in ready}
    describe = {runner.peer.name: runner.describe for runner in ready}
    common = {"layer": layer.name, "family": layer.family, "dtype": setting.dtype, "threads": setting.threads,
              "batch": batch, "asked_batch": setting.batch, "flops": layer.flops(batch),
              "bytes": layer.bytes(batch, np.dtype(setting.dtype).itemsize),
              "seconds": medians.get(peers.OURS), "describe": describe.get(peers.OURS, failures.get(peers.OURS))}
    found = []
    for runner in ready:
        name, seconds = runner.peer.name, medians[runner.peer.name]
        found.append(common | {"peer": name, "peer_seconds": seconds, "peer_fastest": min(runner.samples),
                               "peer_describe": describe[name],
                               "ratio": seconds / medians[peers.OURS] if peers.OURS in medians else None,
                               "error": runner.error, "busy": statistics.median(runner.busy)})
    for name, why in failures.items():
        found.append(common | {"peer": name, "peer_seconds": None, "ratio": None, "peer_describe": why})
    return found


def cpu_name() -> str:
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", text, re.MULTILINE))
    name = fields.get("model name", platform.processor())
    return f"{name}, family {fields.get('cpu family')} model {fields.get('model')}"


def peak_flops(bench: Bench) -> dict[str, float]:
    return {dtype: native.peak_flops(bench.build, dtype) for dtype in ("float32", "float64")}


def header(bench: Bench) -> dict[str, typing.Any]:
    return {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "cpu": cpu_name(),
            "cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "isa": bench.isa or "best",
            "peak_flops": peak_flops(bench)}


def run(bench: Bench, chosen: list[layers.Layer], settings: list[Setting],
        about: dict[str, typing.Any]) -> list[dict[str, typing.Any]]:
    """The records of everything, printed as they come."""
    started = time.monotonic()
    found: list[dict[str, typing.Any]] = []
    for setting in settings:
        names = {runner.peer.name for runner in bench.start(setting.threads)}
        if setting is settings[0]:
            report.print_peers(bench.versions, bench.missing)
        report.print_columns(setting.dtype, setting.threads, setting.batch, names)
        for number, layer in enumerate(chosen):
            if time.monotonic() - started > bench.pace.limit:
                print(f"out of time: {len(chosen) - number} layers are left out")
                break
            if layer.batch and setting.batch != settings[0].batch:
                continue  # its batch is its own: measured once
            rows = bench.measure(layer, setting)
            report.print_row(rows, names, about["peak_flops"])
            found += rows
    peak = peak_flops(bench)  # once more, for it may have been disturbed
    about["peak_flops"] = {dtype: max(flops, about["peak_flops"][dtype]) for dtype, flops in peak.items()}
    about |= {"versions": bench.versions, "missing": bench.missing, "seconds": round(time.monotonic() - started)}
    return found


def write(output: pathlib.Path, about: dict[str, typing.Any], found: list[dict[str, typing.Any]]) -> None:
    report.write(output, about, found)
    try:
        import figure
    except ImportError:
        print("no picture: matplotlib is not installed")
    else:
        figure.draw(about, found, output.with_suffix(".png"))
        print(f"wrote {output.with_suffix('.png')}")


def main() -> None:
    arguments = parse()
    chosen, settings = wanted_layers(arguments), wanted_settings(arguments)
    if arguments.list:
        for layer in chosen:
            print(f"{layer.name:36} {layer.family}")
        return
    if not chosen or not settings:
        sys.exit("compare.py: no such layer or setting (--list names the layers)")
    os.environ |= runners.ISA_VARIABLES.get(arguments.isa, {})
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        bench = Bench(arguments, folder)
        about = header(bench)
        report.print_header(about)
        try:
            found = run(bench, chosen, settings, about)
        finally:
            bench.close()
    report.print_families(found)
    if arguments.random:
        report.print_tails(found)
    elif not arguments.gradients:
        goals.table(list(report.by_layer(found).values()), about)
    everything = not (arguments.random or arguments.layers or arguments.family or arguments.peers)
    latest = "latest_gradients.json" if arguments.gradients else "latest.json"
    output = arguments.output or (ROOT / "bench/results" / latest if everything else None)
    if output:
        write(output, about, found)


if __name__ == "__main__":
    main()
