"""What the package does with every sort of array in Python: the right answer, or an error that names the argument."""

import array
import collections.abc
import decimal
import pathlib
import random
from typing import Any

import numpy as np
import pytest

import convstep
from package_cases import strided
from package_faces import ECOSYSTEM, FACES, Face

every_face = pytest.mark.parametrize("face", FACES, ids=str)
every_array = pytest.mark.parametrize(
    "face", [face for face in FACES if (face.function, face.argument) != ("conv_single_step", "b")], ids=str)
every_face_with_out = pytest.mark.parametrize("face", ECOSYSTEM, ids=str)


class OnlyDlpack:
    """What libraries of tensors have, and nothing more."""

    def __init__(self, values: np.ndarray):
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class OnlyArray:
    """What data frames have."""

    def __init__(self, values: np.ndarray):
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.values if dtype is None else self.values.astype(dtype)


class OnlyInterface:
    """What pictures have."""

    def __init__(self, values: np.ndarray):
        self.values = values
        self.__array_interface__ = values.__array_interface__


class Subclass(np.ndarray):
    """An array with a name of its own."""


def with_gaps(values: np.ndarray, seed: int) -> np.ndarray:
    spread = strided(random.Random(seed), values.shape, values.dtype)
    spread[...] = values
    return spread


def misaligned(values: np.ndarray) -> np.ndarray:
    shifted = np.zeros(values.nbytes + 1, np.uint8)[1:].view(values.dtype).reshape(values.shape)
    shifted[...] = values
    return shifted


def read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


def field(values: np.ndarray) -> np.ndarray:
    """One field of records whose size is no multiple of eight: no stride in elements describes it."""
    records = np.zeros(values.shape, [("flag", "?"), ("value", "f8")])
    records["value"] = values
    return records["value"]


ARRANGEMENTS = {
    "Fortran order": np.asfortranarray,
    "reversed": lambda x: x[..., ::-1].copy()[..., ::-1],
    "all axes reversed": lambda x: np.flip(np.flip(x).copy()),
    "swapped axes": lambda x: np.ascontiguousarray(x.swapaxes(0, -1)).swapaxes(0, -1),
    "every second element": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "gaps": lambda x: with_gaps(x, 3),
    "other gaps": lambda x: with_gaps(x, 4),
    "misaligned": misaligned,
    "big-endian": lambda x: x.astype(">f8"),
    "little-endian": lambda x: x.astype("<f8"),
    "read-only": read_only,
    "a field of records": field,
    "a subclass": lambda x: x.view(Subclass),
    "a list": lambda x: x.tolist(),
    "a tuple": lambda x: tuple(x.tolist()),
    "a list of arrays": list,
    "a memoryview": memoryview,
    "a memoryview of bytes": lambda x: memoryview(x.tobytes()).cast("d", x.shape),
    "an array.array": lambda x: memoryview(array.array("d", x.ravel())).cast("B").cast("d", x.shape),
    "from_dlpack": np.from_dlpack,
    "only __dlpack__": OnlyDlpack,
    "only __array__": OnlyArray,
    "only __array_interface__": OnlyInterface,
    "bool": lambda x: x.astype(bool),
    **{name: lambda x, name=name: x.astype(name) for name in ("i1", "u1", ">i2", "i4", "u4", "i8", "u8", ">u8")},
    "float32": lambda x: x.astype(np.float32),
    "big-endian float32": lambda x: x.astype(">f4"),
    "float16": lambda x: x.astype(np.float16),
    "big-endian float16": lambda x: x.astype(">f2"),
    "a memoryview of float32": lambda x: memoryview(x.astype(np.float32)),
    "a list of bools": lambda x: x.astype(bool).tolist(),
}


@every_face
@pytest.mark.parametrize("arrangement", ARRANGEMENTS.values(), ids=ARRANGEMENTS.keys())
def test_the_arrangement_does_not_matter(face: Face, arrangement: collections.abc.Callable) -> None:
    plain = face.call(face.values())
    given = arrangement(face.values())
    result = face.call(given)
    np.testing.assert_allclose(result, plain, rtol=1e-6 if result.dtype == np.float32 else 0)
    np.testing.assert_array_equal(getattr(given, "values", given), face.values())


@every_face
def test_float16_is_computed_in_float32(face: Face) -> None:
    plain = face.call(face.values().astype(np.float32))
    result = face.call(face.values().astype(np.float16))
    assert result.dtype == plain.dtype
    np.testing.assert_array_equal(result, plain)


def test_a_layer_of_float16() -> None:
    x, w = np.full((1, 4, 4, 2), 0.1, np.float16), np.full((3, 3, 2, 4), 0.1, np.float16)
    result = convstep.Conv2d(w)(x, out=np.empty((1, 2, 2, 4), np.float32))
    np.testing.assert_array_equal(result, convstep.conv2d(x.astype(np.float32), w.astype(np.float32)))
    assert convstep.conv2d(x, w.astype(np.float64)).dtype == np.float64


def test_the_bias_of_one_step_is_any_one_number() -> None:
    x = np.ones((3, 3, 4), np.float32)
    for b in (0.5, np.float32(0.5), np.full((1,), 0.5, np.float32), np.full((1, 1, 1, 1), 0.5, np.float16)):
        step = convstep.conv_single_step(x, x, b)
        assert step == 36.5 and type(step) is np.float32, b
    assert convstep.conv_single_step(x, x, 2) == 38 and convstep.conv_single_step(x, x, True) == 37
    assert type(convstep.conv_single_step(x, x, np.float64(0.5))) is np.float64
    for wrong, message in ((np.zeros(2), r"b: got (2,), expected an array of 3 axes"),
                           (10**400, f"b: got {str(10**400)[:100]}..., expected a number that fits in float64")):
        with pytest.raises(ValueError) as raised:
            convstep.conv_single_step(x, x, wrong)
        assert str(raised.value) == message


@every_face
def test_a_stride_of_zero(face: Face) -> None:
    for axis in range(len(face.shape)):
        repeated = np.broadcast_to(np.take(face.values(), [0], axis), face.shape)
        np.testing.assert_array_equal(face.call(repeated), face.call(repeated.copy()))


@every_face
def test_a_mapped_file(face: Face, tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "array.npy", face.values())
    for mode in ("r", "r+", "c"):
        result = face.call(np.load(tmp_path / "array.npy", mmap_mode=mode))
        np.testing.assert_array_equal(result, face.call(face.values()))
        assert type(result) in (np.ndarray, np.float64)


REFUSED = {
    str(np.dtype(np.longdouble)): lambda x: x.astype(np.longdouble),
    "complex64": lambda x: x.astype(np.complex64),
    "complex128": lambda x: x.astype(np.complex128),
    "object": lambda x: x.astype(object),
    "<U3": lambda x: x.astype("U3"),
    "|S3": lambda x: x.astype("S3"),
    "datetime64[s]": lambda x: x.astype("M8[s]"),
    "timedelta64[s]": lambda x: x.astype("m8[s]"),
    "masked": lambda x: np.ma.masked_array(x, x == 0),
    "masked ": np.ma.masked_array,
    "value": lambda x: np.zeros(x.shape, [("value", "f8")]),
    "'text'": lambda x: "text",
    "b'bytes'": lambda x: b"bytes",
    "None": lambda x: None,
    "a dict": lambda x: {1: 2},
    "a generator": lambda x: (row for row in x),
    "a object": lambda x: object(),
    "a Conv2d": lambda x: convstep.Conv2d(np.ones((1, 1, 1, 1))),
    "a type": lambda x: np.ndarray,
    "object ": lambda x: np.vectorize(decimal.Decimal)(x).tolist(),
}
OPTIONAL = ("bias", "residual")  # which may be None


@every_face
@pytest.mark.parametrize("named, make", REFUSED.items(), ids=REFUSED.keys())
def test_other_types_are_refused_by_name(face: Face, named: str, make: collections.abc.Callable) -> None:
    if named == "None" and face.argument in OPTIONAL:
        face.call(None)
        return
    with pytest.raises(TypeError) as raised:
        face.call(make(face.values()))
    message = str(raised.value)
    assert message.startswith(f"{face.argument}: got "), message
    assert named.strip().lstrip("|<") in message and "expected" in message


class Named(str):
    """A path, for what reads strings."""


@pytest.mark.parametrize("given, complaint", [
    ("x.npy", "'x.npy', expected an array of numbers (write np.load('x.npy'))"),
    (pathlib.Path("dir", "x.NPY"), "a PosixPath, expected an array of numbers (write np.load('dir/x.NPY'))"),
    ("x.npz", "'x.npz', expected an array of numbers (write np.load('x.npz')['name'])"),
    ("cat.jpeg", "'cat.jpeg', expected an array of numbers (write np.asarray(PIL.Image.open('cat.jpeg')))"),
    ("table.csv", "'table.csv', expected an array of numbers (write np.loadtxt('table.csv'))"),
    (Named("x.h5"), "'x.h5', expected an array of numbers"),
    ("x" * 200, f"'{'x' * 99}..., expected an array of numbers"),
    ({"image": 1, "b": 2}, "a dict, expected an array of numbers (for one of its arrays: input['image'])"),
    ({}, "a dict, expected an array of numbers"),
    (iter([1]), "a list_iterator, expected an array of numbers (write list(input))"),
    (np.ones(2, np.complex64), "an array of complex64, expected float16, float32, float64, integers or bools "
     "(for its parts: input.real, input.imag)"),
    (np.ones(2, object), "an array of object, expected float16, float32, float64, integers or bools "
     "(write input.astype(np.float64))"),
    (np.ones(2, "f4,f4"), "an array of [('f0', '<f4'), ('f1', '<f4')], expected float16, float32, float64, integers or "
     "bools (for one of its fields: input['f0'])"),
    (np.zeros(2, "V2"), "an array of |V2, expected float16, float32, float64, integers or bools"),
])
def test_what_to_write_instead(given: object, complaint: str) -> None:
    with pytest.raises(TypeError) as raised:
        convstep.conv2d(given, np.ones((1, 1, 1, 1)))
    assert str(raised.value) == f"input: got {complaint}"


def test_a_type_of_another_package() -> None:
    """float32 holds all that bfloat16 does."""
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = np.ones((1, 2, 2, 1), bfloat16)
    with pytest.raises(TypeError, match=r"got an array of bfloat16, .* \(write input.astype\(np.float32\)\)$"):
        convstep.max_pool2d(x, 2)
    assert convstep.max_pool2d(x.astype(np.float32), 2) == 1


@every_face
def test_what_is_no_array(face: Face) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        face.call([[1.0], [1.0, 2.0]])
    assert str(raised.value).startswith(f"{face.argument}: got "), str(raised.value)


@every_array
def test_the_number_of_axes(face: Face) -> None:
    for shape in ((), (7,), (2, 3), (2, 2, 2, 2, 2), (1,) * 12):
        if len(shape) == len(face.shape):
            continue
        with pytest.raises(ValueError) as raised:
            face.call(np.zeros(shape))
        message = str(raised.value)
        assert message.startswith(f"{face.argument}: got {shape}, expected "), message


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@every_face
def test_a_matrix_has_two_axes(face: Face) -> None:
    if len(face.shape) == 2:
        np.testing.assert_array_equal(face.call(np.matrix([[1.0, 2.0]])), face.call(np.array([[1.0, 2.0]])))
        return
    with pytest.raises(ValueError, match=rf"^{face.argument}: got \(1, 2\), expected "):
        face.call(np.matrix([[1.0, 2.0]]))


@every_array
def test_a_number_is_no_array(face: Face) -> None:
    for number in (1, 1.5, True, np.float64(2), np.int8(2)):
        with pytest.raises(ValueError, match=rf"^{face.argument}: got \(\), expected "):
            face.call(number)


@every_face
def test_an_axis_of_length_zero(face: Face) -> None:
    for axis in range(len(face.shape)):
        empty = np.zeros([0 if i == axis else length for i, length in enumerate(face.shape)])
        if axis == 0 and face.argument in ("X", "A_prev", "input", "grad") and face.has_batch:
            assert face.call(empty).shape[0] == 0
            continue
        with pytest.raises(ValueError, match=r"got \(.*\b0\b.*\), expected |expected \(.*\b0\b.*\)"):
            face.call(empty)


def test_an_empty_batch_keeps_the_dtype_and_the_order_of_the_axes() -> None:
    layer = convstep.Conv2d(np.zeros((8, 4, 3, 3), np.float32), layout="NCHW")
    assert layer(np.zeros((0, 4, 5, 6), np.float32)).shape == (0, 8, 3, 4)
    result, indices = convstep.max_pool2d(np.zeros((0, 4, 4, 2), np.float32), kernel_size=2, return_indices=True)
    assert result.shape == indices.shape == (0, 2, 2, 2)
    assert (result.dtype, indices.dtype) == (np.float32, np.int64)


def test_arrays_that_do_not_fit_each_other() -> None:
    x, w = np.zeros((2, 5, 6, 4)), np.zeros((3, 3, 4, 8))
    step = {"stride": 1, "pad": 0}
    wrong = [(r"^weights: got \(3, 3, 5, 8\), expected \(3, 3, 4, 8\)",
              lambda: convstep.conv2d(x, np.zeros((3, 3, 5, 8)))),
             (r"^bias: got \(7,\), expected \(8,\)", lambda: convstep.conv2d(x, w, np.zeros(7))),
             (r"^residual: got \(2, 3, 4, 7\), expected \(2, 3, 4, 8\)",
              lambda: convstep.conv2d(x, w, residual=np.zeros((2, 3, 4, 7)))),
             (r"^b: got \(1, 1, 1, 7\), expected \(1, 1, 1, 8\)",
              lambda: convstep.conv_forward(x, w, np.zeros((1, 1, 1, 7)), step)),
             (r"^b: got \(8, 1, 1, 1\), expected \(1, 1, 1, 8\)",
              lambda: convstep.conv_forward(x, w, np.zeros((8, 1, 1, 1)), step)),
             (r"^W: got \(3, 3, 5, 8\), expected \(3, 3, 4, 8\)",
              lambda: convstep.conv_forward(x, np.zeros((3, 3, 5, 8)), np.zeros((1, 1, 1, 8)), step)),
             (r"^a_slice_prev: got \(3, 3, 3\), expected \(3, 3, 4\)",
              lambda: convstep.conv_single_step(np.zeros((3, 3, 3)), np.zeros((3, 3, 4)), np.zeros((1, 1, 1)))),
             (r"^b: got \(1, 1, 2\), expected \(1, 1, 1\)",
              lambda: convstep.conv_single_step(np.zeros((3, 3, 4)), np.zeros((3, 3, 4)), np.zeros((1, 1, 2))))]
    for message, call in wrong:
        with pytest.raises(ValueError, match=message):
            call()


def test_an_array_larger_than_memory_is_an_error() -> None:
    """Strides of zero make enormous inputs of one number; so do paddings."""
    with pytest.raises(MemoryError):
        convstep.zero_pad(np.zeros((1, 1, 1, 1)), 2**24)
    enormous = np.broadcast_to(np.zeros(1), (2**10, 2**20, 2**20, 1))
    with pytest.raises(MemoryError):
        convstep.max_pool2d(enormous, kernel_size=1)
    with pytest.raises(ValueError, match=r"fewer than 2\^63 bytes"):
        convstep.zero_pad(np.zeros((1, 1, 1, 1)), 2**40)
    assert convstep.global_max_pool2d(np.broadcast_to(np.ones(1), (0, 2**20, 2**20, 1))).shape == (0, 1, 1, 1)
