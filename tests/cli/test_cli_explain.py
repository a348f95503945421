"""convstep explain: the pages that it writes, whole, with the arrays' own bits."""

import base64
import json
import re
import subprocess

import numpy as np
import pytest
from PIL import Image

NAMESPACE = "http://www.w3.org/2000/svg"


def layer_of(text: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="layer">(.*?)</script>', text)[1])


def array(spec: dict) -> np.ndarray:
    assert spec["dtype"] in ("float32", "float64")
    numbers = np.frombuffer(base64.b64decode(spec["data"], validate=True), np.dtype(spec["dtype"]).newbyteorder("<"))
    return numbers.reshape(spec["shape"])


@pytest.fixture
def explained(convstep, tmp_path):
    """The layer on the page, and the page."""

    def explain(*arguments: object) -> tuple[dict, str]:
        convstep("explain", *arguments, "-o", "page.html")
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        return layer_of(text), text

    return explain


def test_the_notebooks_layers(explained):
    layer, text = explained("conv")
    random = np.random.RandomState(1)
    assert [layer[name] for name in ("kind", "stride", "pad")] == ["conv", 2, 1]
    for name, expected in (("input", random.randn(10, 5, 7, 4)), ("weights", random.randn(3, 3, 4, 8)), ("bias", random.randn(8))):
        np.testing.assert_array_equal(array(layer[name]), expected)
    assert explained("conv", "--dtype", "float32")[0]["weights"]["dtype"] == "float32"
    layer, _ = explained("pool", "--mode", "average")
    assert [layer[name] for name in ("kind", "stride", "window", "mode")] == ["pool", 1, 3, "average"]
    np.testing.assert_array_equal(array(layer["input"]), np.random.RandomState(1).randn(2, 5, 5, 3))


def test_it_is_one_file_that_asks_for_nothing(explained):
    _, text = explained("conv")
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= {NAMESPACE}
    assert not re.search(r"<link|<img|\bsrc=|@import|url\(|\bfetch\(|XMLHttpRequest|^import ", text, re.MULTILINE)
    assert text.startswith("<!doctype html>") and text.endswith("</html>\n")
    assert "@" not in re.findall(r"@\w+@", text)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_a_file_keep_their_bits(explained, tmp_path, dtype):
    random = np.random.RandomState(4)
    A_prev, W, b = (random.randn(*shape).astype(dtype) for shape in ((2, 6, 5, 3), (2, 2, 3, 4), (1, 1, 1, 4)))
    A_prev.flat[:5] = np.nan, np.inf, -np.inf, -0.0, 5e-324
    for name, values in (("A", A_prev), ("W", W), ("b", b)):
        np.save(tmp_path / f"{name}.npy", values)
    layer, _ = explained("conv", "A.npy", "W.npy", "b.npy", "--stride", 2, "--pad", 1)
    assert [layer["stride"], layer["pad"]] == [2, 1]
    for name, values in (("input", A_prev), ("weights", W), ("bias", b.reshape(4))):
        assert array(layer[name]).tobytes() == values.tobytes()
        assert array(layer[name]).shape == values.shape
    without, _ = explained("conv", "A.npy", "W.npy", "--dtype", "float32")
    np.testing.assert_array_equal(array(without["bias"]), np.zeros(4, np.float32))
    assert [without["stride"], without["pad"]] == [1, 0]


def test_a_gradient_of_the_output(explained, refused, layer, tmp_path):
    grad = np.random.RandomState(2).randn(10, 3, 4, 8)
    np.save(tmp_path / "dZ.npy", grad)
    arguments = "conv", "A_prev.npy", "W.npy", "b.npy", "--stride", 2, "--pad", 1, "--grad", "dZ.npy"
    assert array(explained(*arguments)[0]["grad"]).tobytes() == grad.tobytes()
    assert array(explained("conv", "--grad", "dZ.npy")[0]["grad"]).tobytes() == grad.tobytes()
    message = refused("explain", "pool", "--grad", "dZ.npy", "-o", "other.html")
    assert "--grad: got (10, 3, 4, 8), expected (2, 3, 3, 3) (the shape of the layer's output)" in message


def test_a_pooling_of_a_file(explained, tmp_path):
    np.save(tmp_path / "A.npy", np.arange(48).reshape(1, 4, 4, 3))
    layer, _ = explained("pool", "A.npy", "--window", 2)
    assert [layer[name] for name in ("stride", "window", "mode")] == [2, 2, "max"]
    assert "weights" not in layer and "pad" not in layer
    np.testing.assert_array_equal(array(layer["input"]), np.arange(48.0).reshape(1, 4, 4, 3))


def test_a_picture_with_a_filter_that_has_a_name(explained, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    layer, _ = explained("conv", "photo.png", "sobel")
    assert layer["picture"] is True and "scaled_from" not in layer
    np.testing.assert_array_equal(array(layer["input"]), (pixels / np.float32(255))[None].astype(np.float32))
    weights = array(layer["weights"])
    assert weights.shape == (3, 3, 3, 6) and layer["pad"] == 1
    assert layer["filters"][:2] == ["sobel-x of channel 0", "sobel-y of channel 0"]
    for o in range(6):
        assert [bool(weights[:, :, c, o].any()) for c in range(3)] == [c == o // 2 for c in range(3)]


def test_a_large_picture_is_scaled_and_the_page_says_so(explained, tmp_path):
    Image.fromarray(np.full((300, 600), 128, np.uint8)).save(tmp_path / "photo.png")
    layer, _ = explained("conv", "photo.png", "blur", "--size", 100)
    assert layer["scaled_from"] == [300, 600] and layer["input"]["shape"] == [1, 50, 100, 1]
    np.testing.assert_allclose(array(layer["input"]), 128 / 255, rtol=1e-6)


def test_the_page_of_the_package_is_the_same(explained, layer, tmp_path):
    convstep = pytest.importorskip("convstep")
    _, text = explained("conv")
    assert convstep.explain().html == text
    _, text = explained("pool", "--mode", "average")
    assert convstep.explain(mode="average").html == text
    _, text = explained("conv", "A_prev.npy", "W.npy", "b.npy", "--stride", 3)
    assert convstep.explain(layer["A_prev"], layer["W"], layer["b"], {"stride": 3, "pad": 0}).html == text
    np.save(tmp_path / "dZ.npy", np.ones((10, 3, 4, 8), np.float32))
    _, text = explained("conv", "A_prev.npy", "W.npy", "b.npy", "--stride", 2, "--pad", 1, "--grad", "dZ.npy")
    arguments = layer["A_prev"], layer["W"], layer["b"], {"stride": 2, "pad": 1}
    assert convstep.explain(*arguments, grad=np.ones((10, 3, 4, 8), np.float32)).html == text
    _, text = explained("pool", "A_prev.npy", "--window", 2, "--stride", 1)
    assert convstep.explain(layer["A_prev"], hparameters={"stride": 1, "f": 2}).html == text


def test_a_page_goes_into_a_pipe(build_dir):
    done = subprocess.run([build_dir / "convstep", "explain", "pool", "-o", "-"], capture_output=True, check=True, timeout=60)
    assert done.stdout.startswith(b"<!doctype html>") and done.stdout.endswith(b"</html>\n")


@pytest.mark.parametrize("arguments, message", [
    (("conv", "A_prev.npy"), "W: is missing: a file, or one of blur, gaussian"),
    (("conv", "A_prev.npy", "W.npy", "--window", "2"), "--window: goes with pool; that of conv is the size of W"),
    (("conv", "A_prev.npy", "W.npy", "--mode", "max"), "--mode: goes with pool"),
    (("conv", "A_prev.npy", "blur", "b.npy"), "B: goes with weights out of a file"),
    (("conv", "--stride", "17"), "--stride"),
    (("pool", "A_prev.npy"), "--window: is missing"),
    (("pool", "A_prev.npy", "W.npy", "--window", "2"), "W: goes with conv: a pooling has no weights"),
    (("pool", "A_prev.npy", "--window", "2", "--pad", "1"), "--pad: goes with conv: the notebook's pooling does not pad"),
    (("pool", "--mode", "avg"), 'did you mean average?'),
    (("convolution",), '"convolution" is not one of conv, pool'),
])
def test_wrong_command_lines(refused, layer, arguments, message):
    assert message in refused("explain", *arguments, "-o", "page.html", status=2)


def test_names_of_pages(refused):
    assert '"page.png" does not end in .html' in refused("explain", "conv", "-o", "page.png", status=2)
    assert "--output" in refused("explain", "conv", status=2)


def test_layers_that_do_not_fit_a_page(refused, layer, tmp_path):
    np.save(tmp_path / "large.npy", np.zeros((2, 800, 800, 1), np.float32))
    np.save(tmp_path / "many.npy", np.zeros((1, 300, 300, 8), np.float32))
    np.save(tmp_path / "wide.npy", np.zeros((11, 11, 8, 8), np.float32))
    np.save(tmp_path / "huge.npy", np.zeros((20, 20, 4, 1)))
    assert "1 to 1048576 elements" in refused("explain", "pool", "large.npy", "--window", "2", "-o", "page.html")
    assert "up to 67108864 products" in refused("explain", "conv", "many.npy", "wide.npy", "-o", "page.html")
    assert "f: got 20, expected 1 to 16" in refused("explain", "conv", "A_prev.npy", "huge.npy", "--pad", "16", "-o", "page.html")
    assert "weights: got (3, 3, 4, 8), expected (3, 3, 8, 8)" in refused("explain", "conv", "many.npy", "W.npy", "-o", "page.html")
