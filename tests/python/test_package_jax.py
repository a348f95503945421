"""The functions of examples/jax_layer.py against JAX's own, where JAX is installed."""

import importlib.util
import pathlib
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "jax_layer.py"


@pytest.fixture(scope="module")
def layer() -> Any:
    specification = importlib.util.spec_from_file_location("jax_layer", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def gradients(function: Any, *arrays: np.ndarray) -> Any:
    """Of a sum in which every output counts differently, under jit."""
    def total(*given: Any) -> Any:
        output = function(*given)
        return (output * np.arange(output.size).reshape(output.shape)).sum()

    with jax.enable_x64(True):
        return jax.jit(jax.grad(total, argnums=tuple(range(len(arrays)))))(*arrays)


def same(ours: Any, theirs: Any) -> None:
    for our, their in zip(ours, theirs, strict=True):
        assert our.dtype == their.dtype == np.float64
        np.testing.assert_allclose(our, their, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("stride, padding, groups", [(1, 0, 1), (2, 1, 1), (1, 1, 2)])
def test_the_convolution(layer: Any, stride: int, padding: int, groups: int) -> None:
    random = np.random.default_rng(1)
    x, w, b = (random.standard_normal(shape) for shape in ((2, 7, 6, 4), (3, 3, 4 // groups, 6), (6,)))
    options = (("stride", stride), ("padding", padding), ("groups", groups))

    def theirs(x: Any, w: Any, b: Any) -> Any:
        return b + jax.lax.conv_general_dilated(
            x, w, (stride, stride), [(padding, padding)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups)

    same(gradients(lambda *arrays: layer.conv2d(*arrays, options), x, w, b), gradients(theirs, x, w, b))


def test_the_pooling(layer: Any) -> None:
    x = np.random.default_rng(2).standard_normal((2, 6, 8, 3))

    def theirs(x: Any) -> Any:
        return x.reshape(2, 3, 2, 4, 2, 3).max(axis=(2, 4))

    same(gradients(lambda x: layer.max_pool2d(x, 2), x), gradients(theirs, x))


def test_the_network_learns(layer: Any) -> None:
    assert layer.train(200) > 0.9
