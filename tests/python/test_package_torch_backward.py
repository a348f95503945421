"""The package's gradients against PyTorch's in float64, and the layer of examples/torch_layer.py, where it is installed."""

import importlib.util
import pathlib
from typing import Any

import numpy as np
import pytest

import convstep
from test_package_torch import Case, every_layout, functional, torch

CASES = range(1000)
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


def gamma(roundings: int) -> float:
    """Higham's bound on so many roundings in a row, of float64."""
    unit = np.finfo(np.float64).eps / 2
    return roundings * unit / (1 - roundings * unit)


def check_sums(got: np.ndarray, expected: Any, magnitudes: Any, roundings: int) -> None:
    """Ours and PyTorch's may each be off by gamma times the sum of magnitudes, which is itself rounded."""
    assert got.shape == expected.shape and got.dtype == expected.dtype
    error, bound = np.abs(got - expected), 2.001 * gamma(roundings) * magnitudes
    assert (error <= bound).all(), (error / np.where(bound, bound, 1)).max()


def gradients(function: Any, grad: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """PyTorch's, of sum(grad * function(arrays))."""
    leaves = [leaf(array) for array in arrays]
    function(*leaves).backward(torch.from_numpy(grad))
    return [tensor.grad.numpy() for tensor in leaves]


@every_layout
@pytest.mark.parametrize("seed", CASES)
def test_conv2d(seed: int, layout: str) -> None:
    case = Case(seed, dilated=True)
    weights = case.normal(case.groups * case.draw.randint(1, 3), case.channels // case.groups, *case.window)
    options = {"stride": case.stride, "padding": case.pair(0, 3), "dilation": case.dilation, "groups": case.groups}

    def function(x: Any, w: Any, b: Any) -> Any:
        return functional.conv2d(x, w, b, **options)

    bias = case.normal(weights.shape[0])
    grad = case.normal(*functional.conv2d(torch.from_numpy(case.x), torch.from_numpy(weights), **options).shape)
    expected = gradients(function, grad, case.x, weights, bias)
    magnitudes = gradients(function, np.abs(grad), np.abs(case.x), np.abs(weights), bias)
    got = convstep.conv2d_backward(
        ordered(grad, layout), ordered(case.x, layout), filters(weights, layout), layout=layout, **options)
    pixels, taps = grad[:, 0].size, weights[0, 0].size * weights.shape[0] // case.groups
    for ours, theirs, most, roundings, order in zip(got, expected, magnitudes, (taps, pixels, pixels),
                                                    (ordered, filters, lambda array, _: array), strict=True):
        check_sums(ours, order(theirs, layout), order(most, layout), roundings + 2)


@every_layout
@pytest.mark.parametrize("mode", ["max", "avg", "lp"])
@pytest.mark.parametrize("seed", CASES)
def test_poolings(seed: int, mode: str, layout: str) -> None:
    """PyTorch's norms have no padding, and its ceil_mode scales windows that hang over: both are avoided."""
    case = Case(seed, dilated=mode == "max")
    if seed % 2 and mode != "lp":  # ties, but none between -0 and +0, which PyTorch holds to be equal
        case.x = np.round(case.x * 2) + 0.0
    options: dict[str, Any] = {"kernel_size": case.window, "stride": case.stride}
    if mode == "lp":
        options["p"] = 2
    else:
        options |= {"padding": case.pooling_padding(), "ceil_mode": case.draw.random() < 0.5}
        options |= {"dilation": case.dilation} if mode == "max" else {"count_include_pad": case.draw.random() < 0.5}

    def function(x: Any) -> Any:
        if mode == "lp":
            return functional.lp_pool2d(x, 2, case.window, case.stride)
        return getattr(functional, f"{mode}_pool2d")(x, **options)

    grad = case.normal(*function(torch.from_numpy(case.x)).shape)
    (expected,) = gradients(function, grad, case.x)
    # The places of maxima are those of the numbers themselves.
    (magnitudes,) = gradients(function, np.abs(grad), case.x)
    taps = case.window[0] * case.window[1]
    # An average divides once. A norm's terms have a quotient, and the root of a sum of squares, taken by pow in PyTorch.
    roundings = {"max": taps, "avg": taps + 1, "lp": 2 * taps + 40}[mode]
    backward = getattr(convstep, f"{mode}_pool2d_backward")
    got = backward(ordered(grad, layout), ordered(case.x, layout), layout=layout, **options)
    check_sums(got, ordered(expected, layout), ordered(np.abs(magnitudes), layout), roundings)


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
