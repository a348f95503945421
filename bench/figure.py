"""A picture of a run: each layer's speed, ours and the best peer's, against the measured ceiling.

    python bench/figure.py bench/results/latest.json        writes latest.png beside it
"""

import json
import pathlib
import sys
import typing

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import report

PEER_COLOURS = {"oneDNN": "tab:blue", "ncnn": "tab:orange", "ONNX Runtime": "tab:green", "OpenVINO": "tab:cyan",
                "PyTorch": "tab:red", "im2col + BLAS": "tab:gray"}


def draw(about: dict[str, typing.Any], records: list[dict[str, typing.Any]], path: pathlib.Path) -> None:
    """One panel for each dtype, at one thread and batch 1 where that was measured: convolutions alone."""
    groups = [rows for (_, _, threads, _), rows in report.by_layer(records).items()
              if next(iter(rows.values()))["flops"] and threads == min(record["threads"] for record in records)
              and next(iter(rows.values()))["asked_batch"] == min(record["asked_batch"] for record in records)]
    dtypes = sorted({next(iter(rows.values()))["dtype"] for rows in groups})
    if not dtypes:
        return
    widest = max(sum(next(iter(rows.values()))["dtype"] == dtype for rows in groups) for dtype in dtypes)
    figure, axes = plt.subplots(len(dtypes), 1, squeeze=False, layout="constrained",
                                figsize=(max(8, 0.24 * widest), 5 * len(dtypes)))
    for dtype, panel in zip(dtypes, axes[:, 0]):
        draw_panel(panel, dtype, [rows for rows in groups if next(iter(rows.values()))["dtype"] == dtype], about)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_panel(panel: typing.Any, dtype: str, groups: list[dict[str, typing.Any]],
               about: dict[str, typing.Any]) -> None:
    firsts = [next(iter(rows.values())) for rows in groups]
    threads = firsts[0]["threads"]
    ceiling = about["peak_flops"][dtype] * threads / 1e9
    for name, colour in PEER_COLOURS.items():
        points = [(at, first["flops"] / min(times) / 1e9) for at, (first, rows) in enumerate(zip(firsts, groups))
                  if (times := [row["peer_seconds"] for peer, row in rows.items()
                                if peer.startswith(name) and row["peer_seconds"]])]
        if points:
            panel.plot(*zip(*points), "o", color=colour, markersize=4, label=name)
    panel.bar(range(len(firsts)), [first["flops"] / first["seconds"] / 1e9 for first in firsts], color="0.85",
              edgecolor="0.3", linewidth=0.5, label="convstep", zorder=0)
    panel.axhline(ceiling, color="black", linestyle="--", linewidth=1, label=f"ceiling of {threads} core(s)")
    panel.set_xticks(range(len(firsts)), [first["layer"] for first in firsts], rotation=90, fontsize=7)
    panel.set_xlim(-0.7, len(firsts) - 0.3)
    panel.set_ylabel("GF/s, multiplications of the direct method")
    panel.set_title(f"{dtype}, {threads} thread(s), batch {firsts[0]['asked_batch']}; {about['cpu']}")
    panel.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)


def main() -> None:
    path = pathlib.Path(sys.argv[1])
    about = json.loads(report.machine_file(path).read_text())
    draw(about, json.loads(path.read_text()), path.with_suffix(".png"))


if __name__ == "__main__":
    main()
