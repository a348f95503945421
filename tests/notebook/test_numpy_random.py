"""NumpyRandom against np.random.seed: equal bits."""

import pathlib
import subprocess

import numpy as np
import pytest

SEEDS = [0, 1, 2, 3, 42, 2**31, 2**32 - 1, *np.random.default_rng(0).integers(0, 2**32, 193).tolist()]
COUNT = 1000


def draw(build_dir: pathlib.Path, kind: int, count: int) -> np.ndarray:
    """`count` numbers for each of SEEDS, as the C++ generator draws them."""
    requests = np.array([[seed, kind, count] for seed in SEEDS], "<i8")
    answer = subprocess.run([build_dir / "tests" / "numpy_random_bridge"], input=requests.tobytes(), check=True,
                            stdout=subprocess.PIPE).stdout
    return np.frombuffer(answer, "<f8").reshape(len(SEEDS), count)


@pytest.mark.parametrize(("kind", "name"), [(0, "random_sample"), (1, "standard_normal")])
def test_equal_bits(build_dir: pathlib.Path, kind: int, name: str) -> None:
    drawn = draw(build_dir, kind, COUNT)
    for seed, numbers in zip(SEEDS, drawn, strict=True):
        expected = getattr(np.random.RandomState(seed), name)(COUNT)
        assert numbers.tobytes() == expected.tobytes(), f"seed {seed}"


def test_randn_in_the_notebooks_way(build_dir: pathlib.Path) -> None:
    np.random.seed(SEEDS[1])
    expected = np.concatenate([np.random.randn(4, 3, 3, 2).ravel(), np.random.randn(1, 1, 1).ravel()])
    assert draw(build_dir, 1, expected.size)[1].tobytes() == expected.tobytes()
