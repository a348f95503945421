"""The page's modules in Node: the bits of the library."""

import functools
import json
import pathlib
import re
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from page_layers import Layer, random_layer

import convstep

WEB = pathlib.Path(__file__).resolve().parent.parent.parent / "web"
WASM = WEB.parent / "build" / "wasm" / "reference.wasm"  # make wasm
BITS = pathlib.Path(__file__).resolve().parent / "bits.mjs"


def data_of(page: convstep.Page) -> str:
    return re.search(r'<script type="application/json" id="layer">(.*?)</script>', page.html)[1]


@pytest.fixture(params=["javascript", "wasm"])
def computed(request: pytest.FixtureRequest) -> Callable[[list[Layer]], list[dict]]:
    """What an engine of the page computes of layers."""
    if request.param == "wasm" and not WASM.exists():
        pytest.skip("make wasm makes it")
    return functools.partial(run, [] if request.param == "javascript" else [WASM])


def run(engine: list[pathlib.Path], layers: list[Layer]) -> list[dict]:
    lines = "\n".join(data_of(layer.page()) for layer in layers)
    done = subprocess.run(["node", BITS, WEB, *engine], input=lines, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def array(text: str, like: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), like.dtype).reshape(shape)


def assert_same_bits(layer: Layer, result: dict) -> None:
    output, expected = layer.forward(), layer.backward()
    planes = [[array(text, output, output.shape[1:3]) for text in image] for image in result["planes"]]
    assert np.stack([np.stack(image, axis=-1) for image in planes]).tobytes() == output.tobytes()
    images = [array(text, output, layer.A_prev.shape[1:]) for text in result["inputGrad"]]
    assert np.stack(images).tobytes() == expected["inputGrad"].tobytes()
    for name in ("weightsGrad", "biasGrad"):
        assert (name in result) == (layer.mode is None)
        if name in result:
            assert bytes.fromhex(result[name]) == expected[name].tobytes()


def test_three_hundred_random_layers_have_the_librarys_bits(computed):
    layers = [random_layer(seed) for seed in range(300)]
    results = computed(layers)
    assert len(results) == len(layers)
    for layer, result in zip(layers, results):
        assert_same_bits(layer, result)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_no_number_and_zeros_with_signs(computed, dtype: type):
    A_prev = np.array([0.0, -0.0, np.inf, -np.inf, 1, -1, 3e38, 1e-40, 2], dtype).reshape(1, 3, 3, 1)
    for mode in ("max", "average"):
        layer = Layer(A_prev[:, :, :2], None, None, {"stride": 1, "f": 2}, mode)
        (result,) = computed([layer])
        got = array(result["planes"][0][0], layer.forward(), (2, 1))
        np.testing.assert_array_equal(got, layer.forward()[0, :, :, 0])
    filters, bias = np.full((2, 2, 1, 1), -0.5, dtype), np.full((1, 1, 1, 1), -0.0, dtype)
    layer = Layer(A_prev, filters, bias, {"stride": 1, "pad": 1}, None)
    (result,) = computed([layer])
    got = array(result["planes"][0][0], layer.forward(), (4, 4))
    np.testing.assert_array_equal(got, layer.forward()[0, :, :, 0])
    assert np.array_equal(np.signbit(got), np.signbit(layer.forward()[0, :, :, 0]) | (np.isnan(got) & np.signbit(got)))


def test_a_window_of_many_numbers_is_summed_in_halves(computed):
    random = np.random.default_rng(5)
    A_prev, W = random.normal(size=(1, 9, 9, 40)), random.normal(size=(5, 5, 40, 2))
    layer = Layer(A_prev, W, random.normal(size=(1, 1, 1, 2)), {"stride": 2, "pad": 1}, None)
    (result,) = computed([layer])
    assert_same_bits(layer, result)
