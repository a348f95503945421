"""A network of plain functions learns scikit-learn's handwritten digits: digits.py [DIRECTORY]

Two 3 x 3 convolutions, each with ReLU and max pooling, and a linear layer. With a directory, the weights and a picture are
saved there. It needs scikit-learn, and matplotlib for the picture.
"""

import pathlib
import sys
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from convstep import (
    activation_backward,
    conv2d,
    conv2d_backward_input,
    conv2d_backward_weights,
    linear,
    linear_backward,
    max_pool2d,
    max_pool2d_backward,
    softmax_cross_entropy,
)

Weights = dict[str, np.ndarray]
SHAPES = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "linear": (2 * 2 * 64, 10)}
BATCH = 64


def he_weights(random: np.random.Generator) -> Weights:
    """Normal weights of variance 2 / (values that one output reads), as ReLU halves it, and biases of 0."""
    weights: Weights = {}
    for name, shape in SHAPES.items():
        weights[name + ".W"] = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)
        weights[name + ".b"] = np.zeros(shape[-1], np.float32)
    return weights


def forward(x: np.ndarray, w: Weights) -> tuple[np.ndarray, ...]:
    """The logits (N, 10), and before them what the backward pass needs."""
    A1 = conv2d(x, w["conv1.W"], w["conv1.b"], padding=1, activation="relu")
    P1, where1 = max_pool2d(A1, 2, return_indices=True)
    A2 = conv2d(P1, w["conv2.W"], w["conv2.b"], padding=1, activation="relu")
    P2, where2 = max_pool2d(A2, 2, return_indices=True)
    rows = P2.reshape(len(P2), -1)
    return x, A1, where1, P1, A2, where2, rows, linear(rows, w["linear.W"], w["linear.b"])


def backward(grad: np.ndarray, output: tuple[np.ndarray, ...], w: Weights, gradient: Weights) -> None:
    """Adds the gradients of the weights to `gradient`."""
    x, A1, where1, P1, A2, where2, rows, _ = output

    def add(name: str, grad: np.ndarray, input: np.ndarray) -> None:
        out = gradient[name + ".W"], gradient[name + ".b"]
        conv2d_backward_weights(grad, input, out[0], bias=True, padding=1, out=out, accumulate=True)

    out = None, gradient["linear.W"], gradient["linear.b"]
    grad, _, _ = linear_backward(grad, rows, w["linear.W"], out=out, accumulate=True)
    grad = max_pool2d_backward(grad.reshape(where2.shape), A2, 2, indices=where2)
    grad = activation_backward(grad, A2, "relu")  # relu(Z) is positive where Z is: A serves as well
    add("conv2", grad, P1)
    grad = conv2d_backward_input(grad, w["conv2.W"], P1, padding=1)
    grad = max_pool2d_backward(grad, A1, 2, indices=where1)
    add("conv1", activation_backward(grad, A1, "relu"), x)


def train_batch(x: np.ndarray, labels: np.ndarray, parts: int, rate: float, velocity: Weights, w: Weights) -> float:
    """One step. The batch is taken in parts, whose gradients add up to the bits of the whole batch's."""
    gradient = {name: np.zeros_like(array) for name, array in w.items()}
    size = -(-len(x) // parts)
    loss: np.floating[Any] | float = 0.0
    for first in range(0, len(x), size):
        output = forward(x[first : first + size], w)
        part = labels[first : first + size]
        loss, grad = softmax_cross_entropy(output[-1], part, count=len(x), loss_so_far=loss)
        backward(grad, output, w, gradient)
    for name, array in w.items():
        velocity[name] *= np.float32(0.9)
        velocity[name] += gradient[name] + np.float32(0.003) * array  # momentum and weight decay
        array -= np.float32(rate) * velocity[name]
    return float(loss)


def train(x: np.ndarray, labels: np.ndarray, epochs: int, parts: int, seed: int) -> tuple[Weights, list[float]]:
    """The weights, and the loss of each epoch. The rate falls along a half wave to 0."""
    random = np.random.default_rng(seed)
    w = he_weights(random)
    velocity = {name: np.zeros_like(array) for name, array in w.items()}
    steps = epochs * -(-len(x) // BATCH)
    step, losses = 0, []
    for epoch in range(epochs):
        order = random.permutation(len(x))
        loss = 0.0
        for first in range(0, len(x), BATCH):
            batch = order[first : first + BATCH]
            rate = 0.05 * (1 + np.cos(np.pi * step / steps)) / 2
            loss += train_batch(x[batch], labels[batch], parts, rate, velocity, w) * len(batch)
            step += 1
        losses.append(loss / len(x))
        bar = "#" * (40 * (epoch + 1) // epochs)
        print(f"\r[{bar:40}] epoch {epoch + 1}: loss {losses[-1]:.5f}", end="", flush=True)
    print()
    return w, losses


def picture(losses: list[float], confusion: np.ndarray, filters: np.ndarray) -> Figure:
    figure = Figure(figsize=(12, 4), layout="constrained")
    curve, matrix, grid = figure.subplots(1, 3)
    curve.semilogy(range(1, len(losses) + 1), losses)
    curve.set(title="loss", xlabel="epoch")
    matrix.imshow(np.log1p(confusion), cmap="Reds")
    matrix.set(title="which digit (row) was taken for which", xticks=range(10), yticks=range(10))
    mosaic = np.pad(filters, ((0, 1), (0, 1), (0, 0))).reshape(4, 4, 4, 8).transpose(2, 0, 3, 1).reshape(16, 32)
    limit = np.abs(filters).max()
    grid.imshow(mosaic, cmap="RdBu_r", vmin=-limit, vmax=limit)
    grid.set(title="filters of the first layer", xticks=[], yticks=[])
    return figure


def examples(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, 8, 8, 1) and labels to learn from; and those of a fifth of the digits, which is held out."""
    digits = load_digits()
    images = (digits.images[..., np.newaxis] / 16).astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(images))
    held_out, training = np.split(order, [len(order) // 5])
    return images[training], digits.target[training], images[held_out], digits.target[held_out]


def judge(labels: np.ndarray, taken_for: np.ndarray) -> tuple[float, np.ndarray]:
    """The accuracy, which it prints, and how often each digit (row) was taken for which."""
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, taken_for), 1)
    accuracy = float(confusion.trace() / confusion.sum())
    print(f"accuracy on the digits held out: {accuracy:.2%}")
    return accuracy, confusion


def main(directory: pathlib.Path | None = None, epochs: int = 30, parts: int = 1, seed: int = 1) -> float:
    """Returns the accuracy on the digits held out."""
    x, labels, held_out, held_out_labels = examples(seed)
    w, losses = train(x, labels, epochs, parts, seed)
    accuracy, confusion = judge(held_out_labels, forward(held_out, w)[-1].argmax(axis=1))
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        np.savez(directory / "weights.npz", allow_pickle=False, **w)
        picture(losses, confusion, w["conv1.W"][:, :, 0]).savefig(directory / "digits.png")
    return accuracy


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else None)
