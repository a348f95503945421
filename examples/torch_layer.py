"""A convolution and a pooling of convstep as layers of PyTorch, trained by it: torch_layer.py [STEPS]

Tensors are read where they lie, as PyTorch keeps them: images (N, C, H, W) on the CPU. An activation is left to PyTorch, for
then the gradient that arrives is that of the convolution itself.
"""

# PyTorch need not be there for the types to be checked.
# mypy: disable-error-code="import-not-found, misc, no-any-return, no-untyped-call"

import sys
from typing import Any

import torch

import convstep


class Convolution(torch.autograd.Function):
    """`convstep.conv2d` with its gradients."""

    @staticmethod
    def forward(context: Any, input: Any, weights: Any, bias: Any, options: dict[str, Any]) -> Any:
        context.save_for_backward(input, weights)
        context.options = options
        output = convstep.conv2d(input.detach(), weights.detach(), bias.detach(), layout="NCHW", **options)
        return torch.from_numpy(output)

    @staticmethod
    def backward(context: Any, grad: Any) -> tuple[Any, Any, Any, None]:
        input, weights = (tensor.detach() for tensor in context.saved_tensors)
        input_grad = weights_grad = bias_grad = None
        if context.needs_input_grad[0]:
            input_grad = torch.from_numpy(
                convstep.conv2d_backward_input(grad, weights, tuple(input.shape), layout="NCHW", **context.options)
            )
        if any(context.needs_input_grad[1:3]):
            weights_grad, bias_grad = map(
                torch.from_numpy,
                convstep.conv2d_backward_weights(
                    grad, input, tuple(weights.shape), bias=True, layout="NCHW", **context.options
                ),
            )
        return input_grad, weights_grad, bias_grad, None


class MaxPooling(torch.autograd.Function):
    """`convstep.max_pool2d` with its gradient, by the indices of the maxima."""

    @staticmethod
    def forward(context: Any, input: Any, kernel_size: int) -> Any:
        output, indices = convstep.max_pool2d(input.detach(), kernel_size, return_indices=True, layout="NCHW")
        context.indices, context.shape, context.kernel_size = indices, tuple(input.shape), kernel_size
        return torch.from_numpy(output)

    @staticmethod
    def backward(context: Any, grad: Any) -> tuple[Any, None]:
        gradient = convstep.max_pool2d_backward(
            grad, None, context.kernel_size, indices=context.indices, input_shape=context.shape, layout="NCHW"
        )
        return torch.from_numpy(gradient), None


class Conv2d(torch.nn.Module):
    """A layer with weights (O, C/groups, KH, KW), as torch.nn.Conv2d has them."""

    def __init__(self, channels: int, filters: int, window: int, groups: int = 1, **options: Any):
        super().__init__()
        scale = (channels // groups * window * window) ** -0.5
        self.weights = torch.nn.Parameter(scale * torch.randn(filters, channels // groups, window, window))
        self.bias = torch.nn.Parameter(torch.zeros(filters))
        self.options = {"groups": groups, **options}

    def forward(self, input: Any) -> Any:
        return Convolution.apply(input, self.weights, self.bias, self.options)


class Network(torch.nn.Module):
    """Two convolutions, a pooling, and a dense layer: grey images of 12 x 12 in, two scores out."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Conv2d(1, 8, 3, padding=1), Conv2d(8, 8, 3, stride=2)
        self.dense = torch.nn.Linear(8 * 2 * 2, 2)

    def forward(self, images: Any) -> Any:
        pooled = MaxPooling.apply(torch.relu(self.first(images)), 2)
        return self.dense(torch.relu(self.second(pooled)).flatten(1))


def bars(count: int) -> tuple[Any, Any]:
    """Images of one bright bar in noise, and whether it lies (0) or stands (1)."""
    images, stands = 0.3 * torch.randn(count, 1, 12, 12), torch.randint(0, 2, (count,))
    for image, is_standing in zip(images, stands):
        at = int(torch.randint(0, 12, ()))
        image[0, :, at] += is_standing
        image[0, at] += 1 - is_standing
    return images, stands


def train(steps: int) -> float:
    """The share of new images that the trained network tells apart."""
    torch.manual_seed(1)
    network = Network()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for step in range(steps):
        images, stands = bars(64)
        loss = torch.nn.functional.cross_entropy(network(images), stands)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0:
            print(f"step {step}: loss {float(loss.detach()):.3f}")
    images, stands = bars(500)
    return float((network(images).argmax(1) == stands).double().mean())


if __name__ == "__main__":
    print(f"right: {train(int(sys.argv[1]) if len(sys.argv) > 1 else 100):.1%}")
