"""The goals of the engine, and how far each is met in a run. All values are such that larger is better."""

import collections.abc
import dataclasses
import math
import statistics
import typing

import layers
import peers

Record = dict[str, typing.Any]
Rows = dict[str, Record]  # of one layer in one setting, by peer

LAYERS = {layer.name: layer for layer in layers.LAYERS}
ENGINES = ("oneDNN", "ncnn", "ONNX Runtime", "OpenVINO")  # what "the best peer" means in the goals
NETWORKS = ("resnet50", "mobilenet", "yolov3", "squeezenet")
LARGE = 100e6  # flops, over which two threads must pay


def against(*names: str) -> collections.abc.Callable[[Rows, Record], float | None]:
    """The best time of the peers whose names start so, over ours."""
    def value(rows: Rows, about: Record) -> float | None:
        ratios = [row["ratio"] for name, row in rows.items() if row["ratio"] and name.startswith(names)]
        return min(ratios, default=None)
    return value


def ceiling(name: str) -> collections.abc.Callable[[Rows, Record], float | None]:
    """The speed of convstep, or of its direct method, over that of fused multiply-adds that wait for nothing."""
    def value(rows: Rows, about: Record) -> float | None:
        if name not in rows or not rows[name]["peer_seconds"]:
            return None
        row = rows[name]
        return row["flops"] / row["peer_seconds"] / row["threads"] / about["peak_flops"][row["dtype"]]
    return value


def dense(layer: layers.Layer) -> bool:
    return layer.kind == "conv" and layer.groups == 1


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    least: float
    value: collections.abc.Callable[[Rows, Record], float | None]
    layers: collections.abc.Callable[[layers.Layer], bool]
    dtypes: tuple[str, ...] = ("float32",)
    worst: bool = False  # of all layers; else their geometric mean


def is_3x3(layer: layers.Layer) -> bool:
    return layer.family == "3x3 s1" and layer.name.startswith(("vgg16", "resnet50"))


def is_other(layer: layers.Layer) -> bool:
    return layer.kind == "conv" and layer.family != "3x3 s1" and layer.name.startswith(NETWORKS)


BOTH = ("float32", "float64")
GOALS = [
    Goal("3x3 s1, float32: worst beside the best engine", 1.15, against(*ENGINES), is_3x3, worst=True),
    Goal("3x3 s1, float32: mean beside oneDNN", 2.5, against("oneDNN"), is_3x3),
    Goal("other layers, float32: mean beside the best engine", 1.05, against(*ENGINES), is_other),
    Goal("other layers, float32: worst", 0.95, against(*ENGINES), is_other, worst=True),
    Goal("direct, C >= 64, float32: mean share of the ceiling", 0.95, ceiling(peers.DIRECT),
         lambda layer: dense(layer) and layer.c >= 64),
    Goal("direct, C >= 64, float64: mean share of the ceiling", 0.95, ceiling(peers.DIRECT),
         lambda layer: dense(layer) and layer.c >= 64, ("float64",)),
    Goal("float64: mean beside im2col + BLAS", 3.0, against(peers.BLAS), dense, ("float64",)),
    Goal("float64: mean beside PyTorch", 3.0, against("PyTorch"), lambda layer: layer.kind == "conv", ("float64",)),
    Goal("3x3 s1, float64: mean share of the ceiling", 2.5, ceiling(peers.OURS), is_3x3, ("float64",)),
    Goal("pools: worst beside oneDNN", 1.0, against("oneDNN"), lambda layer: layer.family == "pool", worst=True),
    Goal("pools: worst beside memcpy", 1 / 1.3, against(peers.MEMCPY), lambda layer: layer.family == "pool", BOTH,
         worst=True),
    Goal("max pool 5x5 s1 beside oneDNN", 3.0, against("oneDNN"), lambda layer: "max5x5" in layer.name),
    Goal("max pool 13x13 s1 beside oneDNN", 8.0, against("oneDNN"), lambda layer: "max13x13" in layer.name),
    Goal("notebook/conv beside its loops in NumPy", 1500, against(peers.LOOPS),
         lambda layer: layer.name == "notebook/conv", ("float64",)),
    Goal("3x3 64 to 64 @56 beside the notebook's loops", 1000, against(peers.LOOPS),
         lambda layer: layer.name == "resnet50/3x3_64_64@56", ("float64",)),
    Goal("notebook's shapes: worst beside oneDNN", 2.0, against("oneDNN"), lambda layer: layer.family == "notebook",
         worst=True),
]


def measured(goal: Goal, groups: list[Rows], about: Record) -> float | None:
    values = [goal.value(rows, about) for rows in groups
              if (row := next(iter(rows.values())))["dtype"] in goal.dtypes and goal.layers(LAYERS[row["layer"]])]
    found = [value for value in values if value]
    if not found:
        return None
    return min(found) if goal.worst else statistics.geometric_mean(found)


def two_threads(groups: list[Rows]) -> list[float]:
    """How many times faster two threads are, for each large layer."""
    seconds = {(row["layer"], row["dtype"], row["batch"], row["threads"]): row["seconds"]
               for rows in groups for row in rows.values() if row["flops"] > LARGE}
    return [value / seconds[(*key, 2)] for (*key, threads), value in seconds.items()
            if threads == 1 and (*key, 2) in seconds]


def one_off(groups: list[Rows]) -> list[float]:
    """The time of the padded multiple over that of the layer whose channels are one off."""
    seconds = {(row["layer"], row["dtype"], row["batch"], row["threads"]): row["seconds"]
               for rows in groups for row in rows.values()}
    pairs = [(value, seconds.get((LAYERS[name].twin, *rest))) for (name, *rest), value in seconds.items()]
    return [twin / value for value, twin in pairs if twin]


def table(groups: list[Rows], about: Record) -> None:
    """One line a goal, one column a number of threads and batch; what misses its goal is marked."""
    settings = sorted({(row["threads"], row["asked_batch"]) for rows in groups for row in rows.values()})
    print("\nGoals (! misses)")
    heads = " ".join(f"{f'{threads} thr, {batch}':>10}" for threads, batch in settings)
    print(f"{'':52} {'goal':>7} {heads}")
    for goal in GOALS:
        cells = []
        for setting in settings:
            some = [rows for rows in groups
                    if (row := next(iter(rows.values()))) and (row["threads"], row["asked_batch"]) == setting]
            cells.append(cell(measured(goal, some, about), goal.least))
        if any(text.strip("- ") for text in cells):
            print(f"{goal.text:52} {goal.least:7.2f} {' '.join(cells)}")
    for text, least, values in (("two threads over one, layers over 100 MFLOP: mean", 1.9, two_threads(groups)),
                                ("channels one off, time of the padded multiple: mean", 0.9, one_off(groups))):
        if values:
            print(f"{text:52} {least:7.2f} {cell(statistics.geometric_mean(values), least)}")


def cell(value: float | None, least: float) -> str:
    if value is None or math.isnan(value):
        return f"{'-':>10}"
    text = f"{value:.2f}" if value < 100 else f"{value:.0f}"
    return f"{text + ('!' if value < least else ' '):>10}"
