"""examples/digits.py learns, and what it learns depends on neither threads nor parts of a batch."""

import importlib.util
import pathlib
from types import ModuleType

import numpy as np
import pytest

import convstep

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "digits.py"


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    spec = importlib.util.spec_from_file_location("digits_example", EXAMPLE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_digits(digits, tmp_path, capsys):
    assert digits.main(tmp_path) >= 0.97
    assert "accuracy on the digits held out: 9" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"weights.npz", "digits.png"}
    with np.load(tmp_path / "weights.npz") as weights:
        assert {name: weights[name + ".W"].shape for name in digits.SHAPES} == digits.SHAPES


def test_threads_and_parts_of_a_batch_change_no_bit(digits):
    random = np.random.default_rng(1)
    images, labels = random.random((200, 8, 8, 1), np.float32), random.integers(0, 10, 200)

    def learned(threads: int, parts: int) -> dict[str, bytes]:
        convstep.set_num_threads(threads)
        try:
            weights, _ = digits.train(images, labels, epochs=2, parts=parts, seed=1)
        finally:
            convstep.set_num_threads(0)
        return {name: array.tobytes() for name, array in weights.items()}

    expected = learned(threads=1, parts=1)
    assert learned(threads=2, parts=1) == expected
    assert learned(threads=2, parts=4) == expected
    assert learned(threads=1, parts=3) == expected
