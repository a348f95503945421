"""The gradients against central differences of the forward pass, in float64, to a relative 1e-7: all elements of 100
random geometries of each kind, and of 1,000 under `make test-full` (CONVSTEP_CASES=full)."""

import os
import random
from typing import Any

import numpy as np
import pytest

import convstep

BLOCK = 50
BLOCKS = range(20 if os.environ.get("CONVSTEP_CASES") == "full" else 2)
STEP = 3e-5  # of what is no straight line: what is cut off is some 1e-9, and what is rounded, too
SLOPE = 0.3  # of leaky_relu
KINKS = {"relu": (0,), "leaky_relu": (0,), "relu6": (0, 6)}


class Geometry:
    """A batch of small images, and a window that fits."""

    def __init__(self, seed: int):
        self.draw = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.window, self.stride = self.pair(1, 4), self.pair(1, 3)
        self.dilation = self.pair(1, 3) if self.draw.random() < 0.3 else (1, 1)
        self.groups = self.draw.choice((1, 1, 1, 2, 3))
        self.channels = self.groups * self.draw.randint(1, 3)
        self.images = self.draw.randint(1, 2)

    def pair(self, low: int, high: int) -> tuple[int, int]:
        return self.draw.randint(low, high), self.draw.randint(low, high)

    def sides(self, most: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.pair(0, most[0]), self.pair(0, most[1])

    def image_shape(self, padding: tuple[tuple[int, int], tuple[int, int]]) -> tuple[int, int, int, int]:
        """Some rows and columns more than the window needs."""
        least = (max((k - 1) * d + 1 - sum(sides), 1) for k, d, sides in zip(self.window, self.dilation, padding))
        return self.images, *(length + self.draw.randint(0, 4) for length in least), self.channels

    def normal(self, *shape: int) -> np.ndarray:
        return self.numpy.standard_normal(shape)


def assert_close(differences: np.ndarray, gradient: np.ndarray, what: str) -> None:
    """Relative to the largest element."""
    assert differences.shape == gradient.shape
    error = np.abs(differences - gradient).max(initial=0)
    assert error <= 1e-7 * np.abs(gradient).max(initial=0), f"{what}: off by {error}"


def of_input(forward: Any, x: np.ndarray, grad: np.ndarray, step: float) -> np.ndarray:
    """Of sum(grad * forward(x)), for every element of x. An image has nothing to do with the others, so that those with
    one element changed are a batch."""
    result = np.empty_like(x)
    for n, image in enumerate(x):
        changes = step * np.eye(image.size).reshape(-1, *image.shape)
        difference = forward(image + changes) - forward(image - changes)
        result[n] = (difference * grad[n]).sum(axis=(1, 2, 3)).reshape(image.shape) / (2 * step)
    return result


def of_weights(forward: Any, w: np.ndarray, grad: np.ndarray, step: float) -> np.ndarray:
    """Likewise, as an output has nothing to do with the other filters: those with one weight changed are one layer."""
    size, outputs = w[..., 0].size, w.shape[3]
    changes = step * np.eye(size).reshape(*w.shape[:3], 1, size)

    def filters(sign: int) -> np.ndarray:
        return (w[..., None] + sign * changes).reshape(*w.shape[:3], outputs * size)

    difference = (forward(filters(1)) - forward(filters(-1))).reshape(*grad.shape, size)
    return (difference * grad[..., None]).sum(axis=(0, 1, 2)).T.reshape(w.shape) / (2 * step)


def check_convolution(seed: int) -> None:
    case = Geometry(seed)
    padding = case.sides((3, 3))
    x = case.normal(*case.image_shape(padding))
    w = case.normal(*case.window, case.channels // case.groups, case.groups * case.draw.randint(1, 3)) / 2
    b = case.normal(w.shape[3])
    own: dict[str, Any] = {"stride": case.stride, "padding": padding, "dilation": case.dilation, "groups": case.groups}
    own |= case.draw.choice(({}, {"algorithm": "direct"}, {"algorithm": "winograd"}, {"algorithm": "reference"},
                             {"numerics": "numpy"}))
    activation = case.draw.choice((None, None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"))
    z = convstep.conv2d(x, w, b, **own)
    step = 1.0 if activation is None else STEP
    reach = 1.01 * STEP * max(np.abs(x).max(), np.abs(w).max(), 1)
    if any((np.abs(z - kink) < reach).any() for kink in KINKS.get(activation or "", ())):
        activation, step = None, 1.0  # a difference would go over a kink
    grad = case.normal(*z.shape)
    before = convstep.activation_backward(grad, z, activation, SLOPE)
    dx, dw, db = convstep.conv2d_backward(before, x, w, **own)

    def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        return convstep.conv2d(x, w, b, activation=activation, slope=SLOPE, **own)

    what = f"seed {seed}, {activation}, {own}"
    assert_close(of_input(lambda x: forward(x, w, b), x, grad, step), dx, f"input, {what}")
    repeated = np.repeat(b, w[..., 0].size)
    assert_close(of_weights(lambda w: forward(x, w, repeated), w, grad, step), dw, f"weights, {what}")
    difference = forward(x, w, b + step) - forward(x, w, b - step)
    assert_close((difference * grad).sum(axis=(0, 1, 2)) / (2 * step), db, f"bias, {what}")


def check_pooling(seed: int, mode: str) -> None:
    case = Geometry(seed)
    reach = [(k - 1) * d + 1 for k, d in zip(case.window, case.dilation)]
    padding = case.sides(((reach[0] - 1) // 2, (reach[1] - 1) // 2))
    shape = case.image_shape(padding)
    options: dict[str, Any] = {"kernel_size": case.window, "stride": case.stride, "padding": padding,
                               "dilation": case.dilation, "ceil_mode": case.draw.random() < 0.5}
    x = case.numpy.permutation(np.arange(float(np.prod(shape)))).reshape(shape)  # no two alike
    step = 0.25
    if mode == "avg":
        options["count_include_pad"] = case.draw.random() < 0.5
    elif mode == "lp":
        options["p"] = case.draw.choice((1, 1.5, 2, 3))
        x = case.numpy.choice((-1, 1), shape) * case.numpy.uniform(0.3, 2, shape)  # away from 0
        step = STEP

    def forward(x: np.ndarray) -> np.ndarray:
        return getattr(convstep, f"{mode}_pool2d")(x, **options)

    try:
        grad = case.normal(*forward(x).shape)
    except ValueError as error:
        assert "padding" in str(error)  # some window would read nothing else
        return
    given = {"input_shape": x.shape} if mode == "avg" else {"input": x}
    gradient = getattr(convstep, f"{mode}_pool2d_backward")(grad, **given, **options)
    assert_close(of_input(forward, x, grad, step), gradient, f"{mode}, seed {seed}, {options}")


@pytest.mark.parametrize("block", BLOCKS)
def test_convolution(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        check_convolution(seed)


@pytest.mark.parametrize("mode", ["max", "avg", "lp"])
@pytest.mark.parametrize("block", BLOCKS)
def test_poolings(block: int, mode: str) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        check_pooling(seed, mode)


def test_linear_layers_and_the_loss() -> None:
    rng = np.random.default_rng(1)
    x, w, b, labels = rng.standard_normal((5, 7)), rng.standard_normal((7, 4)), rng.standard_normal(4), rng.integers(0, 4, 5)

    def loss(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.floating[Any]:
        return convstep.softmax_cross_entropy(convstep.linear(x, w, b, activation="tanh"), labels)[0]

    z = convstep.linear(x, w, b)
    _, grad = convstep.softmax_cross_entropy(np.tanh(z), labels)
    before = convstep.activation_backward(grad[:, None, None], z[:, None, None], "tanh")[:, 0, 0]
    arrays = [x, w, b]
    for which, gradient in enumerate(convstep.linear_backward(before, x, w)):
        differences = np.empty_like(gradient)
        for index in np.ndindex(gradient.shape):
            above, below = ([array.copy() for array in arrays] for _ in range(2))
            above[which][index] += STEP
            below[which][index] -= STEP
            differences[index] = (loss(*above) - loss(*below)) / (2 * STEP)
        assert_close(differences, gradient, ("input", "weights", "bias")[which])
