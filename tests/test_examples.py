"""The examples do what they say."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module")
def demo(build_dir, tmp_path_factory) -> pathlib.Path:
    """The directory that the photograph demo leaves."""
    directory = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}", "PYTHON": sys.executable}
    done = subprocess.run([EXAMPLES / "photo_demo.sh", directory], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "All 331 figures are the document's, to the last digit." in done.stdout
    return directory


def test_demo_convolves_the_photograph(demo):
    photo = np.asarray(Image.open(demo / "photo.png"), dtype=np.float64) / 255
    padded = np.pad(photo, ((2, 2), (2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    expected = np.einsum("yxcij,ijco->yxo", windows, np.load(demo / "filters.npy"))
    np.testing.assert_allclose(np.load(demo / "conv.npy")[0], expected, atol=1e-5)


def test_demo_applies_relu_and_max_pooling(demo):
    relu = np.load(demo / "relu.npy")
    np.testing.assert_array_equal(relu, np.maximum(np.load(demo / "conv.npy"), 0))
    np.testing.assert_array_equal(np.load(demo / "max_pool.npy"), relu.reshape(1, 128, 4, 128, 4, 6).max(axis=(2, 4)))


def test_demo_leaves_pictures(demo):
    assert Image.open(demo / "figure.png").size > (1000, 1000)
    names = {path.name for path in (demo / "tutorial").iterdir()}
    assert names == {"zero_pad.png", "pool_stride_1.png", "pool_stride_2.png"}
