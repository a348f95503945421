"""The network of digits.py as a Network: digits_network.py [DIRECTORY]

It learns scikit-learn's handwritten digits. With a directory, the network and a picture are saved there.
"""

import math
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from convstep import Network, Sgd
from convstep.layers import Conv, Flatten, Linear, MaxPool
from digits import picture

EPOCHS, BATCH = 30, 64
LAYERS = [
    Conv(32, 3, padding="same", activation="relu"),
    MaxPool(2),
    Conv(64, 3, padding="same", activation="relu"),
    MaxPool(2),
    Flatten(),
    Linear(10),
]


def falling(step: int, steps: int) -> float:
    """The rate falls along a half wave to 0."""
    return 0.05 * (1 + math.cos(math.pi * step / steps)) / 2


def main(directory: pathlib.Path | None = None, epochs: int = EPOCHS, parts: int = 1, seed: int = 1) -> float:
    """Returns the accuracy on a fifth of the digits, which is held out."""
    digits = load_digits()
    images = digits.images[..., np.newaxis] / 16
    order = np.random.default_rng(seed).permutation(len(images))
    held_out, training = np.split(order, [len(order) // 5])

    network = Network(LAYERS, input_shape=(8, 8, 1), seed=seed)
    history = network.fit(
        images[training],
        digits.target[training],
        optimizer=Sgd(momentum=0.9, decay=0.003),
        rate=falling,
        epochs=epochs,
        batch_size=BATCH,
        parts=parts,
        seed=seed,
    )
    taken_for = network.predict(images[held_out])
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (digits.target[held_out], taken_for), 1)
    accuracy = float(confusion.trace() / confusion.sum())
    print(f"accuracy on the digits held out: {accuracy:.2%}")
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        network.save(directory / "network.npz")
        assert (Network.load(directory / "network.npz").predict(images[held_out]) == taken_for).all()
        picture(history.loss, confusion, network.weights["conv1.weights"][:, :, 0]).savefig(directory / "digits.png")
    return accuracy


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else None)
