"""Random layers, and what the library makes of them."""

from typing import NamedTuple

import numpy as np

import convstep


class Layer(NamedTuple):
    """Arguments of convstep.explain."""

    A_prev: np.ndarray
    W: np.ndarray | None
    b: np.ndarray | None
    hparameters: dict[str, int]
    mode: str | None
    grad: np.ndarray | None = None  # of the output; or it is the output itself

    def page(self) -> convstep.Page:
        return convstep.explain(self.A_prev, self.W, self.b, self.hparameters, mode=self.mode, grad=self.grad)

    def forward(self) -> np.ndarray:
        if self.mode:
            return convstep.pool_forward(self.A_prev, self.hparameters, self.mode)[0]
        return convstep.conv_forward(self.A_prev, self.W, self.b, self.hparameters)[0]

    def backward(self) -> dict[str, np.ndarray]:
        """The gradients."""
        output = self.forward() if self.grad is None else self.grad
        if self.mode:
            cache = (self.A_prev, self.hparameters)
            return {"inputGrad": convstep.pool_backward(output, cache, self.mode)}
        cache = (self.A_prev, self.W, self.b, self.hparameters)
        return dict(zip(("inputGrad", "weightsGrad", "biasGrad"), convstep.conv_backward(output, cache)))


def random_layer(seed: int) -> Layer:
    """Small enough that the library gives NumPy's bits, which are those of src/reference."""
    random = np.random.default_rng(seed)
    dtype = random.choice([np.float32, np.float64])
    N, H, W, C, O = (int(n) for n in random.integers((1, 3, 3, 1, 1), (4, 11, 11, 8, 6)))
    stride = int(random.integers(1, 4))
    values = random.normal(size=(N, H, W, C)) * 10.0 ** random.integers(-3, 4)
    if random.random() < 0.3:
        values = np.round(values)  # ties, and zeros
    A_prev = values.astype(dtype)
    if random.random() < 0.4:
        f = int(random.integers(1, min(H, W) + 1))
        mode = str(random.choice(["max", "average"]))
        return with_grad(Layer(A_prev, None, None, {"stride": stride, "f": f}, mode), random)
    pad = int(random.integers(0, 3))
    f = int(random.integers(1, min(H, W, 7) + 1))
    weights, bias = random.normal(size=(f, f, C, O)).astype(dtype), random.normal(size=(1, 1, 1, O)).astype(dtype)
    return with_grad(Layer(A_prev, weights, bias, {"stride": stride, "pad": pad}, None), random)


def with_grad(layer: Layer, random: np.random.Generator) -> Layer:
    """The layer, in one of three cases with a gradient of its own."""
    if random.random() < 2 / 3:
        return layer
    output = layer.forward()
    return layer._replace(grad=random.normal(size=output.shape).astype(output.dtype))
