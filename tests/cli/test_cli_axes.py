"""The command on arrays with fewer axes than it computes with."""

import subprocess

import numpy as np
import pytest
from PIL import Image

IMAGE = np.random.RandomState(1).randn(7, 6)
KERNEL = np.random.RandomState(2).randn(3, 3)


@pytest.fixture
def run(build_dir, tmp_path):
    """Runs the command where image.npy, kernel.npy and more of that kind are: its standard output and its error."""
    arrays = {"image": IMAGE, "kernel": KERNEL, "image4": IMAGE[None, :, :, None], "kernel4": KERNEL[:, :, None, None],
              "three": np.ones((5, 8, 8)), "kernels": np.ones((3, 3, 2)), "colours": np.ones((1, 7, 6, 3)),
              "b": np.ones(1), "line": np.ones(7)}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.savez(tmp_path / "all.npz", **arrays)

    def call(*arguments: str, status: int = 0) -> str:
        done = subprocess.run([build_dir / "convstep", *arguments], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == status, done.stderr
        assert done.stderr.count("\n") == (status != 0)
        return done.stdout + done.stderr

    return call


@pytest.mark.parametrize("command", ["conv {image}.npy {kernel}.npy --pad 1 --residual {image}.npy",
                                     "pad {image}.npy --pad 2", "pool {image}.npy --window 2",
                                     "conv {image}.npy blur", "conv {image}.npy sobel"])
def test_one_grey_image_and_one_filter_of_one_channel(run, tmp_path, command):
    run(*command.format(image="image", kernel="kernel").split(), "-o", "two.npy")
    run(*command.format(image="image4", kernel="kernel4").split(), "-o", "four.npy")
    two, four = np.load(tmp_path / "two.npy"), np.load(tmp_path / "four.npy")
    assert two.shape == four.shape
    assert two.tobytes() == four.tobytes()


def test_one_window_of_one_channel(run):
    assert float(run("step", "kernel.npy", "kernel.npy", "b.npy")) == pytest.approx((KERNEL * KERNEL).sum() + 1)


def test_three_axes_are_an_error_that_says_what_to_write(run):
    images = ('for one image: np.save("new.npy", x[None]), for grey images: np.save("new.npy", x[..., None]), '
              'where x is np.load("three.npy"))\n')
    for command, argument in [("conv three.npy kernel.npy", "A_PREV"), ("conv three.npy blur", "A_PREV"),
                              ("conv image.npy kernel.npy --residual three.npy", "--residual"),
                              ("pool three.npy --window 2", "A_PREV"), ("pad three.npy --pad 1", "X")]:
        line = run(*command.split(), "-o", "z.npy", status=1)
        assert f"{argument}: got (5, 8, 8), expected an array of 4 axes ({images}" in line
    line = run("conv", "image.npy", "all.npz:kernels", "-o", "z.npy", status=1)
    assert ('W: got (3, 3, 2), expected an array of 4 axes (for one filter: np.save("new.npy", x[..., None]), for '
            'filters of one channel: np.save("new.npy", x[:, :, None]), where x is the array)') in line
    assert "A_PREV: got (7,), expected an array of 4 axes\n" in run("pool", "line.npy", "--window", "2", "-o", "z.npy",
                                                                    status=1)


def test_draw_takes_two_axes_for_one_filter(run, tmp_path):
    run("draw", "kernel.npy", "--filters", "-o", "two.png")
    run("draw", "kernel4.npy", "--filters", "-o", "four.png")
    assert Image.open(tmp_path / "two.png").height == Image.open(tmp_path / "four.png").height  # one row
    assert "for one filter: np.save" in run("draw", "kernels.npy", "--filters", "-o", "z.png", status=1)


def test_one_filter_for_several_channels_is_an_error_whose_advice_works(run, tmp_path):
    line = run("conv", "colours.npy", "kernel.npy", "-o", "z.npy", status=1)
    assert "W: got (3, 3), expected (3, 3, 3, O) (the images have 3 channels; for the same filter on each" in line
    code = 'np.save("new.npy", np.stack([x[..., None]] * 3, axis=3))'
    assert f'{code} and --groups 3, where x is np.load("kernel.npy"))' in line
    np.save(tmp_path / "new.npy", np.stack([KERNEL[..., None]] * 3, axis=3))
    run("conv", "colours.npy", "new.npy", "--groups", "3", "-o", "z.npy")
    np.testing.assert_allclose(np.load(tmp_path / "z.npy"), KERNEL.sum())
