"""NumPy's files: what NumPy writes is read to the bit, and what convstep writes NumPy reads."""

import io
import itertools
import os
import pathlib
import zipfile

import numpy as np
import pytest
from bridge import Bridge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

NAMES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]
CASES = 300 if os.environ.get("CONVSTEP_CASES") == "full" else 100
SETTINGS = settings(deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])


def arrays(max_rank: int = 6) -> st.SearchStrategy[np.ndarray]:
    """Every dtype in both byte orders, ranks from 0, lengths from 0, NaN and infinity included."""
    dtypes = st.builds(lambda name, order: np.dtype(name).newbyteorder(order), st.sampled_from(NAMES),
                       st.sampled_from("<>"))
    shapes = hnp.array_shapes(min_dims=0, max_dims=max_rank, min_side=0, max_side=4)
    return dtypes.flatmap(lambda dtype: hnp.arrays(dtype, shapes))


def write(path: pathlib.Path, array: np.ndarray, version: tuple[int, int]) -> None:
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def assert_same(result: np.ndarray, expected: np.ndarray) -> None:
    """The same native dtype, shape and bits, in C order."""
    native = np.ascontiguousarray(expected).reshape(expected.shape)
    native = native.astype(expected.dtype.newbyteorder("="), copy=False)
    assert result.dtype == native.dtype
    assert result.dtype.isnative
    assert result.shape == native.shape
    assert result.flags.c_contiguous
    assert result.tobytes() == native.tobytes()


@SETTINGS
@given(array=arrays(), fortran=st.booleans(), version=st.sampled_from([(1, 0), (2, 0), (3, 0)]))
def test_npy_round_trip(bridge: Bridge, folder: pathlib.Path, array: np.ndarray, fortran: bool,
                        version: tuple[int, int]) -> None:
    source = np.asfortranarray(array) if fortran and array.ndim > 0 else array
    write(folder / "in.npy", source, version)
    bridge.run("copy", folder / "in.npy", folder / "out.npy")
    assert_same(np.load(folder / "out.npy"), source)


@SETTINGS
@given(array=arrays())
def test_files_equal_those_of_numpy(bridge: Bridge, folder: pathlib.Path, array: np.ndarray) -> None:
    write(folder / "in.npy", array, (2, 0))
    bridge.run("copy", folder / "in.npy", folder / "out.npy")
    expected = io.BytesIO()
    np.save(expected, array.astype(array.dtype.newbyteorder("<")))
    assert (folder / "out.npy").read_bytes() == expected.getvalue()


@SETTINGS
@given(members=st.lists(arrays(max_rank=3), min_size=1, max_size=4), compressed=st.booleans())
def test_npz_round_trip(bridge: Bridge, folder: pathlib.Path, members: list[np.ndarray], compressed: bool) -> None:
    (np.savez_compressed if compressed else np.savez)(folder / "in.npz", *members)
    copies = [folder / f"member{i}.npy" for i in range(len(members))]
    for i, copy in enumerate(copies):
        bridge.run("copy", f"{folder / 'in.npz'}:arr_{i}", copy)
        assert_same(np.load(copy), members[i])
    bridge.run("split", folder / "in.npz", *copies)
    for copy, member in zip(copies, members):
        assert_same(np.load(copy), member)

    bridge.run("savezc" if compressed else "savez", folder / "out.npz", *copies)
    with zipfile.ZipFile(folder / "out.npz") as archive:
        assert archive.testzip() is None
    with np.load(folder / "out.npz") as result:
        assert result.files == [f"a{i}" for i in range(len(members))]
        for i, member in enumerate(members):
            assert_same(result[f"a{i}"], member)


@SETTINGS
@given(array=arrays(max_rank=2))
def test_conversions_equal_astype(bridge: Bridge, folder: pathlib.Path, array: np.ndarray) -> None:
    np.save(folder / "in.npy", array)
    for name in ("float32", "float64"):
        bridge.run(name, folder / "in.npy", folder / "out.npy")
        with np.errstate(all="ignore"):
            expected = array.astype(name).reshape(-1)
        result = np.load(folder / "out.npy")
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(np.signbit(result[result == 0]), np.signbit(expected[expected == 0]))


def test_float16_is_read_as_float32(bridge: Bridge, folder: pathlib.Path) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16).reshape(256, 256)
    for array in (halves, halves.astype(">f2"), np.asfortranarray(halves)):
        np.save(folder / "in.npy", array)
        bridge.run("copy", folder / "in.npy", folder / "out.npy")
        result = np.load(folder / "out.npy")
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, halves.astype(np.float32))
        np.testing.assert_array_equal(np.signbit(result), np.signbit(halves))


def test_large_integers_are_rounded_to_nearest(bridge: Bridge, folder: pathlib.Path) -> None:
    near = [2**bits + delta for bits in (24, 25, 53, 54, 62) for delta in (-1, 0, 1, 2, 3)]
    for dtype, values in (("i8", near + [-v for v in near] + [2**63 - 1, -(2**63)]), ("u8", near + [2**64 - 1])):
        array = np.array(values, dtype)
        np.save(folder / "in.npy", array)
        for name in ("float32", "float64"):
            bridge.run(name, folder / "in.npy", folder / "out.npy")
            np.testing.assert_array_equal(np.load(folder / "out.npy"), array.astype(name))


@pytest.mark.parametrize("dtype", ["u1", ">i2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(130, 67), (50, 60, 70), (3, 5, 7, 67), (1, 64, 64), (128, 2, 1)])
def test_large_fortran_arrays(bridge: Bridge, folder: pathlib.Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asfortranarray(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    np.save(folder / "in.npy", array)
    bridge.run("copy", folder / "in.npy", folder / "out.npy")
    assert_same(np.load(folder / "out.npy"), array)


@pytest.mark.parametrize("dtype", ["g", "c8", "c16", "S3", "U3", "M8[s]", "m8[s]", "V4", [("a", "i4")]])
def test_unsupported_dtypes_are_named(bridge: Bridge, folder: pathlib.Path, dtype: object) -> None:
    array = np.zeros(3, dtype)
    np.save(folder / "in.npy", array)
    reply = bridge.ask("copy", folder / "in.npy", folder / "never.npy")
    assert reply.startswith(f"error: {folder / 'in.npy'}: in its .npy header, the dtype is ")
    assert "float32 and float64 can be read" in reply
    assert isinstance(dtype, list) or array.dtype.str in reply
    assert not (folder / "never.npy").exists()


def test_objects_are_never_unpickled(bridge: Bridge, folder: pathlib.Path) -> None:
    np.save(folder / "in.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    assert "Python objects, which are never unpickled" in bridge.ask("copy", folder / "in.npy", folder / "never.npy")
    assert not (folder / "never.npy").exists()


def test_archives_of_other_writers(bridge: Bridge, folder: pathlib.Path) -> None:
    """Archives written to a pipe have data descriptors; other zip programs use other options."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            self.written += bytes(data)
            return len(data)

    array = np.arange(1000.0)
    contents = io.BytesIO()
    np.save(contents, array)
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    for method, level, comment in itertools.product(methods, (1, 9), (b"", b"PK\5\6")):
        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w", method, compresslevel=level) as archive:
            archive.writestr("größe/x.npy", contents.getvalue())
            archive.comment = comment
        (folder / "pipe.npz").write_bytes(pipe.written)
        bridge.run("copy", folder / "pipe.npz", folder / "out.npy")
        assert_same(np.load(folder / "out.npy"), array)
        bridge.run("copy", f"{folder / 'pipe.npz'}:größe/x", folder / "out.npy")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unknown_compression_is_refused(bridge: Bridge, folder: pathlib.Path, method: int) -> None:
    contents = io.BytesIO()
    np.save(contents, np.zeros(3))
    with zipfile.ZipFile(folder / "other.npz", "w", method) as archive:
        archive.writestr("x.npy", contents.getvalue())
    reply = bridge.ask("copy", folder / "other.npz", folder / "never.npy")
    assert "only stored and deflated members can be read" in reply


def test_seventy_thousand_members(bridge: Bridge, folder: pathlib.Path) -> None:
    contents = io.BytesIO()
    np.save(contents, np.float64(7))
    with zipfile.ZipFile(folder / "many.npz", "w") as archive:
        for i in range(70_000):
            archive.writestr(zipfile.ZipInfo(f"m{i}.npy"), contents.getvalue())
    bridge.run("copy", f"{folder / 'many.npz'}:m69999", folder / "out.npy")
    assert np.load(folder / "out.npy") == 7


def test_many_members_written_are_read_by_numpy(bridge: Bridge, folder: pathlib.Path) -> None:
    """More than 65,535 members need the Zip64 record."""
    np.save(folder / "one.npy", np.float64(7))
    bridge.run("savez", folder / "many.npz", *[folder / "one.npy"] * 66_000)
    with np.load(folder / "many.npz") as archive:
        assert len(archive.files) == 66_000
        assert archive["a65999"] == 7
    bridge.run("copy", f"{folder / 'many.npz'}:a65999", folder / "out.npy")
    assert np.load(folder / "out.npy") == 7


def test_input_may_be_the_output(bridge: Bridge, folder: pathlib.Path) -> None:
    array = np.arange(6, dtype=">i4").reshape(2, 3)
    np.save(folder / "same.npy", array)
    bridge.run("copy", folder / "same.npy", folder / "same.npy")
    assert_same(np.load(folder / "same.npy"), array)
