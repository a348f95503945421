"""What the command refuses, in one line that names the cause."""

import numpy as np
import pytest


def test_draw_wants_a_name_for_each_channel(refused, layer):
    assert refused("draw", "A_prev.npy", "--names", "one,two", "-o", "figure.png") == (
        "convstep draw: --names: got 2 names, expected 4, one for each channel of FILE\n"
    )
    assert "expected 8, one for each filter" in refused("draw", "W.npy", "--filters", "--names", "x", "-o", "f.png")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--stride", "0"], "stride: got (0, 0), expected 1 or more"),
        (["--stride", "-1"], "stride: got (-1, -1), expected 1 or more"),
        (["--pad", "-1"], "padding: got (-1, -1, -1, -1), expected 0 or more"),
        (["--pad", str(2**62)], "padding"),
        (["--pad", str(2**61)], "output"),
        (["--dilation", "0"], "dilation"),
        (["--dilation", "4"], "larger than the padded input (5, 7)"),
        (["--groups", "3"], "groups: got 3, expected a divisor of the 4 input channels"),
        (["--activation", "leaky_relu", "--slope", "nan"], "slope"),
        (["--residual", "b.npy"], "residual: got (1, 1, 1, 8), expected (10, 3, 5, 8)"),
        (["--residual", "none.npy"], "none.npy"),
    ],
)
def test_conv_refuses(refused, layer, arguments, words):
    assert words in refused("conv", "A_prev.npy", "W.npy", "b.npy", *arguments, "-o", "Z.npy")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--stride", "2.5"], "--stride"),
        (["--stride", "two"], "--stride"),
        (["--stride", str(2**63)], "--stride"),
        (["--stride", "1,2,3"], "--stride"),
        (["--pad", "1,2,3"], "--pad"),
        (["--pad", "1", "--padding", "same_upper"], "--pad"),
        (["--padding", "SAME"], "--padding"),
        (["--activation", "RELU"], "--activation"),
        (["--slope", "0.5"], "--slope"),
        (["--dtype", "float16"], "--dtype"),
        (["--unknown"], "--unknown"),
        (["extra.npy"], "extra.npy"),
    ],
)
def test_conv_command_lines_that_make_no_sense(refused, layer, arguments, words):
    assert words in refused("conv", "A_prev.npy", "W.npy", "b.npy", *arguments, "-o", "Z.npy", status=2)


def test_outputs_must_be_named_after_what_they_hold(refused, layer):
    assert ".npy or .png" in refused("conv", "A_prev.npy", "W.npy", "-o", "Z.jpg", status=2)
    assert ".png" in refused("draw", "W.npy", "-o", "W.npy.jpg", status=2)
    assert "--output" in refused("pad", "A_prev.npy", "--pad", "1", status=2)
    assert "same file" in refused("pool", "A_prev.npy", "--global", "--indices", "A.npy", "-o", "A.npy", status=2)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--p", "3"], "--p: goes with --mode lp"),
        (["--mode", "l2", "--p", "3"], "--p: goes with --mode lp"),
        (["--count-include-pad"], "--count-include-pad: goes with --mode average"),
        (["--mode", "average", "--indices", "I.npy"], "--indices: goes with --mode max"),
        (["--window", "2"], "--global"),
    ],
)
def test_pool_options_that_do_not_go_together(refused, layer, arguments, words):
    assert words in refused("pool", "A_prev.npy", "--global", *arguments, "-o", "A.npy", status=2)


def test_shapes_that_do_not_fit(refused, layer, tmp_path):
    np.save(tmp_path / "flat.npy", np.zeros(8))
    np.save(tmp_path / "five.npy", np.zeros((1, 1, 1, 1, 1)))
    np.save(tmp_path / "three.npy", np.zeros((1, 1, 1, 3)))
    np.save(tmp_path / "small.npy", np.zeros((1, 2, 2, 4)))
    assert "A_PREV: got (8,)" in refused("conv", "flat.npy", "W.npy", "-o", "Z.npy")
    assert "W: got (1, 1, 1, 1, 1)" in refused("conv", "A_prev.npy", "five.npy", "-o", "Z.npy")
    assert "weights: got (3, 3, 4, 8), expected (3, 3, 3, 8)" in refused("conv", "three.npy", "W.npy", "-o", "Z.npy")
    assert "B: got (1, 1, 1, 3), expected (8,)" in refused("conv", "A_prev.npy", "W.npy", "three.npy", "-o", "Z.npy")
    small = refused("conv", "small.npy", "W.npy", "--stride", "2", "-o", "Z.npy")
    assert "larger than the padded input (2, 2)" in small
    assert "B: got (8,), expected (1, 1, 1)" in refused("step", "three.npy", "three.npy", "flat.npy")
    assert "window" in refused("pool", "A_prev.npy", "--window", "6", "-o", "A.npy")
    assert "--mode" in refused("pool", "A_prev.npy", "--mode", "MAX", "--window", "2", "-o", "A.npy", status=2)
    assert "padding" in refused("pool", "A_prev.npy", "--window", "2", "--pad", "2", "-o", "A.npy")
    assert "not enough memory" in refused("pad", "A_prev.npy", "--pad", str(2**20), "-o", "X.npy")


def test_files_that_cannot_be_read(refused, tmp_path):
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "text.npy").write_text("not an array")
    for name in ["none.npy", "folder.npy", "text.npy"]:
        assert name in refused("print", name)
    assert "/dev/zero" in refused("print", "/dev/zero")
