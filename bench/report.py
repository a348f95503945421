"""What compare.py prints and writes."""

import collections
import json
import math
import pathlib
import typing

import peers
import runners

Record = dict[str, typing.Any]
Setting = tuple[str, int, int]  # dtype, threads, batch as asked for

COLUMN = 7
REAL_PEERS = [peer.name for peer in peers.PEERS if not peer.ours]
TOO_MANY_CORES = 0.3  # over the threads it was given


def geometric_mean(values: typing.Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def by_layer(records: list[Record]) -> dict[tuple[str, str, int, int], dict[str, Record]]:
    """Records of one layer and setting together, by peer, where ours ran."""
    groups: dict[tuple[str, str, int, int], dict[str, Record]] = collections.defaultdict(dict)
    for record in records:
        if record["seconds"]:
            groups[record["layer"], record["dtype"], record["threads"], record["batch"]][record["peer"]] = record
    return groups


def best(rows: dict[str, Record]) -> Record | None:
    """The fastest peer's record."""
    timed = [rows[name] for name in REAL_PEERS if name in rows and rows[name]["ratio"]]
    return min(timed, key=lambda record: record["ratio"], default=None)


def ratio_text(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def print_header(about: Record) -> None:
    peak = about["peak_flops"]
    print(f"{about['cpu']}, {about['cores']} cores; ceiling of one core: {peak['float32'] / 1e9:.1f} GF/s float32, "
          f"{peak['float64'] / 1e9:.1f} GF/s float64")
    if runners.BUSY_MACHINE:
        print(f"The machine is busy (load {about['load']:.1f}): trust the ratios of one thread alone.")


def print_peers(versions: dict[str, str], missing: dict[str, str]) -> None:
    for peer in peers.PEERS:
        if peer.name in versions:
            print(f"  {peer.short:8} {peer.name} {versions[peer.name]}")
        elif peer.name in missing:
            print(f"  {peer.short:8} {peer.name}: not installed ({missing[peer.name].splitlines()[0][:80]})")


def print_columns(dtype: str, threads: int, batch: int, names: typing.Collection[str]) -> None:
    print(f"\n{dtype}, {threads} thread{'s' * (threads > 1)}, batch {batch}: a peer's time over ours (above 1: ours is "
          "faster)")
    shorts = " ".join(f"{peer.short:>{COLUMN}}" for peer in peers.PEERS if peer.name in names
                      and peer.name != peers.OURS)
    print(f"{'layer':30} {'time':>10} {'speed':>12} {'ceiling':>7} {'best':>{COLUMN}} {shorts}  ours is")


def print_row(rows: list[Record], names: typing.Collection[str], peak_flops: dict[str, float]) -> None:
    by_peer = {row["peer"]: row for row in rows}
    first = rows[0]
    line = f"{first['layer']:30} "
    seconds = first["seconds"]
    if seconds:
        work, unit = (first["flops"], "GF/s") if first["flops"] else (first["bytes"], "GB/s")
        ceiling = peak_flops[first["dtype"]] * first["threads"]
        share = f"{work / seconds / ceiling:7.0%}" if first["flops"] else f"{'-':>7}"
        line += f"{seconds * 1e6:8.1f}us {work / seconds / 1e9:7.1f} {unit} {share} "
    else:
        line += f"{'-':>10} {'-':>12} {'-':>7} "
    fastest = best(by_peer)
    line += f"{ratio_text(fastest['ratio'] if fastest else None):>{COLUMN}} "
    for peer in peers.PEERS:
        if peer.name in names and peer.name != peers.OURS:
            line += f"{ratio_text(by_peer[peer.name]['ratio'] if peer.name in by_peer else None):>{COLUMN}} "
    print(f"{line} {first['describe'] or ''}", flush=True)
    for row in rows:
        if str(row["peer_describe"]).startswith("wrong"):
            print(f"    {row['peer']} left out, {row['peer_describe']}")
        if row.get("busy", 0) > row["threads"] + TOO_MANY_CORES:
            print(f"    {row['peer']} used {row['busy']:.1f} cores")


def print_families(records: list[Record]) -> None:
    """Geometric means of each family, beside each peer and beside the best of them."""
    groups = by_layer(records)
    names = [peer for peer in peers.PEERS if any(record["peer"] == peer.name and record["ratio"] for record in records)
             and peer.name != peers.OURS]
    print("\nGeometric means of a peer's time over ours")
    print(f"{'family':18} {'dtype':7} {'thr':>3} {'batch':>5} {'layers':>6} {'best':>{COLUMN}} {'worst':>{COLUMN}} "
          + " ".join(f"{peer.short:>{COLUMN}}" for peer in names))
    families: dict[tuple[str, str, int, int], list[dict[str, Record]]] = collections.defaultdict(list)
    for (_, dtype, threads, batch), rows in groups.items():
        families[next(iter(rows.values()))["family"], dtype, threads, batch].append(rows)
    for (family, dtype, threads, batch), layers in families.items():
        bests = [record["ratio"] for record in map(best, layers) if record]
        line = f"{family:18} {dtype:7} {threads:3} {batch:5} {len(layers):6} "
        line += f"{ratio_text(geometric_mean(bests)):>{COLUMN}} "
        line += f"{ratio_text(min(bests, default=None)):>{COLUMN}} "
        for peer in names:
            ratios = [rows[peer.name]["ratio"] for rows in layers if peer.name in rows and rows[peer.name]["ratio"]]
            line += f"{ratio_text(geometric_mean(ratios)):>{COLUMN}} "
        print(line)


def print_tails(records: list[Record], worst: int = 10) -> None:
    """Of convolutions and of poolings, in each setting: the mean, and how slow the slowest are, beside the best peer."""
    kinds: dict[tuple[str, str, int], list[Record]] = collections.defaultdict(list)
    for (_, dtype, threads, _), rows in by_layer(records).items():
        fastest = best(rows)
        if fastest:
            kinds["convolutions" if fastest["flops"] else "poolings", dtype, threads].append(fastest)
    for (kind, dtype, threads), bests in kinds.items():
        bests.sort(key=lambda record: record["ratio"])
        ratios = [record["ratio"] for record in bests]
        print(f"\n{len(bests)} {kind}, {dtype}, {threads} thread{'s' * (threads > 1)}, beside the best peer: geometric mean "
              f"{geometric_mean(ratios):.2f}, fifth percentile {ratios[len(ratios) // 20]:.2f}; the slowest:")
        for record in bests[:worst]:
            print(f"  {record['ratio']:5.2f} {record['layer']:36} {record['seconds'] * 1e6:9.1f} us, "
                  f"{record['describe']}; {record['peer']}")


def write(output: pathlib.Path, about: Record, records: list[Record]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    measured = [record for record in records if record["ratio"]]
    output.write_text(json.dumps(measured, indent=1) + "\n")
    machine_file(output).write_text(json.dumps(about, indent=1) + "\n")
    print(f"\nwrote {output} and {machine_file(output)}")


def machine_file(output: pathlib.Path) -> pathlib.Path:
    """Beside latest.json lies latest_machine.json: CPU, date, ceilings, versions of the peers."""
    return output.with_name(output.stem + "_machine.json")
