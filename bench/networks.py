"""Whole networks, convstep beside its peers, in one run.

    python bench/networks.py                              every network, one thread and two (some minutes)
    python bench/networks.py --quick                      three of them, one thread (within a minute)
    python bench/networks.py --networks resnet50 --threads 1 --profile

The networks are those of the package onnx and of made_networks.py, with random weights, and three trained ones of
rapidocr-onnxruntime. Each is a file that every peer reads for itself, and its output must be that of ONNX Runtime, or of
convstep where that cannot run it, as in float64. As in compare.py, peers take turns and the median counts.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import sys
import tempfile
import typing

import numpy as np
import onnx

import compare
import made_networks
import peers
import report
import runners

sys.path.append(str(compare.ROOT / "tests" / "onnx"))
import models  # noqa: E402

TRUTH = "ONNX Runtime"
ROUNDS, QUICK_ROUNDS = 9, 5
LEAST = 0.01  # seconds of a sample
QUICK_NETWORKS = ("resnet50", "squeezenet", "text detection")
TRAINED = {"text detection": ("det", (1, 3, 320, 416)), "text angle": ("cls", (1, 3, 48, 192)),
           "text recognition": ("rec", (1, 3, 48, 320))}
Record = dict[str, typing.Any]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three networks")
    parser.add_argument("--networks", default="", metavar="REGEX")
    parser.add_argument("--peers", default="", metavar="REGEX", help="convstep itself and ONNX Runtime always run")
    parser.add_argument("--threads", help="1,2")
    parser.add_argument("--dtype", default="float32", help="float64: of which ONNX Runtime has no convolutions")
    parser.add_argument("--rounds", type=int, help="of which the median is kept")
    parser.add_argument("--profile", action="store_true", help="where convstep's time goes, instead")
    parser.add_argument("--build", type=pathlib.Path, default=compare.ROOT / "build/release", help="of CMake")
    parser.add_argument("--before", type=pathlib.Path, metavar="BUILD", help="an earlier convstep's build, as a peer")
    parser.add_argument("--output", type=pathlib.Path, help="of the records; bench/results/networks.json for a whole run")
    return parser.parse_args()


def wanted_networks(arguments: argparse.Namespace) -> list[str]:
    return [name for name in (*models.LIGHT_NETWORKS, *made_networks.MADE, *TRAINED)
            if re.search(arguments.networks, name) and (name in QUICK_NETWORKS or not arguments.quick)]


def prepared(name: str, dtype: str, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """The file of a network, and that of its input, N(0, 1)."""
    if name in TRAINED:
        kind, shape = TRAINED[name]
        path = models.rapidocr_models()[kind]
    elif name in made_networks.MADE:
        path = folder / "made.onnx"
        shape = made_networks.save(name, path)
    else:
        path = folder / "network.onnx"
        model = models.light_network(name)
        onnx.save(model, path)
        (value,) = models.given_inputs(model)
        shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
    file = folder / "input.npy"
    np.save(file, np.random.default_rng(1).normal(size=shape).astype(dtype))
    return path, file


class NetworkBench:
    """The processes of all peers, by how many threads they have."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.workers: dict[int, list[runners.Runner]] = {}
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def wanted(self) -> list[peers.Peer]:
        always = (peers.OURS, TRUTH)
        before = self.arguments.before
        return [peer for peer in peers.NETWORK_PEERS
                if peer.name in always or (before if peer.name == peers.BEFORE
                                           else re.search(self.arguments.peers, peer.name))]

    def start(self, threads: int) -> list[runners.Runner]:
        if threads not in self.workers:
            self.workers[threads] = []
            for peer in self.wanted():
                build = self.arguments.before if peer.name == peers.BEFORE else self.arguments.build
                runner = runners.Runner(peer, threads, build.resolve(), "")
                greeting = runner.answer()
                if "missing" in greeting:
                    self.missing[peer.name] = greeting["missing"]
                    runner.close()
                else:
                    self.versions[peer.name] = greeting["version"]
                    self.workers[threads].append(runner)
        return self.workers[threads]

    def prepare(self, name: str, threads: int, folder: pathlib.Path) -> tuple[list[runners.Runner], dict[str, str]]:
        """Who can run it, and why others cannot."""
        path, file = prepared(name, self.arguments.dtype, folder)
        ready, failures = [], {}
        truth: np.ndarray | None = None
        for runner in sorted(self.start(threads), key=lambda runner: runner.peer.name != TRUTH):
            why, output = runner.prepare_network(path, self.arguments.dtype, str(file), LEAST, truth)
            if truth is None:
                truth = output
            if why:
                failures[runner.peer.name] = why
            else:
                ready.append(runner)
        return ready, failures

    def measure(self, name: str, threads: int, folder: pathlib.Path) -> list[Record]:
        ready, failures = self.prepare(name, threads, folder)
        rounds = self.arguments.rounds or (QUICK_ROUNDS if self.arguments.quick else ROUNDS)
        for number in range(rounds):
            first = number % max(1, len(ready))
            for runner in ready[first:] + ready[:first]:
                if not runner.failure:
                    runner.sample()
        failures |= {runner.peer.name: runner.failure for runner in ready if runner.failure}
        ready = [runner for runner in ready if not runner.failure]
        ours = next((runner.seconds for runner in ready if runner.peer.name == peers.OURS), None)
        common = {"network": name, "dtype": self.arguments.dtype, "threads": threads, "seconds": ours}
        found = [common | {"peer": runner.peer.name, "peer_seconds": runner.seconds, "peer_describe": runner.describe,
                           "ratio": runner.seconds / ours if ours else None, "error": runner.error,
                           "load": runner.load, "memory": runner.memory} for runner in ready]
        for runner in ready:
            runner.ask("drop")
        return found + [common | {"peer": peer, "peer_describe": why} for peer, why in failures.items()]

    def print_profile(self, name: str, threads: int, folder: pathlib.Path) -> None:
        ready, failures = self.prepare(name, threads, folder)
        for runner in ready:
            if runner.peer.name == peers.OURS:
                print(f"{name}, {threads} threads\n{runner.ask('profile')['profile']}")
        for peer, why in failures.items():
            print(f"  {peer}: {why}")

    def close(self) -> None:
        for started in self.workers.values():
            for runner in started:
                runner.close()


def print_row(rows: list[Record]) -> None:
    by_peer = {row["peer"]: row for row in rows}
    text = f"{rows[0]['network']:18}"
    for peer in peers.NETWORK_PEERS:
        row = by_peer.get(peer.name)
        if row and "peer_seconds" in row:
            text += f"{row['peer_seconds'] * 1e3:10.2f} ms"
            text += f"  x{report.ratio_text(row['ratio'])}" if peer.name != peers.OURS else ""
            text += f"  load {row['load'] * 1e3:.0f} ms, {row['memory'] / 2**20:.0f} MB;"
    print(text, flush=True)
    for row in rows:
        if "peer_seconds" not in row:
            print(f"    {row['peer']}: {row['peer_describe'].splitlines()[0][:150]}", flush=True)


def print_means(found: list[Record], threads: int) -> None:
    for peer in peers.NETWORK_PEERS:
        ratios = [row["ratio"] for row in found
                  if row["peer"] == peer.name and row["threads"] == threads and row.get("ratio")]
        if ratios and not peer.ours:
            print(f"  {peer.name}: geometric mean {report.geometric_mean(ratios):.2f}, least {min(ratios):.2f}")


def run(bench: NetworkBench, names: list[str], threads: int, folder: pathlib.Path) -> list[Record]:
    found: list[Record] = []
    bench.start(threads)
    print(f"\n{bench.arguments.dtype}, {threads} threads: milliseconds of a run; how many times convstep's; "
          "to load; memory that a first run takes")
    for name in names:
        found += (rows := bench.measure(name, threads, folder))
        print_row(rows)
    print_means(found, threads)
    return found


def main() -> None:
    arguments = parse()
    names = wanted_networks(arguments)
    threads = [int(count) for count in (arguments.threads or ("1" if arguments.quick else "1,2")).split(",")]
    bench = NetworkBench(arguments)
    about = {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "cpu": compare.cpu_name(),
             "load": os.getloadavg()[0]}
    print(about["cpu"])
    found: list[Record] = []
    try:
        with tempfile.TemporaryDirectory() as text:
            for count in threads:
                if not arguments.profile:
                    found += run(bench, names, count, pathlib.Path(text))
                    continue
                for name in names:
                    bench.print_profile(name, count, pathlib.Path(text))
    finally:
        bench.close()
    for name, why in bench.missing.items():
        print(f"  {name}: not installed ({why.splitlines()[0][:80]})")
    everything = not (arguments.quick or arguments.networks or arguments.peers or arguments.profile or arguments.before)
    output = arguments.output or (compare.ROOT / "bench/results/networks.json" if everything else None)
    if output:
        output.write_text(json.dumps({"about": about | {"versions": bench.versions}, "records": found}, indent=1) + "\n")
        print(f"wrote {output}")


if __name__ == "__main__":
    main()
