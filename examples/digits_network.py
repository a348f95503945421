"""The network of digits.py as a Network: digits_network.py [DIRECTORY]

It learns scikit-learn's handwritten digits. With a directory, the network and a picture are saved there.
"""

import math
import pathlib
import sys

from convstep import Network, Sgd
from convstep.layers import Conv, Flatten, Linear, MaxPool
from digits import examples, judge, picture

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
    """Returns the accuracy on the digits held out."""
    x, labels, held_out, held_out_labels = examples(seed)
    network = Network(LAYERS, input_shape=(8, 8, 1), seed=seed)
    history = network.fit(
        x,
        labels,
        optimizer=Sgd(momentum=0.9, decay=0.003),
        rate=falling,
        epochs=epochs,
        batch_size=BATCH,
        parts=parts,
        seed=seed,
    )
    taken_for = network.predict(held_out)
    accuracy, confusion = judge(held_out_labels, taken_for)
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        network.save(directory / "network.npz")
        assert (Network.load(directory / "network.npz").predict(held_out) == taken_for).all()
        picture(history.loss, confusion, network.weights["conv1.weights"][:, :, 0]).savefig(directory / "digits.png")
    return accuracy


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else None)
