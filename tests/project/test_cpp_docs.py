"""docs/cpp.md and the examples with networks: what they show compiles against an installed copy, and does what they say."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import convstep
import numpy as np
import pytest
from sklearn.datasets import load_digits

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cpp.md").read_text()


def run(*command, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def program() -> str:
    """The page's blocks: the one of includes, then the statements of each section in a function of its own."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    statements = ["".join(b for b in blocks("cpp", section) if "#include" not in b) for section in sections]
    functions = [f"void section_{i}() {{\n{code}}}\n" for i, code in enumerate(statements) if code]
    calls = "".join(f"  section_{i}();\n" for i, code in enumerate(statements) if code)
    (head,) = [block for block in blocks("cpp", PAGE) if "#include" in block]
    return head + "".join(functions) + "int main() {\n" + calls + "}\n"


@pytest.fixture(scope="module")
def built(build_dir, tmp_path_factory) -> pathlib.Path:
    """A folder with the page's program, `page`, and the examples `network` and `digits`, each from a project of its own."""
    folder = tmp_path_factory.mktemp("cpp")
    cache = dict(re.findall(r"^(\w+):\w+=(.*)$", (build_dir / "CMakeCache.txt").read_text(), re.MULTILINE))
    run("cmake", "--install", build_dir, "--prefix", folder / "prefix")
    (folder / "page").mkdir()
    (cmake,) = [block for block in blocks("cmake", PAGE) if "find_package" in block]
    (folder / "page" / "CMakeLists.txt").write_text(cmake)
    (folder / "page" / "mine.cc").write_text(program())
    (in_c,) = blocks("c", PAGE)
    (folder / "page" / "in_c.c").write_text(in_c)
    with (folder / "page" / "CMakeLists.txt").open("a") as lines:
        lines.write("enable_language(C)\nadd_executable(in_c in_c.c)\ntarget_link_libraries(in_c PRIVATE convstep::convstep)\n")
    for source in (folder / "page", ROOT / "examples" / "network", ROOT / "examples" / "digits"):
        tree = folder / "build" / source.name
        flags = [f"-D{name}={cache.get(name, '')}" for name in ("CMAKE_CXX_COMPILER", "CMAKE_CXX_FLAGS")]
        run("cmake", "-G", "Ninja", "-S", source, "-B", tree, f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", *flags)
        run("cmake", "--build", tree)
    return folder / "build"


def test_the_examples_of_the_page_print_what_it_says(built, tmp_path):
    in_cpp, of_c = PAGE.split("## From C")
    assert run(built / "page" / "mine", cwd=tmp_path) == "".join(blocks("text", in_cpp))
    assert run(built / "page" / "in_c", cwd=tmp_path) == "".join(blocks("text", of_c))


def conv(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[:2], axis=(1, 2))
    return np.einsum("nyxcij,ijco->nyxo", windows, W) + b


def pooled(x: np.ndarray) -> np.ndarray:
    N, H, W, C = x.shape
    return x.reshape(N, H // 2, 2, W // 2, 2, C).max(axis=(2, 4))


def test_the_network_computes_what_numpy_does(built, tmp_path):
    random = np.random.default_rng(1)
    shapes = {"conv1.W": (5, 5, 1, 6), "conv2.W": (5, 5, 6, 16), "dense.W": (256, 10)}
    weights = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    weights |= {name.replace("W", "b"): random.standard_normal(shape[-1]) for name, shape in shapes.items()}
    images = random.standard_normal((3, 28, 28, 1))
    np.savez(tmp_path / "weights.npz", **weights)
    np.save(tmp_path / "images.npy", images)
    network = built / "network" / "network"
    run(network, "weights.npz", "images.npy", "scores.npy", cwd=tmp_path)

    x = images
    for name in ("conv1", "conv2"):
        x = pooled(np.maximum(conv(x, weights[name + ".W"], weights[name + ".b"]), 0))
    expected = x.reshape(3, -1) @ weights["dense.W"] + weights["dense.b"]
    scores = np.load(tmp_path / "scores.npy")
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())

    done = subprocess.run([network, "images.npy", "images.npy", "x"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("network: images.npy: it is not a .npz file")


@pytest.fixture(scope="module")
def learned(built, build_dir, tmp_path_factory) -> tuple[pathlib.Path, str]:
    """What the demo of the digits leaves and prints."""
    folder = tmp_path_factory.mktemp("digits")
    path = f"{build_dir}:{built / 'digits'}:{os.environ['PATH']}"
    demo = ROOT / "examples" / "digits" / "demo.sh"
    return folder, run(demo, folder, env={**os.environ, "PATH": path, "PYTHON": sys.executable})


def test_the_digits_are_those_of_scikit_learn(learned):
    written, theirs = np.load(learned[0] / "digits.npz"), load_digits()
    assert written["images"].dtype == np.float32 and written["labels"].dtype == np.int64
    np.testing.assert_array_equal(written["images"][..., 0] * 16, theirs.images)
    np.testing.assert_array_equal(written["labels"], theirs.target)


def test_a_network_learns_digits(learned):
    folder, printed = learned
    losses = [float(loss) for loss in re.findall(r"^epoch .*: loss (.*)$", printed, re.MULTILINE)]
    assert len(losses) == 30 and losses[-1] < 0.05 < 0.5 < losses[0]
    trained, read_back = re.findall(r": ([\d.]+)%$", printed, re.MULTILINE)
    assert float(trained) >= 97
    assert read_back == trained
    assert (folder / "figure.png").exists()


def test_a_network_learns_the_same_in_cpp_and_in_python(built, learned, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    import digits_network

    shutil.copy(learned[0] / "digits.npz", tmp_path)
    printed = run(built / "digits" / "digits_network", tmp_path, "3")
    digits = np.load(tmp_path / "digits.npz")
    held_out = np.arange(len(digits["labels"])) % 5 == 3
    network = convstep.Network(digits_network.LAYERS, (8, 8, 1), seed=3)
    history = network.fit(
        digits["images"][~held_out], digits["labels"][~held_out], optimizer=convstep.Sgd(momentum=0.9, decay=0.003),
        rate=digits_network.falling, epochs=30, batch_size=64, seed=3)
    losses = re.findall(r"^epoch .*: loss (.*)$", printed, re.MULTILINE)
    assert losses == [f"{loss:.5f}" for loss in history.loss]
    theirs = convstep.Network.load(tmp_path / "network.npz").weights
    assert theirs.keys() == network.weights.keys()
    for name, array in network.weights.items():
        assert array.tobytes() == theirs[name].tobytes(), name
    right = (network.predict(digits["images"][held_out]) == digits["labels"][held_out]).mean()
    assert printed.endswith(f"accuracy on the digits held out: {100 * right:.2f}%\n") and right > 0.97


def test_threads_and_parts_of_a_batch_change_no_bit_of_what_is_learned(built, learned, tmp_path):
    def weights(*settings: str) -> dict[str, bytes]:
        shutil.copy(learned[0] / "digits.npz", tmp_path)
        run(built / "digits" / "digits", tmp_path, "epochs=2", *settings)
        return {name: array.tobytes() for name, array in np.load(tmp_path / "weights.npz").items()}

    expected = weights("threads=1")
    assert expected.keys() == {f"{layer}.{array}" for layer in ("conv1", "conv2", "linear") for array in "Wb"}
    for settings in (["threads=2"], ["parts=4"], ["parts=3", "threads=2"]):
        assert weights(*settings) == expected, settings
    assert weights("seed=2") != expected
