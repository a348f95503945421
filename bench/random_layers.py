"""Layers that nobody chose, from the ranges that real networks have: what is fast on a list alone is found here.

A seed gives the same layers everywhere; look with a fresh one, and keep none to polish.
"""

import dataclasses
import math
import random

import layers

SIZES, CHANNELS, BATCHES = (7, 300), (1, 1024), (1, 16)
MOST_FLOPS, MOST_BYTES = 4e9, 150e6  # of a layer, so that a hundred take minutes
KINDS = {"1x1": 20, "3x3": 22, "strided": 14, "other windows": 14, "depthwise": 14, "grouped": 4, "max": 7, "average": 5}


def spread(rng: random.Random, least: int, most: int) -> int:
    """Any number of the range, small and large ones alike often."""
    return round(math.exp(rng.uniform(math.log(least), math.log(most))))


def channels(rng: random.Random) -> int:
    """Most often a multiple of 8, as in most networks."""
    count = spread(rng, *CHANNELS)
    return count if count < 8 or rng.random() < 0.3 else max(8, round(count / 8) * 8)


def windowed(rng: random.Random, kind: str) -> tuple[int, int, int]:
    """The window and the stride; and the padding: mostly what keeps the size."""
    window, stride = {
        "1x1": lambda: (1, rng.choice([1, 1, 1, 1, 2])),
        "3x3": lambda: (3, 1),
        "strided": lambda: (rng.choice([3, 3, 3, 5, 7]), 2),
        "other windows": lambda: (rng.choice([2, 4, 5, 5, 6, 7]), 1),
        "depthwise": lambda: (rng.choice([3, 3, 3, 5, 7]), rng.choice([1, 1, 2])),
        "grouped": lambda: (3, rng.choice([1, 2])),
    }.get(kind, lambda: rng.choice([(2, 2), (2, 2), (3, 2), (3, 2), (3, 1), (5, 1), (7, 1)]))()
    return window, stride, window // 2 if window % 2 and rng.random() < 0.8 else 0


def drawn(rng: random.Random) -> layers.Layer:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    h = spread(rng, *SIZES)
    w = h if rng.random() < 0.7 else spread(rng, *SIZES)
    c, o, groups = channels(rng), channels(rng), 1
    if kind in ("depthwise", "max", "average"):
        o = c
    if kind == "depthwise":
        groups = c
    if kind == "grouped":
        groups = rng.choice([2, 4, 8, 32])
        c, o = (groups * max(1, round(count / groups)) for count in (c, o))
    window, stride, pad = windowed(rng, kind)
    batch = spread(rng, *BATCHES)
    depthwise = groups == c == o and groups > 1
    short = {"max": "max", "average": "avg"}.get(kind, "dw" if depthwise else "")
    name = f"random/{short}{window}x{window}_{c}" + ("" if o == c and short else f"_{o}") + f"@{h}x{w}"
    name += (f"/{stride}" if stride > 1 else "") + (f"_g{groups}" if groups > 1 and not depthwise else "")
    family = kind if kind != "3x3" else "3x3" if c >= 32 else "3x3, C < 32"
    return layers.Layer(f"{name}_p{pad}_n{batch}", family, kind if kind in ("max", "average") else "conv", h, w, c, o,
                        window, window, stride, pad, groups=groups, batch=batch)


def fits(layer: layers.Layer) -> bool:
    return layer.flops(layer.batch) <= MOST_FLOPS and layer.bytes(layer.batch, 8) <= MOST_BYTES


def draw(count: int, seed: int, batch: int = 0) -> list[layers.Layer]:
    """Different ones; all of one batch, where it is given."""
    rng = random.Random(seed)
    found: dict[str, layers.Layer] = {}
    while len(found) < count:
        layer = drawn(rng)
        if batch:
            layer = dataclasses.replace(layer, name=layer.name.rsplit("_n", 1)[0] + f"_n{batch}", batch=batch)
        if layer.oh > 0 and layer.ow > 0 and fits(layer):
            found[layer.name] = layer
    return list(found.values())
