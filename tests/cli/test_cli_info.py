"""convstep info: what is in a file."""

import io
import subprocess

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def info(build_dir, tmp_path):
    """The rows of the table, each a dict; or, where the command must fail, its error."""

    def call(*arguments: str, status: int = 0, stdin: bytes = b"", warnings: int = 0):
        done = subprocess.run([build_dir / "convstep", "info", *arguments], cwd=tmp_path, input=stdin,
                              capture_output=True, timeout=60)
        assert done.returncode == status, done.stderr
        error = done.stderr.decode()
        if status:
            assert done.stdout == b""
            return error
        assert error.count("\n") == warnings
        lines = done.stdout.decode().splitlines()
        names = lines[0].split()
        begins = [lines[0].index(name) for name in names]
        return [{name: line[begin:end].strip() for name, begin, end in zip(names, begins, [*begins[1:], None])}
                for line in lines[1:]]

    return call


def row(array: str, dtype: str, shape: str, least: str, most: str, mean: str, nan: str = "0") -> dict[str, str]:
    return {"array": array, "dtype": dtype, "shape": shape, "min": least, "max": most, "mean": mean, "NaN": nan}


def test_arrays_and_their_values(info, tmp_path):
    np.save(tmp_path / "digits.npy", np.arange(24).reshape(2, 3, 4))
    np.save(tmp_path / "gaps.npy", np.array([1, np.nan, -3, np.nan], "f"))
    np.save(tmp_path / "nothing.npy", np.full(2, np.nan))
    np.save(tmp_path / "empty.npy", np.zeros((0, 4)))
    np.save(tmp_path / "scalar.npy", np.float64(1e-9))
    np.save(tmp_path / "infinite.npy", np.array([-np.inf, 1]))
    np.save(tmp_path / "flags.npy", np.array([True, False]))
    assert info("digits.npy", "gaps.npy", "nothing.npy", "empty.npy", "scalar.npy", "infinite.npy", "flags.npy") == [
        row("digits.npy", "int64", "(2, 3, 4)", "0", "23", "11.5"),
        row("gaps.npy", "float32", "(4,)", "-3", "1", "-1", "2"),
        row("nothing.npy", "float64", "(2,)", "-", "-", "-", "2"),
        row("empty.npy", "float64", "(0, 4)", "-", "-", "-"),
        row("scalar.npy", "float64", "()", "1e-09", "1e-09", "1e-09"),
        row("infinite.npy", "float64", "(2,)", "-inf", "1", "-inf"),
        row("flags.npy", "bool", "(2,)", "0", "1", "0.5"),
    ]


def test_all_members_of_an_archive_or_the_one_named(info, tmp_path):
    arrays = {"W": np.ones((3, 3, 1, 2), "f"), "b": np.arange(2.0)}
    np.savez(tmp_path / "layer.npz", **arrays)
    W = row("layer.npz:W", "float32", "(3, 3, 1, 2)", "1", "1", "1")
    b = row("layer.npz:b", "float64", "(2,)", "0", "1", "0.5")
    assert info("layer.npz") == [W, b]
    assert info("layer.npz:b") == [b]
    piped = (tmp_path / "layer.npz").read_bytes()
    assert info("-", stdin=piped) == [{**W, "array": "-:W"}, {**b, "array": "-:b"}]
    assert info("-:b", stdin=piped) == [{**b, "array": "/dev/stdin:b"}]
    np.savez(tmp_path / "mixed.npz", words=np.array(["a"], object), W=arrays["W"])
    assert info("mixed.npz", warnings=1) == [{**W, "array": "mixed.npz:W"}]
    np.savez(tmp_path / "none.npz")
    assert info("none.npz") == []


def test_pictures_as_they_are_computed_with(info, tmp_path):
    Image.fromarray(np.array([[0, 255], [51, 102]], np.uint8)).save(tmp_path / "grey.png")
    assert info("grey.png") == [row("grey.png", "float32", "(1, 2, 2, 1)", "0", "1", "0.4")]
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    assert info("-", stdin=file.getvalue())[0]["array"] == "-"


def test_nothing_is_printed_where_a_file_cannot_be_read(info, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    (tmp_path / "notes.txt").write_text("no array")
    assert "notes.txt: it is neither a .npy nor a .npz file" in info("x.npy", "notes.txt", status=1)
    assert "missing.npz" in info("missing.npz", status=1)
    assert "FILE" in info(status=2)
