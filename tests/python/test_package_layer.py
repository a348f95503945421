"""Conv2d as a plan: made once for each size of image, kept for a few sizes, the same bits as conv2d."""

import concurrent.futures
import copy
import pickle

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, WEIGHTS, ones
from test_package_memory import MEGABYTE, memory

RNG = np.random.default_rng(7)
X, W, B = RNG.standard_normal((2, 14, 15, 16)), RNG.standard_normal((3, 3, 16, 24)), RNG.standard_normal(24)
ALGORITHMS = ("auto", "direct", "winograd", "reference")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("input_type", [np.float32, np.float64])
@pytest.mark.parametrize("weights_type", [np.float32, np.float64])
def test_a_layer_has_the_bits_of_conv2d(algorithm: str, layout: str, input_type: type, weights_type: type) -> None:
    x, w, b = X.astype(input_type), W.astype(weights_type), B.astype(weights_type)
    if layout == "NCHW":
        x, w = x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)
    options = {"padding": 1, "activation": "relu", "layout": layout, "algorithm": algorithm}
    layer, expected = convstep.Conv2d(w, b, **options), convstep.conv2d(x, w, b, **options)
    assert expected.dtype == (np.float32 if input_type == weights_type == np.float32 else np.float64)
    for _ in range(2):  # once with a new plan, once with the old one
        result = layer(x)
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(layer(x[:1]), expected[:1])  # any number of images
    assert layer(x[:0]).shape == (0, *expected.shape[1:])


def test_a_layer_computes_in_either_dtype_by_turns() -> None:
    w = W.astype(np.float32)
    layer = convstep.Conv2d(w)
    for dtype in (np.float32, np.float64, np.float32, np.int64, np.float64):
        x = X.astype(dtype)
        np.testing.assert_array_equal(layer(x), convstep.conv2d(x, w))
    x = X.astype(np.float32)
    r = RNG.standard_normal(layer(x).shape)  # float64
    np.testing.assert_array_equal(layer(x, residual=r), convstep.conv2d(x, w, residual=r))


def test_threads_that_need_doubles_first_share_them() -> None:
    """What a layer of floats keeps for doubles is made by whichever call comes first, of several at once."""
    x, w = X[:, :6, :6], W.astype(np.float32)
    expected = convstep.conv2d(x, w)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            layer = convstep.Conv2d(w)
            for result in pool.map(layer, [x] * 16):
                np.testing.assert_array_equal(result, expected)


def test_a_layer_is_called_with_images_of_many_sizes() -> None:
    layer = convstep.Conv2d(W, B, padding="same")
    for _ in range(2):
        for size in (4, 14, 7, 9, 14, 5, 6, 8, 4, 15):
            x = X[:, :size, : size - 1]
            np.testing.assert_array_equal(layer(x), convstep.conv2d(x, W, B, padding="same"))


def test_memory_is_flat_over_ten_thousand_sizes() -> None:
    """A plan kept for each of them would be some 40 kB each."""
    w = RNG.standard_normal((3, 3, 32, 32)).astype(np.float32)
    layer = convstep.Conv2d(w, padding=1)
    x = np.zeros((1, 100, 100, 32), np.float32)
    for i in range(0, 10_000, 97):
        layer(x[:, : 1 + i % 100, : 1 + i // 100])
    before = memory("VmRSS")
    for i in range(10_000):
        layer.describe((1, 1 + i % 100, 1 + i // 100, 32))  # makes the plan, without the call
        if i % 97 == 0:
            layer(x[:, : 1 + i % 100, : 1 + i // 100])
    assert memory("VmRSS") - before < 4 * MEGABYTE


def test_a_layer_says_how_it_computes() -> None:
    layer = convstep.Conv2d(W, algorithm="direct")
    text = "conv2d 3x3, 16 to 24 channels, float64, algorithm direct, NHWC"
    assert layer.describe() == text
    how = layer.describe((1, 14, 15, 16))
    assert how.startswith(f"{text}: direct ") and how.endswith(convstep.simd_target())
    assert layer.describe() == how
    called = convstep.Conv2d(W, algorithm="direct")
    called(X)
    assert called.describe() == how
    assert convstep.Conv2d(W, algorithm="reference").describe([9, 9, 9, 16]).endswith("reference loops")
    assert "winograd" in convstep.Conv2d(W, algorithm="winograd").describe((1, 14, 15, 16))
    nchw = convstep.Conv2d(W.transpose(3, 2, 0, 1), layout="NCHW", algorithm="direct")
    assert nchw.describe((1, 16, 14, 15)).split(": ")[1] == how.split(": ")[1]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_a_layer_says_what_it_computed_in(layout: str) -> None:
    w = W if layout == "NHWC" else W.transpose(3, 2, 0, 1)
    shape = (1, 14, 15, 16) if layout == "NHWC" else (1, 16, 14, 15)
    for weights_type, bias_type in ((np.float32, np.float64), (np.float64, np.float32), (np.float32, np.float32)):
        layer = convstep.Conv2d(w.astype(weights_type), B.astype(bias_type), layout=layout)
        own = np.result_type(weights_type, bias_type)
        assert f", {own}, " in layer.describe() and f", {own}, " in layer.describe(shape)
        for input_type in (np.float64, np.float32):
            assert f", {layer(np.zeros(shape, input_type)).dtype}, " in layer.describe()
        assert f", {own}, " in layer.describe(shape)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_a_layer_knows_the_shape_of_its_output(layout: str) -> None:
    x, w = (X, W) if layout == "NHWC" else (X.transpose(0, 3, 1, 2), W.transpose(3, 2, 0, 1))
    layer = convstep.Conv2d(w, stride=(2, 1), padding=((1, 0), (2, 1)), layout=layout)
    assert layer.output_shape(x.shape) == layer(x).shape
    assert layer.output_shape(list(x[:0].shape)) == layer(x[:0]).shape


def test_a_description_keeps_to_the_target_of_the_call() -> None:
    layer = convstep.Conv2d(W, algorithm="direct")
    layer(X)
    how = layer.describe()
    try:
        for target in convstep.simd_targets():
            convstep.set_simd_target(target)
            assert layer.describe() == how
    finally:
        convstep.set_simd_target("")


def test_a_layer_says_what_memory_it_needs() -> None:
    layer = convstep.Conv2d(W, padding=1)
    assert isinstance(layer.workspace_bytes((1, 14, 15, 16)), int)
    for size in (14, 500, 100_000):
        assert 0 <= layer.workspace_bytes((8, size, size, 16)) <= 2 * MEGABYTE
    assert convstep.Conv2d(W, algorithm="reference").workspace_bytes((1, 14, 15, 16)) == 0
    # Channels apart are copied.
    assert convstep.Conv2d(W[:1, :1].transpose(3, 2, 0, 1), layout="NCHW").workspace_bytes((1, 16, 14, 15)) > 0


@pytest.mark.parametrize("method", ["describe", "output_shape", "workspace_bytes"])
def test_input_shapes_that_cannot_be(method: str) -> None:
    ask = getattr(convstep.Conv2d(W), method)
    for wrong in (5, "1, 14, 15, 16", (1, 14, 15), (1, 14, 15, 16, 1), X[0], X[None], (1, 14, 15, 16.0),
                  (1, None, 15, 16)):
        with pytest.raises(TypeError, match="input_shape"):
            ask(wrong)
    for wrong, hint in (((14, 15, 16), "(1, 14, 15, 16)"), ([14, 15, 16], "(1, 14, 15, 16)"), (X[0], "(1, 14, 15, 16)")):
        with pytest.raises(TypeError) as raised:
            ask(wrong)
        assert str(raised.value).endswith(f", expected four integers (for one image: {hint})")
    for wrong in ((1, 2, 15, 16), (1, 14, 15, 8), (1, 0, 15, 16), (-1, 14, 15, 16), (1, 14, 15, 2**62)):
        with pytest.raises(ValueError, match="got"):
            ask(wrong)
    with pytest.raises(ValueError, match="64 bits"):
        ask((1, 14, 15, 2**63))


@pytest.mark.parametrize("method", ["describe", "output_shape", "workspace_bytes"])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_an_input_stands_for_its_shape(method: str, layout: str) -> None:
    x, w = (X, W) if layout == "NHWC" else (X.transpose(0, 3, 1, 2), W.transpose(3, 2, 0, 1))
    ask = getattr(convstep.Conv2d(w, layout=layout), method)
    assert ask(x) == ask(x.shape) == ask(np.array(x.shape)) == ask(x.astype(np.float32))
    with pytest.raises(ValueError, match=r"(input|weights): got"):
        ask(x[..., :15] if layout == "NHWC" else x[:, :15])


def test_nobody_can_change_the_weights() -> None:
    """A plan holds them packed, so that a change would be seen by some calls alone."""
    w, b = W.copy(), B.copy()
    layer = convstep.Conv2d(w, b)
    expected = layer(X)
    w[...], b[...] = 0, 0
    for array in (layer.weights, layer.bias):
        assert array is not None and type(array) is np.ndarray
        with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
            array.flags.writeable = True
    np.testing.assert_array_equal(layer(X), expected)


def test_a_layer_owns_what_it_was_unpickled_from() -> None:
    """Pickle's protocol 5 passes the buffers of arrays by themselves, and who has them may go on writing there."""
    layer, buffers = convstep.Conv2d(W, B), []
    data = pickle.dumps(layer, 5, buffer_callback=buffers.append)
    memory = [bytearray(buffer.raw()) for buffer in buffers]
    other = pickle.loads(data, buffers=memory)
    expected = layer(X)
    for part in memory:
        part[:] = bytes(len(part))
    np.testing.assert_array_equal(other(X), expected)
    np.testing.assert_array_equal(other.weights, W)


def test_what_an_older_version_pickled() -> None:
    """It may have had fewer options."""
    layer = convstep.Conv2d(W, B, stride=2)
    state = layer.__getstate__()
    del state["slope"], state["algorithm"]
    other = convstep.Conv2d.__new__(convstep.Conv2d)
    other.__setstate__(state)
    assert (other.slope, other.algorithm, other.stride) == (0.01, "auto", 2)
    np.testing.assert_array_equal(other(X), layer(X))


def test_a_copy_shares_the_weights() -> None:
    layer = convstep.Conv2d(W)
    assert np.shares_memory(copy.copy(layer).weights, layer.weights)
    assert not np.shares_memory(copy.deepcopy(layer).weights, layer.weights)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_layer_may_be_copied(again) -> None:
    layer = convstep.Conv2d(W.astype(np.float32), B, stride=(2, 1), activation="tanh", algorithm="direct")
    for _ in range(2):  # before the first call, and after it
        other = again(layer)
        assert type(other) is convstep.Conv2d
        np.testing.assert_array_equal(other(X), layer(X))
        assert other.describe() == layer.describe()


def test_a_subclass_may_be_copied() -> None:
    layer = Named(ones(*WEIGHTS))
    layer.name = "first"
    other = pickle.loads(pickle.dumps(layer))
    assert type(other) is Named and other.name == "first"
    np.testing.assert_array_equal(other(ones(*IMAGES)), layer(ones(*IMAGES)))


class Named(convstep.Conv2d):
    name = ""


def test_a_layer_follows_the_simd_target() -> None:
    layer = convstep.Conv2d(W, algorithm="direct")
    try:
        for target in convstep.simd_targets():
            convstep.set_simd_target(target)
            np.testing.assert_array_equal(layer(X), convstep.conv2d(X, W, algorithm="direct"))
            assert layer.describe().endswith(target)
    finally:
        convstep.set_simd_target("")


def test_one_layer_in_many_threads() -> None:
    """More sizes than the layer keeps plans for, so that plans are made, used and forgotten at once."""
    layer = convstep.Conv2d(W, B, padding=1)
    images = [np.ascontiguousarray(X[:, :size]).astype(dtype)
              for size in (4, 6, 8, 10, 12, 14) for dtype in (np.float32, np.float64)]
    expected = [convstep.conv2d(x, W, B, padding=1) for x in images]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda i: layer(images[i % 12], threads=1 + i % 3), range(600))
        for i, result in enumerate(results):
            np.testing.assert_array_equal(result, expected[i % 12])
