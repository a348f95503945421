"""convstep check: what is wrong with arrays of one's own, and the doors to notebooks and Python files."""

import os
import sys

import numpy as np
import pytest


@pytest.fixture
def arrays(layer, tmp_path):
    """The layer's right output, Z.npy, by NumPy, and a way to write others."""
    A_prev, W, b = layer["A_prev"], layer["W"], layer["b"]
    padded = np.pad(A_prev, ((0, 0), (1, 1), (1, 1), (0, 0)))
    Z = np.array([[np.tensordot(padded[:, 2 * h : 2 * h + 3, 2 * w : 2 * w + 3], W, 3) for w in range(4)] for h in range(3)])
    Z = Z.transpose(2, 0, 1, 3)
    np.save(tmp_path / "Z.npy", Z + b)

    def save(name: str, array) -> str:
        np.save(tmp_path / f"{name}.npy", array)
        return f"{name}.npy"

    return {"Z": Z + b, "without_bias": Z, **layer, "save": save}


CONV = ("A_prev.npy", "W.npy", "b.npy", "--stride", "2", "--pad", "1")


def test_right_arrays(convstep, arrays):
    assert convstep("check", "conv", "--yours", "Z.npy", *CONV).stdout == "conv_forward is right.\n"
    assert convstep("check", "conv_forward", *CONV, "--yours", "Z.npy").stdout == "conv_forward is right.\n"
    single = arrays["save"]("single", arrays["Z"].astype(np.float32))
    assert convstep("check", "conv", "--yours", single, *CONV).stdout == "conv_forward is right.\n"
    flat = arrays["save"]("flat", arrays["b"].ravel())
    assert "right" in convstep("check", "conv", "--yours", "Z.npy", "A_prev.npy", "W.npy", flat, *CONV[3:]).stdout


def test_a_mistake_is_named(convstep, arrays):
    name = arrays["save"]("mine", arrays["without_bias"])
    done = convstep("check", "conv", "--yours", name, *CONV, status=1)
    assert done.stdout.startswith("conv_forward: The bias is not added.\n  Seen: Z[0, 0, 0, 0] is ")
    assert "  Hint: What comes after the sum of the products?\n" in done.stdout and "Solution" not in done.stdout
    done = convstep("check", "conv", "--yours", name, *CONV, "--reveal", status=1)
    assert done.stdout.endswith("  Solution: Z = np.sum(a_slice_prev * W) + b\n")


def test_two_mistakes_are_named(convstep, arrays):
    wrong = arrays["without_bias"].copy()
    wrong[1:] = 0
    done = convstep("check", "conv", "--yours", arrays["save"]("mine", wrong), *CONV, status=1)
    assert done.stdout.startswith("conv_forward: Two things: The bias is not added. Only the first image is computed")


def test_a_shape_is_explained(convstep, arrays):
    done = convstep("check", "conv", "--yours", arrays["save"]("mine", np.zeros((10, 2, 3, 8))), *CONV, status=1)
    assert "The shape of Z is wrong." in done.stdout and "1 row too few, 1 column too few" in done.stdout
    assert "It may be: The output's size lacks the + 1." in done.stdout
    done = convstep("check", "conv", "--yours", arrays["save"]("mine", np.zeros((10, 5, 7, 8))), *CONV, status=1)
    assert "conv_forward: The stride is ignored" in done.stdout or "It may be: The output has the height" in done.stdout


def test_what_no_mistake_explains_is_written_out(convstep, arrays):
    wrong = arrays["Z"].copy()
    wrong[3, 1, 1, 2] += 0.5
    done = convstep("check", "conv", "--yours", arrays["save"]("mine", wrong), *CONV, status=1)
    assert "conv_forward: The first number that differs is Z[3, 1, 1, 2]: yours would have to be 0.5 smaller." in done.stdout
    assert "; 1 of 960 numbers differ" in done.stdout
    assert done.stdout.count(" * ") >= 36 and "the window: rows 2 to 4, columns 2 to 4 of the padded image" in done.stdout


def test_the_other_functions(convstep, arrays, tmp_path):
    save, A_prev = arrays["save"], arrays["A_prev"]
    pad = save("pad", np.pad(A_prev, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"))
    assert "at the edge, not with zeros" in convstep("check", "pad", "--yours", pad, "A_prev.npy", "--pad", "1", status=1).stdout
    window, weights, bias = save("a", np.ones((2, 2, 3))), save("w", np.full((2, 2, 3), 2.0)), save("c", np.ones((1, 1, 1)))
    assert "is right" in convstep("check", "step", "--yours", save("z", np.float64(25)), window, weights, bias).stdout
    assert "added inside the sum" in convstep("check", "step", "--yours", save("z", np.float64(36)), window, weights, bias, status=1).stdout
    convstep("pool", "A_prev.npy", "--mode", "average", "--window", "3", "--stride", "2", "-o", "A.npy")
    pool = ("A_prev.npy", "--window", "3", "--stride", "2")
    assert "is right" in convstep("check", "pool", "--yours", "A.npy", *pool, "--mode", "average").stdout
    assert 'The mode "max" gives the average.' in convstep("check", "pool", "--yours", "A.npy", *pool, status=1).stdout
    convstep("pool-backward", "A.npy", "A_prev.npy", "--mode", "average", "--window", "3", "--stride", "2", "-o", "dA.npy")
    assert "is right" in convstep("check", "pool-backward", "--yours", "dA.npy", "A.npy", *pool, "--mode", "average").stdout
    convstep("conv-backward", "Z.npy", "A_prev.npy", "W.npy", "--stride", "2", "--pad", "1", "-o", "dA.npy", "--dW", "dW.npy",
             "--db", "db.npy")
    yours = ("--yours", "dA.npy", "--yours", "dW.npy", "--yours")
    assert "is right" in convstep("check", "conv-backward", *yours, "db.npy", "Z.npy", *CONV).stdout
    mean = save("mean", np.load(tmp_path / "db.npy") / 120)
    assert "db is the mean of dZ" in convstep("check", "conv-backward", *yours, mean, "Z.npy", *CONV, status=1).stdout
    x = save("x", np.array([[1.0, 3], [2, 0]]))
    assert "is right" in convstep("check", "mask", "--yours", save("m", np.array([[False, True], [False, False]])), x).stdout
    dz, shape = save("dz", np.float64(2)), save("shape", np.array([2, 2]))
    assert "is right" in convstep("check", "share", "--yours", save("s", np.full((2, 2), 0.5)), dz, shape).stdout


@pytest.mark.parametrize("arguments, words", [
    (["convv"], 'WHAT: "convv" is no function (pad, step, conv, pool, mask, share, conv-backward, pool-backward), notebook (.ipynb) or'),
    (["conv", *CONV], "--yours: 0 given, expected 1: Z"),
    (["conv", "--yours", "Z.npy", "A_prev.npy"], "ARRAYS: 1 given, expected 3: A_prev W b"),
    (["conv", "--yours", "Z.npy", *CONV, "--window", "3"], "--window: goes with pool and pool-backward"),
    (["conv", "--yours", "Z.npy", *CONV, "--mode", "max"], "--mode: goes with pool and pool-backward"),
    (["pool", "--yours", "Z.npy", "A_prev.npy"], "--window: is missing"),
    (["pad", "--yours", "Z.npy", "A_prev.npy"], "--pad: is missing"),
    (["conv", "--yours", "Z.npy", *CONV, "--stride", "0"], "--stride"),
    (["conv", "--yours", "none.npy", *CONV], "none.npy"),
    (["conv", "--yours", "Z.npy", "W.npy", "A_prev.npy", "b.npy"], "W"),
    (["mine.py", "--stride", "2"], "mine.py is checked alone"),
])
def test_what_cannot_be_judged_is_a_wrong_command_line(refused, arrays, arguments, words):
    assert words in refused("check", *arguments, status=2)


def test_files_are_checked_by_the_package(convstep, tmp_path):
    (tmp_path / "mine.py").write_text("def distribute_value(dz, shape):\n    return dz\n")
    (tmp_path / "right.py").write_text("from convstep import distribute_value\n")
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    done = convstep("check", "mine.py", status=1, PATH=path)
    assert "distribute_value" in done.stdout and "where an array is asked for" in done.stdout
    assert "distribute_value: right" in convstep("check", "right.py", PATH=path).stdout
    assert "none.py: No such file or directory" in convstep("check", "none.py", status=2, PATH=path).stderr


def test_files_need_the_package(refused, tmp_path):
    (tmp_path / "mine.py").write_text("")
    folder = tmp_path / "bin"
    folder.mkdir()
    line = refused("check", "mine.py", status=2, PATH=str(folder))
    assert "functions are called by the Python package convstep, which no python3 here has" in line


def test_words_that_complete_the_command(convstep):
    assert convstep("__complete", "check", "conv").stdout.splitlines() == ["conv", "conv-backward", ":files"]
    assert ":files" in convstep("__complete", "check", "conv", "--yours", "").stdout.splitlines()
