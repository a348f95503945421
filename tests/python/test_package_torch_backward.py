"""The package's gradients against PyTorch's in float64, and the layer of examples/torch_layer.py, where it is installed."""

import importlib.util
import pathlib
from typing import Any

import numpy as np
import pytest

import convstep
from test_package_torch import CASES, Case, every_layout, functional, torch

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "torch_layer.py"


@pytest.fixture(scope="module")
def layer() -> Any:
    specification = importlib.util.spec_from_file_location("torch_layer", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def leaf(array: np.ndarray) -> Any:
    return torch.from_numpy(array).requires_grad_()


def ordered(array: np.ndarray, layout: str) -> np.ndarray:
    return array if layout == "NCHW" else array.transpose(0, 2, 3, 1)


def filters(array: np.ndarray, layout: str) -> np.ndarray:
    return array if layout == "NCHW" else array.transpose(2, 3, 1, 0)


def check(got: np.ndarray, expected: Any) -> None:
    assert got.shape == expected.shape and got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-11)


@every_layout
@pytest.mark.parametrize("seed", CASES)
def test_conv2d(seed: int, layout: str) -> None:
    case = Case(seed, dilated=True)
    weights = case.normal(case.groups * case.draw.randint(1, 3), case.channels // case.groups, *case.window)
    options = {"stride": case.stride, "padding": case.pair(0, 3), "dilation": case.dilation, "groups": case.groups}
    x, w, b = leaf(case.x), leaf(weights), leaf(case.normal(weights.shape[0]))
    output = functional.conv2d(x, w, b, **options)
    grad = case.normal(*output.shape)
    output.backward(torch.from_numpy(grad))
    got = convstep.conv2d_backward(
        ordered(grad, layout), ordered(case.x, layout), filters(weights, layout), layout=layout, **options)
    check(got[0], ordered(x.grad.numpy(), layout))
    check(got[1], filters(w.grad.numpy(), layout))
    check(got[2], b.grad.numpy())


@every_layout
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("seed", CASES)
def test_poolings(seed: int, mode: str, layout: str) -> None:
    case = Case(seed, dilated=mode == "max")
    if seed % 2:  # ties, but none between -0 and +0, which PyTorch holds to be equal
        case.x = np.round(case.x * 2) + 0.0
    options: dict[str, Any] = {"kernel_size": case.window, "stride": case.stride, "padding": case.pooling_padding(),
                               "ceil_mode": case.draw.random() < 0.5}
    options |= {"dilation": case.dilation} if mode == "max" else {"count_include_pad": case.draw.random() < 0.5}
    x = leaf(case.x)
    output = getattr(functional, f"{mode}_pool2d")(x, **options)
    grad = case.normal(*output.shape)
    output.backward(torch.from_numpy(grad))
    backward = getattr(convstep, f"{mode}_pool2d_backward")
    check(backward(ordered(grad, layout), ordered(case.x, layout), layout=layout, **options),
          ordered(x.grad.numpy(), layout))


@pytest.mark.parametrize("name, activation", [
    ("relu", functional.relu), ("relu6", functional.relu6), ("leaky_relu", lambda z: functional.leaky_relu(z, 0.2)),
    ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)])
def test_activations(name: str, activation: Any) -> None:
    values = np.random.default_rng(1).standard_normal((2, 3, 4, 5)) * 4
    values[0, 0, 0, :3] = 0, -0.0, 6
    x, grad = leaf(values), np.random.default_rng(2).standard_normal(values.shape)
    activation(x).backward(torch.from_numpy(grad))
    check(convstep.activation_backward(grad, values, name, 0.2), x.grad.numpy())


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": (2, 1)}, {"groups": 2}],
                         ids=str)
def test_gradcheck_of_the_examples_convolution(layer: Any, options: dict[str, Any]) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 4, 6, 7, dtype=torch.float64, requires_grad=True)
    w = torch.randn(6, 4 // options.get("groups", 1), 3, 2, dtype=torch.float64, requires_grad=True)
    b = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *arrays: layer.Convolution.apply(*arrays, options), (x, w, b))


def test_gradcheck_of_the_examples_pooling(layer: Any) -> None:
    x = torch.randperm(2 * 3 * 6 * 7).double().reshape(2, 3, 6, 7).requires_grad_()  # no two alike
    assert torch.autograd.gradcheck(lambda x: layer.MaxPooling.apply(x, 2), (x,))


def test_the_examples_network_learns(layer: Any) -> None:
    assert layer.train(100) > 0.9
