"""The command's own words: numbers, names of outputs, pipes, pictures, filters, completion."""

import io
import os
import subprocess

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage


@pytest.fixture
def run(build_dir, tmp_path):
    """Runs the command in an empty directory: exit status, standard output (bytes), standard error."""

    def call(*arguments, stdin: bytes = b""):
        done = subprocess.run([build_dir / "convstep", *map(str, arguments)], cwd=tmp_path, input=stdin,
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr.decode()

    return call


@pytest.fixture
def wrong(run, tmp_path):
    """A wrong command line: status 2, one line, nothing written. Returns the line."""

    def call(*arguments):
        before = sorted(tmp_path.iterdir())
        status, out, error = run(*arguments)
        assert (status, out, error.count("\n")) == (2, b"", 1), error
        assert sorted(tmp_path.iterdir()) == before
        return error

    return call


@pytest.fixture
def x(tmp_path):
    """x.npy and W.npy."""
    array = np.random.RandomState(1).randn(1, 6, 6, 2)
    np.save(tmp_path / "x.npy", array)
    np.save(tmp_path / "W.npy", np.random.RandomState(2).randn(3, 3, 2, 3))
    return array


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


NUMBERS = [
    ("random", "--shape", "2", "-o", "a.npy", "--seed"),
    ("random", "--seed", "1", "-o", "a.npy", "--shape"),
    *(("conv", "x.npy", "W.npy", "-o", "a.npy", option)
      for option in ("--stride", "--pad", "--padding", "--dilation", "--groups", "--threads")),
    ("pool", "x.npy", "-o", "a.npy", "--window"),
    ("pad", "x.npy", "-o", "a.npy", "--pad"),
    *(("print", "x.npy", option) for option in ("--precision", "--threshold", "--edge-items", "--line-width")),
    *(("draw", "x.npy", "-o", "a.png", option) for option in ("--image", "--limit")),
]
REALS = [("conv", "x.npy", "W.npy", "-o", "a.npy", "--activation", "leaky_relu", "--slope"),
         ("pool", "x.npy", "--window", "2", "--mode", "lp", "-o", "a.npy", "--p")]


@pytest.mark.parametrize("command", NUMBERS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_whole_numbers_are_read_in_one_way(wrong, x, command):
    for text in ("", "0x10", "1e3", "+3", " 3", "3 ", "1_000", "٣", "1.0", "9" * 30, "1,,2", ","):
        assert command[-1] in wrong(*command, text)
    assert command[-1] in wrong(*command[:-1], f"{command[-1]}=")


@pytest.mark.parametrize("command", REALS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_numbers_are_read_in_one_way(wrong, x, command):
    for text in ("", "0x1p3", "+3", " 3", "1_000", "1e999", "1,2"):
        assert command[-1] in wrong(*command, text)


def test_numbers_go_without_brackets(wrong, x):
    for text in ("[2,3]", "(2, 3)"):
        for arguments in (["--shape", text], [f"--shape={text}"]):
            line = wrong("random", "--seed", "1", *arguments, "-o", "a.npy")
            assert f'--shape: "{text}" has brackets, which numbers go without: 2,3' in line
    assert '--stride: "(2,2)" has brackets' in wrong("conv", "x.npy", "W.npy", "--stride", "(2,2)", "-o", "z.npy")


def test_an_option_takes_one_word(wrong, run, x):
    assert 'unexpected argument "3"' in wrong("random", "--seed", "1", "--shape", "2", "3", "-o", "a.npy")
    assert run("draw", "--names", "a,b", "x.npy", "-o", "figure.png")[0] == 0
    assert "--stride: is given 2 times, where one is meant" in wrong("conv", "x.npy", "W.npy", "--stride", "1", "--stride",
                                                                     "2", "-o", "z.npy")


def test_leading_zeros_are_decimal(run, tmp_path):
    run("random", "--seed", "010", "--shape", "011", "-o", "a.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.random.RandomState(10).randn(11))


def test_two_outputs_in_one_place(wrong, run, x, tmp_path):
    two = ["random", "--seed", "1", "--shape", "2", "--shape", "3"]
    (tmp_path / "folder").mkdir()
    os.symlink("r.npy", tmp_path / "link.npy")
    os.symlink("folder", tmp_path / "door")
    np.save(tmp_path / "h.npy", x)
    os.link(tmp_path / "h.npy", tmp_path / "hard.npy")
    for first, second in [("r.npy", "./r.npy"), ("r.npy", "folder/../r.npy"), ("link.npy", "r.npy"),
                          ("door/r.npy", "folder/r.npy"), ("h.npy", "hard.npy"), (tmp_path / "r.npy", "r.npy"),
                          ("-", "/dev/stdout")]:
        assert "only one of them would be left" in wrong(*two, "-o", first, "-o", second)
    assert "--indices" in wrong("pool", "x.npy", "--window", "2", "--indices", "./p.npy", "-o", "p.npy")
    assert run(*two, "-o", "folder/r.npy", "-o", "r.npy")[0] == 0


def test_what_was_meant(wrong, x, tmp_path):
    assert "unknown command conf; did you mean conv?" in wrong("conf")
    assert "unknown command foo; there are tutorial, random," in wrong("foo")
    assert "a command is needed" in wrong()
    assert "unknown option --strides; did you mean --stride?" in wrong("conv", "x.npy", "--strides", "2")
    assert "unknown option --indices; it is an option of pool" in wrong("conv", "x.npy", "W.npy", "--indices", "i.npy")
    assert "comes after the command's name" in wrong("--threads", "2", "conv")
    assert "did you mean relu?" in wrong("conv", "x.npy", "W.npy", "--activation", "RELU", "-o", "z.npy")
    assert "did you mean same?" in wrong("conv", "x.npy", "W.npy", "--padding", "SAME", "-o", "z.npy")
    assert "written ./-x.npy, or after --" in wrong("print", "-x.npy")
    assert "unknown option --act; did you mean --activation?" in wrong("conv", "x.npy", "W.npy", "--act", "relu")


WORDS_OF_OTHERS = [
    ("conv x.npy W.npy --relu", "unknown option --relu; did you mean --activation relu?"),
    ("conv x.npy W.npy --pads 1", "unknown option --pads; did you mean --padding?"),
    ("pool x.npy --pads 1 --window 2", "unknown option --pads; did you mean --padding?"),
    ("pool x.npy --size 2", "unknown option --size; did you mean --window?"),
    ("pool x.npy --kernel=2", "unknown option --kernel; did you mean --window?"),
    ("pool x.npy --kernel_size 2", "unknown option --kernel_size; did you mean --window?"),
    ("pool x.npy --window 2 --avg", "unknown option --avg; did you mean --mode average?"),
    ("pool x.npy --window 2 --mode avg -o z.npy", "did you mean average?"),
    ("pool x.npy --window 2 --mode mean -o z.npy", "did you mean average?"),
    ("conv x.npy W.npy --activation lrelu -o z.npy", "did you mean leaky_relu?"),
    ("random --size 2", "unknown option --size; did you mean --shape?"),
    ("-V", "unknown option -V; did you mean --version?"),
    ("conv -V", "unknown option -V; did you mean --version?"),
    # What is not near has no hint, and none about files.
    ("pad x.npy --relu", "unknown option --relu; convstep pad --help shows those that there are\n"),
    ("pad x.npy --size", "unknown option --size; it is an option of run, explain\n"),
    ("pad x.npy --colour", "unknown option --colour; convstep pad --help shows those that there are\n"),
    ("--frobnicate=a.npy", "unknown option --frobnicate; convstep --help shows those that there are\n"),
]


@pytest.mark.parametrize("line, words", WORDS_OF_OTHERS, ids=[line for line, _ in WORDS_OF_OTHERS])
def test_words_of_others(wrong, x, line, words):
    assert words in wrong(*line.split())


def test_files_are_spoken_of_where_one_is_there(wrong, x, tmp_path):
    (tmp_path / "--size").write_bytes(npy(x))
    assert "the file of that name is written ./--size, or after --" in wrong("pool", "--size", "--window", "2")


def test_help_as_a_command(run, wrong):
    assert run("help") == run("--help")
    assert run("help", "conv") == run("conv", "--help")
    assert "unknown command conf; did you mean conv?" in wrong("help", "conf")


def test_pad_knows_padding_by_both_names(run, x, tmp_path):
    for option in ("--pad", "--padding"):
        assert run("pad", "x.npy", option, "2", "-o", "z.npy")[0] == 0
        assert np.load(tmp_path / "z.npy").shape == (1, 10, 10, 2)


@pytest.mark.parametrize("option, value", [("--activation", "relu"), ("--groups", "2"), ("--residual", "x.npy")])
def test_filters_with_a_name_refuse_the_option_that_was_given(wrong, x, option, value):
    line = wrong("conv", "x.npy", "sobel", option, value, "-o", "z.npy")
    assert line == f"convstep conv: {option}: goes with weights out of a file\n"


def test_a_pooling_needs_a_window(wrong, x):
    assert wrong("pool", "x.npy", "-o", "z.npy") == (
        "convstep pool: --window: is missing; for one as large as the image: --global\n")
    assert wrong("pool", "x.npy", "--window", "2", "--global", "-o", "z.npy") == (
        "convstep pool: --window and --global: one of them, not both\n")


def test_filters_before_images(run, x, tmp_path):
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(tmp_path / "grey.png")
    np.save(tmp_path / "kernel.npy", np.ones((3, 3)))
    np.save(tmp_path / "image.npy", np.ones((8, 9)))
    np.save(tmp_path / "W1.npy", np.ones((3, 3, 1, 5)))
    for first, second in [("W.npy", "x.npy"), ("kernel.npy", "grey.png"), ("kernel.npy", "image.npy"),
                          ("W1.npy", "image.npy"), ("W1.npy", "grey.png")]:
        status, _, error = run("conv", first, second, "-o", "z.npy")
        assert status == 1 and error.endswith(f"; images come before filters: {second} {first} would fit\n"), error
        assert run("conv", second, first, "-o", "z.npy")[0] == 0
    assert "would fit" not in run("conv", "x.npy", "W1.npy", "-o", "z.npy")[2]  # fits in neither order


def test_names_that_look_like_something_else(run, x, tmp_path):
    for name in ("-x.npy", "pool", "[x]", "a b:ü.npy"):
        (tmp_path / name).write_bytes(npy(x))
        status, out, error = run("print", "--", name)
        assert (status, out.decode(), error) == (0, f"{x}\n", "")


@pytest.mark.parametrize("command", [("conv", "x.npy", "W.npy"), ("pool", "x.npy", "--window", "3", "--stride", "1")])
def test_padding_by_rule_or_in_numbers(run, x, tmp_path, command):
    shapes = {"same": (6, 6), "same_lower": (6, 6), "valid": (4, 4), "1": (6, 6), "1,0": (6, 4), "1,0,1,1": (5, 6)}
    for padding, shape in shapes.items():
        assert run(*command, "--padding", padding, "-o", "z.npy")[0] == 0
        assert np.load(tmp_path / "z.npy").shape[1:3] == shape


def test_arrays_through_pipes(run, x, tmp_path):
    expected = x.reshape(1, 3, 2, 3, 2, 2).max(axis=(2, 4))
    for name in ("-", "/dev/stdin"):
        for output in ("-", "/dev/stdout"):
            status, out, error = run("pool", name, "--window", 2, "-o", output, stdin=npy(x))
            assert (status, error) == (0, "")
            np.testing.assert_array_equal(np.load(io.BytesIO(out)), expected)
    archive = io.BytesIO()
    np.savez(archive, x=x, y=x + 1)
    assert run("print", "-:y", stdin=archive.getvalue())[1].decode() == f"{x + 1}\n"
    assert "standard input: it is empty" in run("print", "-")[2].replace("it is neither a .npy nor a .npz file: ", "")
    empty = "standard input: it is empty: the command before it in the pipe wrote nothing\n"
    assert run("print", "-")[2] == "convstep print: " + empty
    status, _, error = run("conv", "-", "-", "-o", "z.npy")
    assert status == 2 and "a pipe can be read once" in error


def test_a_chain_of_commands(build_dir, x, tmp_path):
    chain = """convstep conv - W.npy --pad 1 -o - < x.npy | convstep pool - --window 2 -o - | convstep print - | head -1
               convstep print <(cat x.npy) | head -1
               mkfifo f; cat x.npy > f & convstep pool f --window 2 -o f.npy"""
    done = subprocess.run(["bash", "-c", chain], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}"})
    assert done.stderr == "" and done.stdout.count("\n") == 3
    np.testing.assert_array_equal(np.load(tmp_path / "f.npy"), x.reshape(1, 3, 2, 3, 2, 2).max(axis=(2, 4)))


def test_pictures_out_of_results(run, x, tmp_path):
    run("conv", "x.npy", "W.npy", "-o", "z.npy")
    status, out, _ = run("conv", "x.npy", "W.npy", "-o", "z.png")
    z = np.load(tmp_path / "z.npy")[0]
    assert status == 0 and b"black" in out
    pixels = np.asarray(Image.open(tmp_path / "z.png"))
    np.testing.assert_allclose(pixels, (z - z.min()) / (z.max() - z.min()) * 255, atol=0.51)
    run("conv", "x.npy", "W.npy", "--range=-1,1", "-o", "z.png")
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "z.png")), np.clip((z + 1) / 2, 0, 1) * 255, atol=0.51)
    status, out, error = run("pool", "x.npy", "--window", 2, "--indices", "i.npy", "-o", "p.png")
    assert status == 1 and "1 or 3 channels" in error and not (tmp_path / "i.npy").exists()


FILTERS = {
    "blur": np.full((5, 5), 1 / 25),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "sobel-x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4,
    "sobel-y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
}


def test_named_filters(run, tmp_path):
    rgba = np.random.RandomState(3).randint(0, 256, (20, 30, 4), dtype=np.uint8)
    Image.fromarray(rgba).save(tmp_path / "photo.png")

    def filtered(name: str) -> np.ndarray:
        assert run("conv", "photo.png", name, "-o", "z.npy")[0] == 0
        z = np.load(tmp_path / "z.npy")[0]
        np.testing.assert_allclose(z[..., 3], rgba[..., 3] / 255, atol=1e-6, err_msg="alpha stays")
        return z[..., :3]

    def expected(kernel: np.ndarray) -> np.ndarray:
        return np.stack([ndimage.correlate(rgba[..., c] / 255, kernel, mode="nearest") for c in range(3)], axis=2)

    for name, kernel in FILTERS.items():
        np.testing.assert_allclose(filtered(name), expected(kernel), atol=1e-5)
    length = np.hypot(expected(FILTERS["sobel-x"]), expected(FILTERS["sobel-y"])) / np.sqrt(2)
    np.testing.assert_allclose(filtered("sobel"), length, atol=1e-5)
    run("conv", "photo.png", "blur", "-o", "blur.png")
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "blur.png"))[..., :3], expected(FILTERS["blur"]) * 255,
                               atol=0.51)
    assert "did you mean sobel?" in run("conv", "photo.png", "soble", "-o", "z.png")[2]


def test_completion_of_bash(build_dir, tmp_path):
    (tmp_path / "photo one.png").touch()

    def complete(*words: str) -> set[str]:
        script = """source <(convstep completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _convstep
                    printf '%s\\n' "${COMPREPLY[@]}" """
        done = subprocess.run(["bash", "-c", script, "bash", "convstep", *words], cwd=tmp_path, capture_output=True,
                              text=True, timeout=60, env={**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}"})
        assert done.stderr == ""
        return set(done.stdout.split("\n")) - {""}

    assert complete("po") == {"pool", "pool-backward"}
    assert complete("conv-backward", "d.npy", "x.npy", "W.npy", "--d") == {"--dilation", "--dtype", "--dW", "--db"}
    assert complete("pool-backward", "d.npy", "x.npy", "--ties", "") == {"all", "first"}
    assert complete("conv", "--stri") == {"--stride"}
    assert complete("conv", "x.npy", "W.npy", "--activation", "re") == {"relu", "relu6"}
    assert complete("conv", "pho") == {"photo one.png"}
    assert complete("conv", "x.npy", "sob") == {"sobel", "sobel-x", "sobel-y"}
    assert complete("pool", "x.npy", "--wi") == {"--window"}
    assert complete("completion", "") == {"bash", "zsh", "fish"}
    # bash takes words apart at = and :.
    assert complete("conv", "x.npy", "--activation", "=", "re") == {"relu", "relu6"}
    assert complete("conv", "x.npy", "--activation", "=") == {"none", "relu", "relu6", "leaky_relu", "sigmoid", "tanh"}
    assert complete("conv", "--stride", "=", "2", "layer.npz", ":", "x", "sob") == {"sobel", "sobel-x", "sobel-y"}
    assert complete("draw", "x.npy", "--output", "=", "pho") == {"photo one.png"}


def test_a_reader_that_goes_away_ends_the_command_quietly(build_dir, x, tmp_path):
    np.save(tmp_path / "long.npy", np.zeros(200000))
    done = subprocess.run(["bash", "-c", "convstep print long.npy --threshold 1000000 | head -1"], cwd=tmp_path,
                          capture_output=True, timeout=60, env={**os.environ, "PATH": f"{build_dir}:/usr/bin:/bin"})
    assert done.stderr == b"" and done.stdout.startswith(b"[0. 0.")


@pytest.mark.parametrize("words", ["--help", "conv --help", "--version", "tutorial --part zero_pad", "targets"])
def test_printouts_that_do_not_arrive_are_a_failure(build_dir, words):
    if not os.path.exists("/dev/full"):
        pytest.skip("a device without space is Linux's")
    with open("/dev/full", "w") as full:
        done = subprocess.run([build_dir / "convstep", *words.split()], stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=60)
    command = f"convstep {words.split()[0]}" if words[0] != "-" else "convstep"
    assert (done.returncode, done.stderr) == (1, f"{command}: standard output cannot be written\n")
