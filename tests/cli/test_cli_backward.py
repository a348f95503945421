"""The gradients that the command computes: convstep conv-backward and pool-backward."""

import subprocess

import numpy as np
import pytest

LAYER = ["dZ.npy", "A_prev.npy", "W.npy", "--stride", "2", "--pad", "1"]


def conv_backward(dZ, A_prev, W, stride, pad, groups=1):
    """The notebook's loops."""
    padded = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dA, dW = np.zeros_like(padded), np.zeros_like(W)
    per_group = W.shape[2]
    for i, h, w, c in np.ndindex(dZ.shape):
        first = c // (W.shape[3] // groups) * per_group
        window = (i, slice(h * stride, h * stride + W.shape[0]), slice(w * stride, w * stride + W.shape[1]),
                  slice(first, first + per_group))
        dA[window] += W[..., c] * dZ[i, h, w, c]
        dW[..., c] += padded[window] * dZ[i, h, w, c]
    return dA[:, pad:pad + A_prev.shape[1], pad:pad + A_prev.shape[2]], dW


def pool_backward(dA, A_prev, f, stride, mode, ties):
    dA_prev = np.zeros_like(A_prev)
    for i, h, w, c in np.ndindex(dA.shape):
        window = (i, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f), c)
        x = A_prev[window]
        mask = x == x.max()
        if ties == "first":
            mask = (np.arange(x.size) == x.argmax()).reshape(x.shape)
        dA_prev[window] += dA[i, h, w, c] / x.size if mode == "average" else mask * dA[i, h, w, c]
    return dA_prev


@pytest.fixture
def grad(layer, tmp_path):
    """dZ.npy, the gradient of the layer's output for stride 2 and pad 1."""
    dZ = np.random.RandomState(2).randn(10, 3, 4, 8)
    np.save(tmp_path / "dZ.npy", dZ)
    return dZ


@pytest.fixture
def pooling(tmp_path):
    """x.npy with equal numbers, and dA.npy for windows of 2 at stride 1."""
    x = np.random.RandomState(3).randint(-2, 3, (2, 5, 6, 3)).astype(float)
    dA = np.random.RandomState(4).randn(2, 4, 5, 3)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "dA.npy", dA)
    return x, dA


def test_conv_backward(convstep, layer, grad, tmp_path):
    done = convstep("conv-backward", *LAYER, "-o", "dA_prev.npy", "--dW", "dW.npy", "--db", "db.npy")
    assert done.stdout == ("dA_prev (10, 5, 7, 4) float64 -> dA_prev.npy\ndW (3, 3, 4, 8) float64 -> dW.npy\n"
                           "db (1, 1, 1, 8) float64 -> db.npy\n")
    assert done.stderr == ""
    dA_prev, dW = conv_backward(grad, layer["A_prev"], layer["W"], 2, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "dA_prev.npy"), dA_prev)
    np.testing.assert_array_equal(np.load(tmp_path / "dW.npy"), dW)
    np.testing.assert_allclose(np.load(tmp_path / "db.npy"), grad.sum(axis=(0, 1, 2)).reshape(1, 1, 1, 8), rtol=1e-12)


def test_each_gradient_by_itself(convstep, layer, grad, tmp_path):
    for option, name in (("-o", "dA_prev"), ("--dW", "dW"), ("--db", "db")):
        done = convstep("conv-backward", *LAYER, option, f"{name}.npy")
        assert done.stdout.startswith(f"{name} (") and done.stdout.count("\n") == 1
    dA_prev, dW = conv_backward(grad, layer["A_prev"], layer["W"], 2, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "dA_prev.npy"), dA_prev)
    np.testing.assert_array_equal(np.load(tmp_path / "dW.npy"), dW)


def test_groups_algorithms_and_types(convstep, layer, grad, tmp_path):
    np.save(tmp_path / "G.npy", layer["W"][:, :, :2])
    dA_prev, dW = conv_backward(grad, layer["A_prev"], layer["W"][:, :, :2], 2, 1, groups=2)
    words = ["conv-backward", "dZ.npy", "A_prev.npy", "G.npy", *LAYER[3:], "--groups", "2", "-o", "a.npy", "--dW", "w.npy"]
    for more in (["--numerics", "fast"], ["--algorithm", "direct"], ["--algorithm", "reference"], ["--threads", "1"]):
        convstep(*words, *more)
        np.testing.assert_allclose(np.load(tmp_path / "a.npy"), dA_prev, atol=1e-12)
        np.testing.assert_allclose(np.load(tmp_path / "w.npy"), dW, atol=1e-11)
    convstep(*words, "--dtype", "float32")
    assert np.load(tmp_path / "w.npy").dtype == np.float32


def test_the_gradient_goes_through_a_pipe(convstep, layer, grad, build_dir, tmp_path):
    done = subprocess.run([build_dir / "convstep", "conv-backward", *LAYER, "-o", "-"], cwd=tmp_path, capture_output=True,
                          timeout=60, check=True)
    (tmp_path / "piped.npy").write_bytes(done.stdout)
    convstep("conv-backward", *LAYER, "-o", "dA_prev.npy")
    assert (tmp_path / "piped.npy").read_bytes() == (tmp_path / "dA_prev.npy").read_bytes()


@pytest.mark.parametrize("mode, ties", [("max", None), ("max", "all"), ("max", "first"), ("average", None)])
def test_pool_backward(convstep, pooling, tmp_path, mode, ties):
    x, dA = pooling
    words = ["pool-backward", "dA.npy", "x.npy", "--window", "2", "--stride", "1", "--mode", mode]
    done = convstep(*words, *(["--ties", ties] if ties else []), "-o", "d.npy")
    assert done.stdout == "dA_prev (2, 5, 6, 3) float64 -> d.npy\n"
    np.testing.assert_array_equal(np.load(tmp_path / "d.npy"), pool_backward(dA, x, 2, 1, mode, ties or "all"))


def test_pool_backward_by_indices(convstep, pooling, tmp_path):
    x, dA = pooling
    convstep("pool", "x.npy", "--window", 2, "--stride", 1, "-o", "A.npy", "--indices", "I.npy")
    convstep("pool-backward", "dA.npy", "x.npy", "--window", 2, "--stride", 1, "--indices", "I.npy", "-o", "d.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "d.npy"), pool_backward(dA, x, 2, 1, "max", "first"))


def test_norms_and_the_whole_image(convstep, tmp_path):
    np.save(tmp_path / "x.npy", np.array([3.0, -4.0]).reshape(1, 1, 2, 1))
    np.save(tmp_path / "dA.npy", np.full((1, 1, 1, 1), 10.0))
    for words in (["--mode", "l2"], ["--mode", "lp", "--p", "2"]):
        convstep("pool-backward", "dA.npy", "x.npy", "--global", *words, "-o", "d.npy")
        np.testing.assert_allclose(np.load(tmp_path / "d.npy").ravel(), [6, -8], rtol=1e-15)


def test_what_does_not_fit(refused, layer, grad, pooling, tmp_path):
    np.save(tmp_path / "three.npy", grad[:, :2])
    shape = "DZ: got (10, 2, 4, 8), expected (10, 3, 4, 8) (the shape of the layer's output)"
    assert shape in refused("conv-backward", "three.npy", *LAYER[1:], "-o", "d.npy")
    assert "weights: got (3, 3, 4, 8), expected (3, 3, 3, 8)" in refused("conv-backward", "dZ.npy", "x.npy", "W.npy",
                                                                        "-o", "d.npy")
    assert "DA: got (2, 4, 5, 3), expected (2, 2, 3, 3) (the shape of the pooling's output)" in refused(
        "pool-backward", "dA.npy", "x.npy", "--window", "2", "-o", "d.npy")
    common = ["pool-backward", "dA.npy", "x.npy", "--window", "2", "--stride", "1", "-o", "d.npy"]
    assert "--indices: got float64, expected int64, as pool --indices writes it" in refused(*common, "--indices", "dA.npy")
    np.save(tmp_path / "I.npy", np.full((2, 4, 5, 3), 30))
    assert "indices: got 30 at (0, 0, 0, 0), expected 0 to 29" in refused(*common, "--indices", "I.npy")


@pytest.mark.parametrize("words, message", [
    (["conv-backward", *LAYER], "--output: is missing; for the gradients of W and B: --dW, --db"),
    (["conv-backward", *LAYER, "-o", "d.png"], '--output: "d.png" does not end in .npy'),
    (["conv-backward", *LAYER, "--dW", "d.npy", "--db", "./d.npy"], "only one of them would be left"),
    (["conv-backward", "dZ.npy", "A_prev.npy", "-o", "d.npy"], "W is required"),
    (["conv-backward", *LAYER, "--activation", "relu"], "unknown option --activation; it is an option of conv"),
    (["pool-backward", "dA.npy", "x.npy", "-o", "d.npy"], "--window: is missing; for one as large as the image: --global"),
    (["pool-backward", "dA.npy", "x.npy", "--window", "2"], "--output is required"),
    (["pool-backward", "dA.npy", "x.npy", "--window", "2", "-o", "d.npy", "--mode", "average", "--ties", "all"],
     "--ties: goes with --mode max"),
    (["pool-backward", "dA.npy", "x.npy", "--window", "2", "-o", "d.npy", "--mode", "l2", "--indices", "I.npy"],
     "--indices: goes with --mode max"),
    (["pool-backward", "dA.npy", "x.npy", "--window", "2", "-o", "d.npy", "--ties", "all", "--indices", "I.npy"],
     "--ties and --indices: one of them, not both"),
    (["pool-backward", "dA.npy", "x.npy", "--window", "2", "-o", "d.npy", "--ties", "last"],
     '--ties: "last" is not one of all, first'),
])
def test_command_lines_that_make_no_sense(refused, layer, grad, words, message):
    assert message in refused(*words, status=2)
