"""The examples do what they say."""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def demo(build_dir, tmp_path_factory) -> pathlib.Path:
    """The directory that the photograph demo leaves."""
    directory = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}", "PYTHON": sys.executable}
    done = subprocess.run([EXAMPLES / "photo_demo.sh", directory], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "All 362 figures are the notebook's, to the last digit." in done.stdout
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


@pytest.mark.parametrize(
    ("page", "made"),
    [
        ("README.md", {"A_prev.npy", "W.npy", "b.npy", "A.npy", "P.npy", "figure.png", "edges.png", "page.html"}),
        ("docs/command.md", {"P.npy", "edges.png", "displayed", "Z.npy", "A.npy", "dA_prev.npy", "dW.npy", "db.npy", "dZ.npy", "page.html"}),
        ("docs/explain.md", {"A_prev.npy", "W.npy", "page.html"}),
    ],
)
def test_commands_of_a_page_run_as_they_are(page, made, demo, build_dir, tmp_path):
    blocks = re.findall(r"(?:^    .*\n)+", (ROOT / page).read_text(), re.MULTILINE)
    script = "".join(block for block in blocks if "    convstep " in block)
    (tmp_path / "demo").symlink_to(demo)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "display").write_text("#!/bin/sh\ncat >displayed\n")  # where ImageMagick would open a window
    (tmp_path / "bin" / "display").chmod(0o755)
    environment = {**os.environ, "PATH": f"{build_dir}:{tmp_path / 'bin'}:{os.environ['PATH']}"}
    shell = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(shell, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} - {"demo", "bin"} == made
