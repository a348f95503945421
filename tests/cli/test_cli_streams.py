"""The command and what is around it: pipes for pictures, closed and full streams, limits, the width of the terminal."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import termios

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def shell(build_dir, tmp_path):
    """Runs a line of bash in a folder with photo.png, x.npy and W.npy, which finds the command."""
    random = np.random.RandomState(1)
    Image.fromarray(random.randint(0, 256, (9, 7, 3), dtype=np.uint8)).save(tmp_path / "photo.png")
    np.save(tmp_path / "x.npy", random.randn(1, 6, 6, 3))
    np.save(tmp_path / "W.npy", random.randn(3, 3, 3, 3))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "TERM")}
    environment["PATH"] = f"{build_dir}:{environment['PATH']}"

    def call(line: str, status: int = 0, **more: str) -> subprocess.CompletedProcess:
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=60,
                              env={**environment, **more})
        assert done.returncode == status, done.stderr
        return done

    return call


@pytest.mark.parametrize("command", ["conv photo.png blur", "conv x.npy W.npy --range -2,2", "draw photo.png x.npy"])
def test_pictures_into_pipes(shell, tmp_path, command):
    shell(f"convstep {command} -o picture.png")
    picture = (tmp_path / "picture.png").read_bytes()
    for line in (f"convstep {command} -o png:-", f"convstep {command} -o png:/dev/stdout",
                 f"convstep {command} -o png:>(cat > piped); wait $!; cat piped",
                 f"mkfifo f.png; cat f.png & convstep {command} -o f.png > said; wait"):
        done = shell(line)
        assert picture in done.stdout and done.stderr == b"", line
    assert shell(f"convstep {command} -o png:-").stdout == picture
    shape = np.load(io.BytesIO(shell(f"convstep {command} -o png:- | convstep pad - --pad 0 -o -").stdout)).shape
    assert shape[1:3] == np.asarray(Image.open(tmp_path / "picture.png")).shape[:2]


def test_a_pipe_after_draw_is_a_picture(shell):
    assert Image.open(io.BytesIO(shell("convstep draw photo.png -o -").stdout)).format == "PNG"


def test_pipes_for_pictures_that_make_no_sense(shell):
    pool = "convstep pool x.npy --window 2"
    for line, words in [(f"{pool} -o png:x", "png: stands before the name of a pipe: png:-"),
                        (f"{pool} -o - --indices png:-", "numbers for an .npy file, not a picture"),
                        (f"{pool} -o png:- --indices -", "only one of them would be left"),
                        ("convstep random --seed 1 --shape 2 -o png:-", '"png:-" does not end in .npy'),
                        ("convstep draw x.npy -o x.npy", "does not end in .png")]:
        done = shell(line, status=2)
        assert words in done.stderr.decode() and done.stdout == b""


# A file that is opened while a standard stream is closed gets its number; nothing meant for the stream may go there.
def test_closed_streams(shell, tmp_path):
    expected = np.pad(np.load(tmp_path / "x.npy"), ((0, 0), (1, 1), (1, 1), (0, 0)))
    pad = "convstep pad x.npy --pad 1 -o y.npy"
    for streams, status in [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)]:
        shell(f"{pad} {streams}", status=status)
        np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    assert b"standard input: cannot be read" in shell("convstep print - <&-", status=1).stderr
    assert b"standard output: cannot be written" in shell("convstep pad x.npy --pad 1 -o - >&-", status=1).stderr


def test_files_that_outgrow_the_users_limit(shell, tmp_path):
    before = sorted(tmp_path.iterdir())
    error = shell("ulimit -f 1; convstep pad x.npy --pad 100 -o large.npy", status=1).stderr
    assert b"large.npy: cannot be written: the file would be larger than the system allows" in error
    assert sorted(tmp_path.iterdir()) == before


def test_help_that_cannot_be_written(shell):
    for arguments in ("--help", "--version", "conv --help"):
        assert b"standard output cannot be written" in shell(f"convstep {arguments} > /dev/full", status=1).stderr


COMMANDS = ["", "conv", "pool", "print", "random", "tutorial"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_keeps_to_the_width(shell, command):
    whole = shell(f"convstep {command} --help").stdout.decode()
    for width in (40, 60, 80, 120):
        text = shell(f"convstep {command} --help", COLUMNS=str(width)).stdout.decode()
        assert "".join(text.split()) == "".join(whole.split())
        for line in text.partition("\nExample")[0].splitlines():
            assert len(line) <= width or len(line.split()) == 1, line
        assert text.partition("\nExample")[2] == whole.partition("\nExample")[2], "examples are to be copied"
    for nonsense in ("", "0", "-5", "wide"):
        assert shell(f"convstep {command} --help", COLUMNS=nonsense).stdout.decode() == whole


def test_help_asks_the_terminal(build_dir):
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    subprocess.run([build_dir / "convstep", "pad", "--help"], stdout=end, env=environment, check=True, timeout=60)
    os.close(end)
    text = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert "--range LOW,HIGH\r\n      The values" in text


def test_float16_is_computed_in_float32(shell, tmp_path):
    x = np.load(tmp_path / "x.npy").astype(np.float16)
    np.savez(tmp_path / "half.npz", x=x)
    shell("convstep pool half.npz:x --window 2 -o y.npy")
    y = np.load(tmp_path / "y.npy")
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, x.astype(np.float32).reshape(1, 3, 2, 3, 2, 3).max(axis=(2, 4)))


def test_the_near_member(shell, tmp_path):
    np.savez(tmp_path / "layer.npz", **{"W1": np.ones(2), "conv1_weight": np.ones(2), "b": np.ones(2)})
    for wrong, near in [("w1", "W1"), ("conv1_wieght", "conv1_weight"), ("conv1.weight.npy", "conv1_weight")]:
        for line in (f"convstep print layer.npz:{wrong}", f"convstep print -:{wrong} < layer.npz"):
            error = shell(line, status=1).stderr.decode()
            assert "it has 3 arrays: 'W1', 'conv1_weight', 'b'; did you mean " + near + "?\n" in error
    assert "did you mean" not in shell("convstep print layer.npz:running_mean", status=1).stderr.decode()
