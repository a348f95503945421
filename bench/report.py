"""What compare.py prints and writes."""

import json
import math
import pathlib
import typing

import peers

Record = dict[str, typing.Any]


def geometric_mean(values: typing.Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def speed(record: Record, seconds: float) -> str:
    if record["flops"]:
        return f"{record['flops'] / seconds / 1e9:7.1f} GF/s"
    return f"{record['bytes'] / seconds / 1e9:7.1f} GB/s"


def print_header(about: Record) -> None:
    peak = about["peak_flops"]
    print(f"{about['cpu']}, {about['cores']} cores; ceiling of one core: {peak['float32'] / 1e9:.1f} GF/s float32, "
          f"{peak['float64'] / 1e9:.1f} GF/s float64")


def print_columns(setting: typing.Any, names: list[str], bench: typing.Any) -> None:
    for name, why in bench.missing.items():
        print(f"not installed: {name} ({why.splitlines()[0][:90]})")
    print(f"\n{setting.dtype}, {setting.threads} thread{'s' * (setting.threads > 1)}, batch {setting.batch}"
          f" (a peer's time over ours: above 1 we are faster)")
    names = [name for name in names if name != peers.OURS]
    print(f"{'':30} {'time':>10} {'speed':>12} " + " ".join(f"{name:>{width(name)}}" for name in names))


def width(name: str) -> int:
    return max(6, len(name))


def print_row(rows: list[Record]) -> None:
    first = rows[0]
    line = f"{first['layer']:30} "
    line += f"{first['seconds'] * 1e6:8.1f}us {speed(first, first['seconds'])} " if first["seconds"] else f"{'-':>23} "
    by_peer = {row["peer"]: row for row in rows}
    for peer in peers.PEERS:
        row = by_peer.get(peer.name)
        if row is None or peer.name == peers.OURS:
            continue
        text = f"{row['ratio']:.2f}" if row["ratio"] else "-"
        if not row["ratio"] and row["peer_seconds"]:
            text = f"{row['peer_seconds'] * 1e6:.0f}us"
        line += f"{text:>{width(peer.name)}} "
    print(line + f" {first['describe'] or ''}", flush=True)
    for row in rows:
        if str(row.get("peer_describe", "")).startswith("wrong"):
            print(f"    {row['peer']} is {row['peer_describe']}")
        if row.get("busy", 0) > row["threads"] + 0.3:
            print(f"    {row['peer']} used {row['busy']:.1f} cores")


def print_summary(records: list[Record], about: Record) -> None:
    ours = [record for record in records if record["ratio"]]
    print()


def write(output: pathlib.Path, about: Record, records: list[Record]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"about": about, "records": records}, indent=1) + "\n")
    print(f"wrote {output}")
