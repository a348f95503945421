"""convstep run and describe: trained networks out of files."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image


def constant(name, shape, random):
    return numpy_helper.from_array(random.normal(size=shape, scale=0.3).astype(np.float32), name)


@pytest.fixture
def model(tmp_path):
    """A small classifier of pictures of any size: convolutions, a pooling, a mean over pixels, ten scores."""
    random = np.random.default_rng(1)
    weights = {"w1": (16, 3, 3, 3), "b1": (16,), "w2": (16, 16, 3, 3), "b2": (16,), "w3": (16, 10), "b3": (10,)}
    nodes = [
        helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], "conv2", pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["c2"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["p"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes, "classifier", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
        [constant(name, shape, random) for name, shape in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    return model


@pytest.fixture
def images(tmp_path):
    images = np.random.default_rng(2).normal(size=(2, 61, 47, 3)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    return images


def test_run_agrees_with_the_definition(convstep, model, images, tmp_path):
    expected = ReferenceEvaluator(model).run(None, {"image": images.transpose(0, 3, 1, 2)})[0]
    convstep("run", "model.onnx", "images.npy", "-o", "scores.npy")
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, rtol=1e-4, atol=1e-5)
    convstep("run", "model.onnx", "images.npy", "-o", "scores64.npy", "--dtype", "float64", "--threads", "1")
    assert np.load(tmp_path / "scores64.npy").dtype == np.float64


def test_limited_memory_changes_no_bit(convstep, refused, model, images, tmp_path):
    convstep("run", "model.onnx", "images.npy", "-o", "whole.npy")
    convstep("run", "model.onnx", "images.npy", "-o", "banded.npy", "--memory", "250KB")
    assert (tmp_path / "whole.npy").read_bytes() == (tmp_path / "banded.npy").read_bytes()
    assert "in bands" not in convstep("describe", "model.onnx", "--shape", "2,61,47,3").stdout
    assert "in bands" in convstep("describe", "model.onnx", "--shape", "2,61,47,3", "--memory", "250KB").stdout
    line = refused("run", "model.onnx", "images.npy", "-o", "none.npy", "--memory", "1KiB")
    assert line.startswith("convstep run: memory: got 1024 bytes, expected ") and line.endswith(" or more\n")


@pytest.mark.parametrize("memory", ["", "MB", "0", "-1MB", "1.5GB", "1mb", "1e6", "9223372036854775807GB", "1 MB"])
def test_memory_that_is_no_number_of_bytes(refused, model, images, memory):
    line = refused("run", "model.onnx", "images.npy", "-o", "none.npy", f"--memory={memory}", status=2)
    assert "--memory" in line


def test_top_names_the_classes(convstep, refused, model, images, tmp_path):
    scores = convstep("run", "model.onnx", "images.npy", "-o", "scores.npy", "--top", "2").stdout
    best = np.load(tmp_path / "scores.npy").argmax(axis=1)
    first_of_rows = [row.splitlines()[-2].split()[1] for row in scores.split("\n\n")]
    assert first_of_rows == [str(b) for b in best]
    (tmp_path / "names.txt").write_text("".join(f"class {i}\n" for i in range(10)))
    named = convstep("run", "model.onnx", "images.npy", "--top", "1", "--labels", "names.txt").stdout
    assert f"class {best[0]}" in named and f"class {best[1]}" in named
    (tmp_path / "names.txt").write_text("one\n")
    assert "1 lines" in refused("run", "model.onnx", "images.npy", "--top", "1", "--labels", "names.txt")


def test_a_picture_is_an_input(convstep, model, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, size=(40, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    convstep("run", "model.onnx", "picture.png", "--mean", "0.5,0.4,0.3", "--std", "0.2,0.3,0.4", "-o", "scores.npy")
    image = ((pixels / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]).astype(np.float32)[None]
    expected = ReferenceEvaluator(model).run(None, {"image": image.transpose(0, 3, 1, 2)})[0]
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, rtol=1e-3, atol=1e-4)


def test_describe_says_what_is_in_a_network(convstep, model):
    table = convstep("describe", "model.onnx", "--shape", "1,8,8,3").stdout
    assert "conv1" in table and "Gemm" in table and "(1, 8, 8, 16)" in table
    passes = convstep("describe", "model.onnx", "--shape", "1,8,8,3", "--passes").stdout
    assert "fuse" in passes and "Relu" in passes
    assert "--shape" in convstep("describe", "model.onnx").stdout  # as height and width are free


def test_profile_has_times(convstep, model, images):
    assert " ms " in convstep("run", "model.onnx", "images.npy", "--profile", "--memory", "250KB").stdout


@pytest.mark.parametrize("option", [("--mean", "0.5"), ("--std", "2,2,2"), ("--size", "8x8")])
def test_options_of_pictures_are_not_for_arrays(refused, model, images, option):
    line = refused("run", "model.onnx", "images.npy", "--top", "1", *option)
    assert f"{option[0]}: got an array" in line and "expected pictures" in line


def test_nothing_is_divided_by_zero(refused, model, images):
    assert "would divide by 0" in refused("run", "model.onnx", "images.npy", "--top", "1", "--std", "1,0,1", status=2)


def test_what_is_no_model_is_refused(refused, images, tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x07not a model")
    assert "broken.onnx" in refused("run", "broken.onnx", "images.npy", "-o", "scores.npy")
    assert "missing.onnx" in refused("describe", "missing.onnx")
