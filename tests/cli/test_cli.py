"""The convstep command from outside: what it prints and writes."""

import pathlib
import re
import zipfile

import numpy as np
import pytest
import skimage
from PIL import Image

COMMANDS = ["tutorial", "random", "pad", "step", "conv", "pool", "conv-backward", "pool-backward", "check", "run", "describe", "print",
            "info", "draw", "targets", "completion"]
PHOTO = pathlib.Path(skimage.__file__).parent / "data" / "astronaut.png"


def convolve(x: np.ndarray, weights: np.ndarray, bias: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """A convolution by windows: plain, and independent of the library."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nyxcij,ijco->nyxo", windows, weights) + bias.reshape(-1)


def test_version_is_that_of_the_project(convstep):
    header = (pathlib.Path(__file__).parent.parent.parent / "include" / "convstep" / "version.h").read_text()
    version = ".".join(re.findall(r"#define CONVSTEP_VERSION_\w+ (\d+)", header))
    assert convstep("--version").stdout == f"convstep {version}\n"


def test_help_lists_every_command(convstep):
    text = convstep("--help").stdout
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example(convstep, name):
    assert f"Example:\n  convstep {name}" in convstep(name, "--help").stdout


def test_random_draws_what_numpy_draws(convstep, layer, tmp_path):
    shapes = ["10,5,7,4", "3,3,4,8", "1,1,1,8"]
    names = ["x.npy", "w.npy", "c.npy"]
    options = [part for shape in shapes for part in ("--shape", shape)]
    options += [part for name in names for part in ("--output", name)]
    convstep("random", "--seed", 1, *options)
    for name, expected in zip(names, layer.values()):
        np.testing.assert_array_equal(np.load(tmp_path / name), expected)


def test_random_wants_a_file_for_every_shape(refused):
    assert "--output" in refused("random", "--seed", 1, "--shape", "2", "--shape", "3", "-o", "x.npy", status=2)
    assert "--seed" in refused("random", "--seed", "-1", "--shape", "2", "-o", "x.npy", status=2)
    assert "--shape" in refused("random", "--seed", "1", "--shape", "2,-3", "-o", "x.npy")
    two = ["--shape", "2", "--shape", "2,-3", "-o", "x.npy", "-o", "y.npy"]
    assert "--shape" in refused("random", "--seed", "1", *two)


def test_pad(convstep, layer, tmp_path):
    x = layer["A_prev"]
    convstep("pad", "A_prev.npy", "--pad", 2, "-o", "x_pad.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x_pad.npy"), np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))))
    convstep("pad", "A_prev.npy", "--pad", "1,2,3,0", "-o", "x_pad.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x_pad.npy"), np.pad(x, ((0, 0), (1, 2), (3, 0), (0, 0))))
    convstep("pad", "A_prev.npy", "--pad", "1,2", "-o", "x_pad.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x_pad.npy"), np.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0))))


def test_step_prints_the_notebooks_number(convstep, tmp_path):
    random = np.random.RandomState(1)
    for name, shape in [("a", (4, 4, 3)), ("w", (4, 4, 3)), ("b", (1, 1, 1))]:
        np.save(tmp_path / f"{name}.npy", random.randn(*shape))
    assert convstep("step", "a.npy", "w.npy", "b.npy").stdout == "-6.999089450680221\n"


def test_conv(convstep, layer, tmp_path):
    done = convstep("conv", "A_prev.npy", "W.npy", "b.npy", "--stride", 2, "--pad", 1, "-o", "Z.npy")
    assert done.stdout == "Z (10, 3, 4, 8) float64 -> Z.npy\n"
    assert done.stderr == ""
    Z = np.load(tmp_path / "Z.npy")
    np.testing.assert_allclose(Z, convolve(*layer.values(), stride=2, pad=1), rtol=0, atol=1e-13)
    assert np.mean(Z) == 0.6923608807576933


def test_conv_applies_residual_then_activation(convstep, layer, tmp_path):
    plain = convolve(*layer.values(), stride=1, pad=1)
    np.save(tmp_path / "R.npy", -plain / 2)
    common = ["conv", "A_prev.npy", "W.npy", "b.npy", "--pad", "1", "--residual", "R.npy", "-o", "A.npy"]
    convstep(*common, "--activation", "relu")
    np.testing.assert_allclose(np.load(tmp_path / "A.npy"), np.maximum(plain / 2, 0), atol=1e-13)
    convstep(*common, "--activation", "leaky_relu", "--slope", "-0.5")
    np.testing.assert_allclose(np.load(tmp_path / "A.npy"), np.where(plain < 0, plain / -4, plain / 2), atol=1e-13)


def test_conv_with_dilation_groups_and_same_padding(convstep, layer, tmp_path):
    np.save(tmp_path / "G.npy", layer["W"][:, :, :2])
    convstep("conv", "A_prev.npy", "G.npy", "--dilation", 2, "--groups", 2, "--padding", "same_upper", "-o", "Z.npy")
    x = np.pad(layer["A_prev"], ((0, 0), (2, 2), (2, 2), (0, 0)))
    expected = np.zeros((10, 5, 7, 8))
    for i in range(3):
        for j in range(3):
            window = x[:, 2 * i : 2 * i + 5, 2 * j : 2 * j + 7]
            expected[..., :4] += window[..., :2] @ layer["W"][i, j, :2, :4]
            expected[..., 4:] += window[..., 2:] @ layer["W"][i, j, :2, 4:]
    np.testing.assert_allclose(np.load(tmp_path / "Z.npy"), expected, atol=1e-13)


def test_conv_of_a_photograph(convstep, tmp_path):
    weights = np.random.default_rng(0).standard_normal((3, 3, 3, 2)).astype(np.float32)
    np.save(tmp_path / "W.npy", weights)
    convstep("conv", PHOTO, "W.npy", "--pad", 1, "--stride", 7, "-o", "Z.npy")
    picture = np.asarray(Image.open(PHOTO), dtype=np.float64)[np.newaxis] / 255
    Z = np.load(tmp_path / "Z.npy")
    assert Z.dtype == np.float32
    np.testing.assert_allclose(Z, convolve(picture, weights, np.zeros(2), stride=7, pad=1), atol=1e-5)


def test_pool(convstep, layer, tmp_path):
    x = layer["A_prev"]
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2]
    convstep("pool", "A_prev.npy", "--window", 2, "-o", "A.npy")
    np.testing.assert_array_equal(
        np.load(tmp_path / "A.npy"), x[:, :4, :6].reshape(10, 2, 2, 3, 2, 4).max(axis=(2, 4)), "stride is the window")
    convstep("pool", "A_prev.npy", "--window", 3, "--stride", 2, "-o", "A.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "A.npy"), windows.max(axis=(4, 5)))
    convstep("pool", "A_prev.npy", "--mode", "average", "--window", "3,3", "--stride", "2,2", "-o", "A.npy")
    np.testing.assert_allclose(np.load(tmp_path / "A.npy"), windows.mean(axis=(4, 5)), atol=1e-15)
    convstep("pool", "A_prev.npy", "--mode", "l2", "--global", "-o", "A.npy")
    np.testing.assert_allclose(np.load(tmp_path / "A.npy")[:, 0, 0], np.sqrt((x**2).sum(axis=(1, 2))), atol=1e-14)
    convstep("pool", "A_prev.npy", "--mode", "lp", "--p", 3, "--global", "-o", "A.npy")
    np.testing.assert_allclose(np.load(tmp_path / "A.npy")[:, 0, 0], (abs(x) ** 3).sum(axis=(1, 2)) ** (1 / 3))


def test_pool_writes_the_indices_of_the_maxima(convstep, layer, tmp_path):
    convstep("pool", "A_prev.npy", "--global", "--indices", "I.npy", "-o", "A.npy")
    indices = np.load(tmp_path / "I.npy")
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(indices[:, 0, 0], layer["A_prev"].reshape(10, 35, 4).argmax(axis=1))


def test_pool_rounding_and_padding_options(convstep, tmp_path):
    x = np.arange(1.0, 26).reshape(1, 5, 5, 1)
    np.save(tmp_path / "x.npy", x)
    convstep("pool", "x.npy", "--window", 2, "--stride", 2, "--ceil-mode", "-o", "A.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "A.npy")[0, :, :, 0], [[7, 9, 10], [17, 19, 20], [22, 24, 25]])
    common = ["pool", "x.npy", "--mode", "average", "--window", "2", "--stride", "2", "--pad", "1", "-o", "A.npy"]
    convstep(*common)
    assert np.load(tmp_path / "A.npy")[0, 0, 0, 0] == 1
    convstep(*common, "--count-include-pad")
    assert np.load(tmp_path / "A.npy")[0, 0, 0, 0] == 0.25


def test_dtypes_follow_numpy(convstep, layer, tmp_path):
    def dtype_of(x: str, w: str, *options: str) -> np.dtype:
        np.save(tmp_path / "x.npy", (layer["A_prev"] * 9).astype(x))
        np.save(tmp_path / "w.npy", (layer["W"] * 9).astype(w))
        convstep("conv", "x.npy", "w.npy", *options, "-o", "Z.npy")
        return np.load(tmp_path / "Z.npy").dtype

    assert dtype_of("float32", "float32") == np.float32
    assert dtype_of("float32", "float64") == np.float64
    assert dtype_of("int32", "uint8") == np.float64
    assert dtype_of("float64", "float64", "--dtype", "float32") == np.float32
    assert dtype_of("bool", "float32", "--dtype", "float32") == np.float32


def test_members_of_an_npz_file(convstep, layer, tmp_path):
    np.savez_compressed(tmp_path / "layer.npz", **layer)
    convstep("conv", "layer.npz:A_prev", "layer.npz:W", "layer.npz:b", "-o", "Z.npy")
    np.testing.assert_allclose(np.load(tmp_path / "Z.npy"), convolve(*layer.values(), stride=1, pad=0), atol=1e-13)


def test_members_with_names_that_no_file_could_have(convstep, tmp_path):
    for size in (256, 5000, 65000):
        np.savez(tmp_path / "long.npz", **{"x" * size: np.arange(3)})
        assert convstep("print", f"long.npz:{'x' * size}").stdout == "[0 1 2]\n"


def test_what_stands_beside_an_array_is_passed_over(convstep, refused, layer, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3))
    with zipfile.ZipFile(tmp_path / "folder.npz", "w") as archive:
        archive.writestr("layer/", "")
        archive.write(tmp_path / "x.npy", "layer/x.npy")
        archive.writestr("__MACOSX/layer/._x.npy", b"\0\5\x16\7")
        archive.writestr("README.txt", "some text")
    assert convstep("print", "folder.npz").stdout == "[0 1 2]\n"
    assert "it is not a .npy array" in refused("print", "folder.npz:README.txt")


def test_what_is_wrong_beside_the_pixels_is_a_warning(convstep, refused, tmp_path):
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(tmp_path / "sound.jpg")
    sound = (tmp_path / "sound.jpg").read_bytes()
    (tmp_path / "stray.jpg").write_bytes(sound[:-2] + b"?" * 100 + sound[-2:])
    expected = convstep("print", "sound.jpg")
    assert expected.stderr == ""
    shown = convstep("print", "stray.jpg")
    assert shown.stdout == expected.stdout
    assert re.fullmatch(r"convstep: warning: stray.jpg: Corrupt JPEG data: \d+ extraneous bytes .*\n", shown.stderr)
    (tmp_path / "cut.jpg").write_bytes(sound[:-20])
    assert "cut off" in refused("print", "cut.jpg")


def test_print_is_numpys(convstep, layer, tmp_path):
    assert convstep("print", "A_prev.npy").stdout == f"{layer['A_prev']}\n"
    with np.printoptions(precision=3, edgeitems=2, threshold=10, linewidth=40, suppress=True):
        options = "--precision 3 --edge-items 2 --threshold 10 --line-width 40 --suppress".split()
        assert convstep("print", "W.npy", *options).stdout == f"{layer['W']}\n"
    for dtype in ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", ">i4", ">f8"]:
        array = np.array([[0, 1, 100], [3, 4, 7]]).astype(dtype)
        np.save(tmp_path / "x.npy", array)
        assert convstep("print", "x.npy").stdout == f"{array}\n"


def test_draw_makes_a_picture(convstep, layer, tmp_path):
    convstep("draw", PHOTO, "A_prev.npy", "--image", 3, "--names", "one,two,three,four", "-o", "figure.png")
    with Image.open(tmp_path / "figure.png") as figure:
        pixels = np.asarray(figure)
    photo = np.asarray(Image.open(PHOTO))
    rows = np.flatnonzero((pixels == photo[0, 0]).all(axis=2).any(axis=1))
    assert any(
        (pixels[y : y + 512, x : x + 512] == photo).all()
        for y in rows[:40]
        for x in np.flatnonzero((pixels[y] == photo[0, 0]).all(axis=1))[:40]
    ), "the photograph is in the figure, pixel for pixel"
    convstep("draw", "W.npy", "--filters", "-o", "filters.png")
    assert Image.open(tmp_path / "filters.png").size[0] > 8 * 100


def test_tutorial_parts_and_pictures(convstep, tmp_path):
    text = convstep("tutorial", "--pictures", "pictures").stdout
    assert "-6.999089450680221" in text and "0.6923608807576933" in text
    assert list((tmp_path / "pictures").glob("*.png"))
    assert "0.6923608807576933" not in convstep("tutorial", "--part", "conv_single_step").stdout


def test_output_may_replace_the_input(convstep, layer, tmp_path):
    convstep("pad", "A_prev.npy", "--pad", 1, "-o", "A_prev.npy")
    assert np.load(tmp_path / "A_prev.npy").shape == (10, 7, 9, 4)


def test_targets_says_what_is_used(convstep):
    first, *lines = convstep("targets").stdout.splitlines()
    best, *others = re.findall(r"^  (\S+)", "\n".join(lines), re.MULTILINE)
    assert re.fullmatch(rf"convstep \S+ computes with {best} on \d+ threads?\.", first)
    assert f"  {best}  (in use)" in lines and all(f"  {name}" in lines for name in others)
    for name in others:
        text = convstep("targets", CONVSTEP_TARGET=name, CONVSTEP_NUM_THREADS="1").stdout
        assert f"computes with {name} on 1 thread.\n" in text and f"  {name}  (in use)\n" in text
    assert " on 3 threads.\n" in convstep("targets", CONVSTEP_NUM_THREADS="3").stdout


def test_help_names_the_environment(convstep):
    text = convstep("--help").stdout
    assert "CONVSTEP_TARGET" in text and "CONVSTEP_NUM_THREADS" in text


POOL = ["pool", "A_prev.npy", "--window", "2", "-o", "A.npy"]
CONV = ["conv", "A_prev.npy", "W.npy", "b.npy", "-o", "Z.npy"]


@pytest.mark.parametrize("command", [["targets"], POOL, CONV])
def test_an_environment_that_makes_no_sense(refused, layer, command):
    for wrong in ("avx1024", "AVX2", "0"):
        line = refused(*command, CONVSTEP_TARGET=wrong)
        assert f'CONVSTEP_TARGET: got "{wrong}", expected one of "' in line
    for wrong in ("0", "-1", "1025", "two", "2.5"):
        line = refused(*command, CONVSTEP_NUM_THREADS=wrong)
        assert f'CONVSTEP_NUM_THREADS: got "{wrong}", expected a number from 1 to 1024' in line


@pytest.mark.parametrize("command", [POOL, CONV])
def test_threads_that_make_no_sense(refused, layer, command):
    for wrong in ("0", "-1", "1025", "two", "2.5", "1,2", str(2**64)):
        assert f'--threads: "{wrong}" is not a number from 1 to 1024' in refused(*command, "--threads", wrong, status=2)


@pytest.fixture
def large_layer(tmp_path):
    """A layer that is worth several threads, as files: x.npy, w.npy, c.npy, in float32."""
    random = np.random.RandomState(2)
    arrays = {"x": random.randn(2, 40, 40, 32), "w": random.randn(3, 3, 32, 48), "c": random.randn(48)}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array.astype(np.float32))
    return arrays


@pytest.mark.parametrize("command", [
    ["conv", "x.npy", "w.npy", "c.npy", "--pad", "1"],
    ["conv", "x.npy", "w.npy", "c.npy", "--pad", "1", "--algorithm", "direct"],
    ["pool", "x.npy", "--window", "3", "--stride", "1"],
    ["pool", "x.npy", "--window", "3", "--stride", "1", "--mode", "average"],
])
def test_the_number_of_threads_changes_no_bit(convstep, large_layer, tmp_path, command):
    convstep(*command, "--threads", 1, "-o", "one.npy")
    one = (tmp_path / "one.npy").read_bytes()
    for threads in ("2", "5"):
        convstep(*command, "--threads", threads, "-o", "several.npy")
        assert (tmp_path / "several.npy").read_bytes() == one
        convstep(*command, "-o", "several.npy", CONVSTEP_NUM_THREADS=threads)
        assert (tmp_path / "several.npy").read_bytes() == one


def test_algorithms(convstep, refused, large_layer, layer, tmp_path):
    expected = convolve(large_layer["x"], large_layer["w"], large_layer["c"], stride=1, pad=1)
    options = [("--algorithm", name) for name in ("auto", "direct", "winograd", "reference")]
    for option in [*options, ("--numerics", "fast"), ("--numerics", "numpy")]:
        convstep("conv", "x.npy", "w.npy", "c.npy", "--pad", 1, *option, "-o", "z.npy")
        np.testing.assert_allclose(np.load(tmp_path / "z.npy"), expected, atol=1e-3)
    convstep("conv", "A_prev.npy", "W.npy", "b.npy", "-o", "Z.npy")
    for option in (("--algorithm", "reference"), ("--numerics", "numpy")):
        convstep("conv", "A_prev.npy", "W.npy", "b.npy", *option, "-o", "Z_reference.npy")
        np.testing.assert_array_equal(np.load(tmp_path / "Z.npy"), np.load(tmp_path / "Z_reference.npy"))
    assert "algorithm" in refused(*CONV, "--numerics", "numpy", "--algorithm", "winograd")
    assert "--algorithm" in refused(*CONV, "--algorithm", "fft", status=2)
    assert "--numerics" in refused(*CONV, "--numerics", "torch", status=2)
