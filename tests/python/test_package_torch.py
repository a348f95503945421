"""The package against PyTorch in float64, where that is installed; and PyTorch's tensors as arguments."""

import random
from typing import Any

import numpy as np
import pytest

import convstep
from convstep._convert import convert

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
functional = torch.nn.functional

CASES = range(300)
every_layout = pytest.mark.parametrize("layout", ["NCHW", "NHWC"])


class Case:
    """A random image batch, in PyTorch's order, and a window that PyTorch allows."""

    def __init__(self, seed: int, dilated: bool):
        self.draw = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.window = self.pair(1, 4)
        self.dilation = self.pair(1, 3) if dilated else (1, 1)
        self.stride = self.pair(1, 4)
        reach = [(k - 1) * d + 1 for k, d in zip(self.window, self.dilation)]
        self.size = tuple(r + self.draw.randint(0, 8) for r in reach)
        self.groups = self.draw.choice((1, 1, 2, 3))
        self.channels = self.groups * self.draw.randint(1, 3)
        self.x = self.normal(self.draw.randint(1, 3), self.channels, *self.size)

    def pair(self, low: int, high: int) -> tuple[int, int]:
        return self.draw.randint(low, high), self.draw.randint(low, high)

    def normal(self, *shape: int) -> np.ndarray:
        return self.numpy.standard_normal(shape)

    def pooling_padding(self) -> tuple[int, int]:
        """At most half of the window, as PyTorch wants it."""
        return self.draw.randint(0, self.window[0] // 2), self.draw.randint(0, self.window[1] // 2)


def run(function: Any, x: np.ndarray, layout: str, *arrays: np.ndarray | None, **options: Any) -> Any:
    """The result in PyTorch's order, whichever layout it was computed in. `x` goes in as a tensor."""
    def last(array: np.ndarray) -> np.ndarray:
        return array.transpose(0, 2, 3, 1)

    if layout == "NCHW":
        return function(torch.from_numpy(x), *arrays, layout=layout, **options)
    if arrays:
        arrays = (arrays[0].transpose(2, 3, 1, 0), *arrays[1:])
    result = function(torch.from_numpy(x).permute(0, 2, 3, 1), *arrays, layout=layout, **options)
    if isinstance(result, tuple):
        return tuple(array.transpose(0, 3, 1, 2) for array in result)
    return result.transpose(0, 3, 1, 2)


def check(got: np.ndarray, expected: Any) -> None:
    expected = expected.numpy()
    assert got.shape == expected.shape and got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@every_layout
@pytest.mark.parametrize("seed", CASES)
def test_conv2d(seed: int, layout: str) -> None:
    case = Case(seed, dilated=True)
    weights = case.normal(case.groups * case.draw.randint(1, 3), case.channels // case.groups, *case.window)
    bias = case.normal(weights.shape[0]) if case.draw.random() < 0.7 else None
    options = {"stride": case.stride, "padding": case.pair(0, 3), "dilation": case.dilation, "groups": case.groups}
    expected = functional.conv2d(torch.from_numpy(case.x), torch.from_numpy(weights),
                                 None if bias is None else torch.from_numpy(bias), **options)
    check(run(convstep.conv2d, case.x, layout, weights, bias, **options), expected)


@pytest.mark.parametrize("seed", CASES)
def test_same_padding(seed: int) -> None:
    case = Case(seed, dilated=True)
    weights = case.normal(2, case.channels, *case.window)
    expected = functional.conv2d(torch.from_numpy(case.x), torch.from_numpy(weights), padding="same",
                                 dilation=case.dilation)
    check(run(convstep.conv2d, case.x, "NCHW", weights, padding="same", dilation=case.dilation), expected)


@every_layout
@pytest.mark.parametrize("seed", CASES)
def test_max_pool2d(seed: int, layout: str) -> None:
    case = Case(seed, dilated=True)
    if seed % 2:  # ties, but none between -0 and +0, which PyTorch holds to be equal
        case.x = np.round(case.x * 2) + 0.0
    options = {"kernel_size": case.window, "stride": case.stride, "padding": case.pooling_padding(),
               "dilation": case.dilation, "ceil_mode": case.draw.random() < 0.5}
    expected, where = functional.max_pool2d(torch.from_numpy(case.x), return_indices=True, **options)
    got, indices = run(convstep.max_pool2d, case.x, layout, return_indices=True, **options)
    check(got, expected)
    np.testing.assert_array_equal(indices, where.numpy())
    assert indices.dtype == np.int64


@every_layout
@pytest.mark.parametrize("seed", CASES)
def test_avg_pool2d(seed: int, layout: str) -> None:
    case = Case(seed, dilated=False)
    options = {"kernel_size": case.window, "stride": case.stride, "padding": case.pooling_padding(),
               "ceil_mode": case.draw.random() < 0.5, "count_include_pad": case.draw.random() < 0.5}
    expected = functional.avg_pool2d(torch.from_numpy(case.x), **options)
    check(run(convstep.avg_pool2d, case.x, layout, **options), expected)


@every_layout
@pytest.mark.parametrize("p", [2, 3])
@pytest.mark.parametrize("seed", CASES)
def test_lp_pool2d(seed: int, p: int, layout: str) -> None:
    """PyTorch's sums keep the sign of odd powers, and its ceil_mode scales windows that hang over: both are avoided."""
    case = Case(seed, dilated=False)
    case.x = np.abs(case.x) if p == 3 else case.x
    expected = functional.lp_pool2d(torch.from_numpy(case.x), p, case.window, case.stride)
    options = {"kernel_size": case.window, "stride": case.stride}
    check(run(convstep.lp_pool2d, case.x, layout, p=p, **options), expected)
    if p == 2:
        check(run(convstep.l2_pool2d, case.x, layout, **options), expected)


@every_layout
@pytest.mark.parametrize("mode", ["max", "avg"])
def test_global_pools(mode: str, layout: str) -> None:
    for seed in CASES:
        case = Case(seed, dilated=False)
        expected = getattr(functional, f"adaptive_{mode}_pool2d")(torch.from_numpy(case.x), 1)
        check(run(getattr(convstep, f"global_{mode}_pool2d"), case.x, layout), expected)


@pytest.mark.parametrize("name, activation", [
    ("relu", functional.relu), ("relu6", functional.relu6), ("leaky_relu", lambda z: functional.leaky_relu(z, 0.2)),
    ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)])
def test_activations(name: str, activation: Any) -> None:
    for seed in range(50):
        case = Case(seed, dilated=False)
        weights = case.normal(2, case.channels, *case.window) * 3
        z = functional.conv2d(torch.from_numpy(case.x), torch.from_numpy(weights))
        check(run(convstep.conv2d, case.x, "NCHW", weights, activation=name, slope=0.2), activation(z))


def test_tensors_are_read_where_they_lie() -> None:
    tensors = (torch.ones(1, 4, 5, 6, dtype=torch.float64), torch.ones(1, 5, 6, 4).permute(0, 3, 1, 2),
               torch.ones(1, 4, 5, 12)[..., ::2], torch.ones(1, 4, 5, 6).contiguous(memory_format=torch.channels_last))
    for tensor in tensors:
        read = convert(tensor, "input")
        assert read.__array_interface__["data"][0] == tensor.data_ptr() and not read.flags.owndata
        result = convstep.max_pool2d(tensor, kernel_size=2, layout="NCHW")
        check(result, functional.max_pool2d(tensor, 2))


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int32, torch.int64, torch.bool])
def test_tensors_of_integers(dtype: Any) -> None:
    tensor = torch.ones(1, 2, 4, 4).to(dtype)
    result = convstep.avg_pool2d(tensor, kernel_size=2, layout="NCHW")
    assert result.dtype == np.float64 and (result == 1).all()


def test_tensors_of_float16() -> None:
    result = convstep.avg_pool2d(torch.ones(1, 2, 4, 4, dtype=torch.float16), kernel_size=2, layout="NCHW")
    assert result.dtype == np.float32 and (result == 1).all()


@pytest.mark.parametrize("tensor", [torch.ones(1, 2, 4, 4).bfloat16(),
                                    torch.ones(1, 2, 4, 4, dtype=torch.complex64),
                                    torch.ones(1, 2, 4, 4, requires_grad=True), torch.ones(1, 2, 4, 4).to_sparse()])
def test_tensors_that_cannot_be_read(tensor: Any) -> None:
    with pytest.raises(TypeError, match="^input: got "):
        convstep.max_pool2d(tensor, kernel_size=2, layout="NCHW")


def test_a_tensor_is_no_place_for_the_result() -> None:
    with pytest.raises(TypeError, match="^out: got a Tensor, expected a NumPy array"):
        convstep.max_pool2d(np.ones((1, 2, 2, 1)), kernel_size=2, out=torch.ones(1, 1, 1, 1, dtype=torch.float64))
