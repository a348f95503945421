"""A convolution and a pooling of convstep as functions of JAX, under jit and grad: jax_layer.py [STEPS]

JAX hands its arrays to Python with pure_callback; images are (N, H, W, C), on the CPU. The rules of the gradients are those of
custom_vjp.
"""

# JAX need not be there for the types to be checked.
# mypy: disable-error-code="import-not-found, misc, no-any-return, no-untyped-call, untyped-decorator"

import functools
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import convstep

Options = tuple[tuple[str, Any], ...]  # ("stride", 2), ...: what jit can tell apart


def call(function: Callable[..., Any], shapes: Any, *arrays: Any, **options: Any) -> Any:
    """convstep's `function` of these arrays, whose results have these shapes and the dtype of the first array."""
    results = jax.tree.map(lambda shape: jax.ShapeDtypeStruct(shape, arrays[0].dtype), shapes, is_leaf=is_shape)
    return jax.pure_callback(lambda *given: function(*map(np.asarray, given), **options), results, *arrays)


def is_shape(value: Any) -> bool:
    return all(isinstance(length, int) for length in value)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def conv2d(input: Any, weights: Any, bias: Any, options: Options = ()) -> Any:
    layer = convstep.Conv2d(np.zeros(weights.shape), **dict(options))
    return call(convstep.conv2d, layer.output_shape(input.shape), input, weights, bias, **dict(options))


def conv2d_forward(input: Any, weights: Any, bias: Any, options: Options) -> tuple[Any, tuple[Any, Any]]:
    return conv2d(input, weights, bias, options), (input, weights)


def conv2d_backward(options: Options, kept: tuple[Any, Any], grad: Any) -> Any:
    input, weights = kept
    shapes = (input.shape, weights.shape, weights.shape[3:])
    return call(convstep.conv2d_backward, shapes, grad, input, weights, **dict(options))


conv2d.defvjp(conv2d_forward, conv2d_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def max_pool2d(input: Any, size: int) -> Any:
    images, height, width, channels = input.shape
    return call(convstep.max_pool2d, (images, height // size, width // size, channels), input, kernel_size=size)


def max_pool2d_forward(input: Any, size: int) -> tuple[Any, Any]:
    return max_pool2d(input, size), input


def max_pool2d_backward(size: int, input: Any, grad: Any) -> tuple[Any]:
    return (call(convstep.max_pool2d_backward, input.shape, grad, input, kernel_size=size),)


max_pool2d.defvjp(max_pool2d_forward, max_pool2d_backward)


def network(parameters: Any, images: Any) -> Any:
    """Two convolutions, a pooling, and a dense layer: grey images of 12 x 12 in, two scores out."""
    first, second, dense = parameters
    x = max_pool2d(jax.nn.relu(conv2d(images, *first, (("padding", 1),))), 2)
    x = jax.nn.relu(conv2d(x, *second, (("stride", 2),)))
    return x.reshape(len(x), -1) @ dense[0] + dense[1]


def initial_parameters(random: np.random.Generator) -> Any:
    def layer(*shape: int) -> tuple[Any, Any]:
        scale = np.prod(shape[:-1]) ** -0.5
        return jnp.asarray(scale * random.standard_normal(shape), jnp.float32), jnp.zeros(shape[-1])

    return layer(3, 3, 1, 8), layer(3, 3, 8, 8), layer(8 * 2 * 2, 2)


def bars(random: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Images of one bright bar in noise, and whether it lies (0) or stands (1)."""
    images, stands = 0.3 * random.standard_normal((count, 12, 12, 1)), random.integers(0, 2, count)
    for image, is_standing in zip(images, stands):
        at = random.integers(0, 12)
        image[(slice(None), at) if is_standing else (at,)] += 1
    return jnp.asarray(images, jnp.float32), jnp.asarray(stands)


@jax.jit
def step(parameters: Any, images: Any, stands: Any) -> tuple[Any, Any]:
    """One step of gradient descent; the loss before it."""
    def loss(parameters: Any) -> Any:
        scores = jax.nn.log_softmax(network(parameters, images))
        return -jnp.take_along_axis(scores, stands[:, None], axis=1).mean()

    value, gradients = jax.value_and_grad(loss)(parameters)
    return jax.tree.map(lambda old, gradient: old - 0.2 * gradient, parameters, gradients), value


def train(steps: int) -> float:
    """The share of new images that the trained network tells apart."""
    random = np.random.default_rng(1)
    parameters = initial_parameters(random)
    for number in range(steps):
        parameters, loss = step(parameters, *bars(random, 64))
        if number % 50 == 0:
            print(f"step {number}: loss {float(loss):.3f}")
    images, stands = bars(random, 500)
    return float((network(parameters, images).argmax(axis=1) == stands).mean())


if __name__ == "__main__":
    print(f"right: {train(int(sys.argv[1]) if len(sys.argv) > 1 else 200):.1%}")
