"""Whole models with bits turned, and cut short: each is read or refused, in little memory. CONVSTEP_CASES=full: with 100,000 bits
turned (10,000 of the larger ones), and cut to every length; else some of these."""

import os
import pathlib

import onnx
import pytest
from bridge import Bridge
from models import LIGHT
from random_models import random_model

FULL = os.environ.get("CONVSTEP_CASES") == "full"
MOST_BYTES = 64 * 2**20


def check(model: pathlib.Path, turns: int, cuts: int, seed: int, build_dir: pathlib.Path) -> None:
    with Bridge(build_dir / "tests" / "onnx_bridge") as bridge:
        reply = bridge.ask("damage", model, turns, cuts, seed)
    assert reply.startswith("ok"), reply
    read, refused, milliseconds, grown = map(float, reply.split()[1:])
    print(f"{model.name}: {read:.0f} read, {refused:.0f} refused, the slowest in {milliseconds:.0f} ms, {grown / 2**20:.0f} MB")
    assert read + refused == turns + min(cuts, model.stat().st_size)
    assert refused > 0
    if "asan" not in build_dir.name:  # which keeps what is freed
        assert grown <= MOST_BYTES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_damaged_model_with_weights(seed: int, build_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    onnx.save(random_model(seed)[0], tmp_path / "model.onnx")
    check(tmp_path / "model.onnx", *((100_000, 10**9) if FULL else (300, 100)), seed, build_dir)


@pytest.mark.parametrize("name", ["shufflenet", "squeezenet", "vgg19"])
def test_a_damaged_model_that_says_how_large_its_weights_are(name: str, build_dir: pathlib.Path) -> None:
    """A bit turned there is a model of other weights, which may be larger than all memory: until it is to be run, that is no
    fault."""
    check(LIGHT / f"light_{name}.onnx", *((10_000, 1000) if FULL else (200, 50)), 1, build_dir)
