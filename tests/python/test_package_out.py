"""The argument `out`: what it may be, that it is the result, and that an error leaves it as it was."""

import collections.abc
import random

import numpy as np
import pytest

import convstep
from package_cases import strided
from package_faces import ECOSYSTEM, IMAGES, NCHW_IMAGES, OUTPUT, WEIGHTS, Face, ones

every_face = pytest.mark.parametrize("face", ECOSYSTEM, ids=str)
UNTOUCHED = 77.0


def read_only(shape: tuple[int, ...]) -> np.ndarray:
    out = np.full(shape, UNTOUCHED)
    out.flags.writeable = False
    return out


def misaligned(shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape)) * 8
    out = np.zeros(size + 1, np.uint8)[1:].view(np.float64).reshape(shape)
    out[...] = UNTOUCHED
    return out


def repeated(shape: tuple[int, ...]) -> np.ndarray:
    return np.lib.stride_tricks.as_strided(np.full(shape, UNTOUCHED), shape, (0,) * len(shape))


def overlapping_itself(shape: tuple[int, ...]) -> np.ndarray:
    """Every element shares memory with the next."""
    return np.lib.stride_tricks.as_strided(np.full(1000, UNTOUCHED), shape, (8,) * len(shape))


@every_face
def test_the_result_is_out_itself(face: Face) -> None:
    plain = face.call(face.values())
    for seed in range(5):
        for out in (np.full(plain.shape, np.nan), np.full(plain.shape, np.nan, order="F"),
                    strided(random.Random(seed), plain.shape, np.dtype(float))):
            assert face.call(face.values(), out=out) is out
            np.testing.assert_array_equal(out, plain)


@every_face
def test_no_out(face: Face) -> None:
    np.testing.assert_array_equal(face.call(face.values(), out=None), face.call(face.values()))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@every_face
@pytest.mark.parametrize("make, part", [
    (lambda shape: np.full(shape, UNTOUCHED, np.float32), "float32"),
    (lambda shape: np.full(shape, UNTOUCHED, np.int64), "int64"),
    (lambda shape: np.full(shape, UNTOUCHED, np.float16), "float16"),
    (lambda shape: np.full(shape, UNTOUCHED, np.complex128), "complex128"),
    (lambda shape: np.full(shape, UNTOUCHED, object), "object"),
    (lambda shape: np.full(shape, UNTOUCHED, ">f8"), ">f8"),
    (read_only, "read-only"),
    (misaligned, "aligned"),
    (repeated, "strides"),
    (overlapping_itself, "strides"),
    (lambda shape: np.full((*shape[:-1], shape[-1] + 1), UNTOUCHED), "expected"),
    (lambda shape: np.full(shape[::-1], UNTOUCHED), "expected"),
    (lambda shape: np.full(shape[1:], UNTOUCHED), "expected"),
    (lambda shape: np.full((1, *shape), UNTOUCHED), "expected"),
    (lambda shape: np.matrix([[UNTOUCHED]]), "(1, 1)"),
    (lambda shape: np.array(UNTOUCHED), "()"),
])
def test_an_array_that_cannot_take_the_result(face: Face, make: collections.abc.Callable, part: str) -> None:
    out = make(face.call(face.values()).shape)
    before = np.array(out)
    with pytest.raises(ValueError) as raised:
        face.call(face.values(), out=out)
    message = str(raised.value)
    assert message.startswith("out: got ") and part in message and "expected" in message, message
    np.testing.assert_array_equal(out, before)


@every_face
@pytest.mark.parametrize("out", [[1.0], (1.0,), 1.0, "text", bytearray(8), memoryview(bytearray(8)), np.float64(1),
                                 np.ndarray, True], ids=lambda out: str(type(out)))
def test_what_is_no_array(face: Face, out: object) -> None:
    with pytest.raises(TypeError, match="^out: got .*, expected a NumPy array"):
        face.call(face.values(), out=out)


@every_face
def test_a_masked_array_is_refused(face: Face) -> None:
    """Its mask would hide what was written."""
    out = np.ma.masked_all(face.call(face.values()).shape)
    with pytest.raises(TypeError, match="^out: got a masked array"):
        face.call(face.values(), out=out)


def test_the_dtype_of_the_result_decides() -> None:
    x, w = np.ones(IMAGES, np.float32), np.ones(WEIGHTS, np.float32)
    single, double = np.full(OUTPUT, UNTOUCHED, np.float32), np.full(OUTPUT, UNTOUCHED)
    assert convstep.conv2d(x, w, out=single) is single
    with pytest.raises(ValueError, match="^out: .*float64.*float32"):
        convstep.conv2d(x, w, out=double)
    with pytest.raises(ValueError, match="^out: .*float32.*float64"):
        convstep.conv2d(x, w, np.zeros(8), out=np.empty_like(single))
    assert (double == UNTOUCHED).all()


def overlapping(first: int, shape: tuple[int, ...], memory: np.ndarray) -> np.ndarray:
    return memory[first:first + int(np.prod(shape))].reshape(shape)


@pytest.mark.parametrize("argument", ["input", "weights", "bias", "residual"])
@pytest.mark.parametrize("first", [0, 1, 191])
def test_memory_shared_with_an_input_of_a_layer(argument: str, first: int) -> None:
    memory = np.full(2000, UNTOUCHED)
    out = overlapping(0, OUTPUT, memory)
    arrays = {"input": ones(*IMAGES), "weights": ones(*WEIGHTS), "bias": ones(8), "residual": ones(*OUTPUT)}
    arrays[argument] = overlapping(first, arrays[argument].shape, memory)
    if argument == "residual" and first == 0:
        assert convstep.conv2d(**arrays, out=out) is out  # this one may be the output itself
        assert (out == UNTOUCHED + 1 + 36).all()
        return
    with pytest.raises(ValueError, match=f"^out: got memory that overlaps {argument}, expected memory of its own"):
        convstep.conv2d(**arrays, out=out)
    if argument in ("input", "residual"):  # of the others, the object has copies
        layer = convstep.Conv2d(arrays["weights"], arrays["bias"])
        with pytest.raises(ValueError, match=f"^out: got memory that overlaps {argument}, expected memory of its own"):
            layer(arrays["input"], residual=arrays["residual"], out=out)
    assert (memory == UNTOUCHED).all()


@pytest.mark.parametrize("name, options", [
    ("max_pool2d", {"kernel_size": 1}), ("avg_pool2d", {"kernel_size": 1}), ("l2_pool2d", {"kernel_size": 1}),
    ("lp_pool2d", {"kernel_size": 1, "p": 3}), ("pad2d", {"padding": 0})])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_memory_shared_with_the_input(name: str, options: dict, layout: str) -> None:
    function = getattr(convstep, name)
    x = np.full(IMAGES, UNTOUCHED)
    for out in (x, x[...], x[::-1], x.reshape(-1)[::-1].reshape(IMAGES)):
        with pytest.raises(ValueError, match="^out: got memory that overlaps input, expected memory of its own"):
            function(x, **options, layout=layout, out=out)
    assert (x == UNTOUCHED).all()


def test_an_input_that_is_converted_shares_nothing() -> None:
    """The conversion is a copy, and what is written then cannot disturb it."""
    out = np.full(IMAGES, 3.0)
    x = out.view(np.int64)
    expected = x.astype(np.float64)
    np.testing.assert_array_equal(convstep.max_pool2d(x, kernel_size=1, out=out), expected)


def test_errors_leave_out_as_it_was() -> None:
    out = np.full(OUTPUT, UNTOUCHED)
    x, w = ones(*IMAGES), ones(*WEIGHTS)
    for wrong in ({"stride": 0}, {"stride": 2.5}, {"padding": "full"}, {"dilation": 9}, {"groups": 3}, {"threads": 0},
                  {"activation": "ReLU"}, {"layout": "CHWN"}, {"bias": ones(7)}, {"residual": ones(*IMAGES)},
                  {"slope": "steep"}, {"bias": np.ones(8, np.complex64)}):
        with pytest.raises((ValueError, TypeError)):
            convstep.conv2d(x, w, out=out, **wrong)
        assert (out == UNTOUCHED).all()


def test_out_is_the_keyword_of_every_function_but_the_notebooks() -> None:
    with pytest.raises(TypeError):
        convstep.zero_pad(ones(*IMAGES), 1, out=ones(2, 7, 8, 4))
    with pytest.raises(TypeError):
        convstep.conv2d(ones(*IMAGES), ones(*WEIGHTS), None, ones(*OUTPUT))


def test_a_result_in_the_other_order_of_the_axes() -> None:
    """The axes of `out` are those of the layout, however its memory is ordered."""
    x = np.random.default_rng(0).standard_normal(NCHW_IMAGES)
    channels_last = np.empty((2, 3, 4, 8))
    w = np.random.default_rng(1).standard_normal((8, 4, 3, 3))
    convstep.conv2d(x, w, layout="NCHW", out=channels_last.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(
        channels_last, convstep.conv2d(x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)))
