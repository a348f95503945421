"""The package's types are complete, and are those that its users meet."""

import pathlib
import re
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
EXAMPLES = sorted((TESTS.parent.parent / "examples").glob("*.py"))
WRONG_USES = {
    'convstep.conv2d([], [], activation="rleu")': "arg-type",
    "convstep.avg_pool2d([], 2, 2, 0, 1)": "misc|call-arg",
    "convstep.conv2d([], [], pad=2)": "call-arg",
    "convstep.conv2d([], [], stride=2.5)": "arg-type",
    'convstep.Conv2d([], padding="full")': "arg-type",
    'convstep.conv2d([], [], algorithm="fft")': "arg-type",
    "convstep.set_num_threads('2')": "arg-type",
    "convstep.MaxPool2d(2)": "attr-defined",
    "convstep.Conv2d([]).weight": "attr-defined",
    "convstep.Conv2d([]).weight = []": "attr-defined",
    "convstep.max_pool2d([])": "call-overload",
    "convstep.lp_pool2d([], kernel_size=2)": "call-arg",
    'convstep.pool_forward([], {"f": 2, "stride": 1}, "maximum")': "arg-type",
    'convstep.pool_backward([], ([], {"f": 2, "stride": 1}), ties="last")': "arg-type",
    "convstep.conv_backward([], ([], {}))": "arg-type",
    "convstep.conv2d_backward_weights([], [], (1, 1, 1, 1), bias=True, out=None, accumulate=2)": "call-overload",
    "convstep.conv2d_backward([], [], [], out=())": "arg-type|call-overload",
    "convstep.linear([], [], layout='NHWC')": "call-arg",
    "convstep.softmax_cross_entropy([], [], count=2.5)": "arg-type",
    "convstep.Network([convstep.layers.Conv(8)], (8, 8, 1))": "call-arg",
    'convstep.Network([convstep.layers.Conv(8, 3, activation="rleu")], (8, 8, 1))': "arg-type",
    'convstep.Network.load("model.onnx", dtype="float16")': "arg-type",
    'convstep.Network([], (8, 8, 1)).fit([], [], loss="mse")': "arg-type",
    "convstep.draw.window([], kernel_size=3, position=1)": "arg-type",
}


# What stubtest does not know: functions and classes that nanobind and scikit-learn make, methods that matplotlib makes while the program
# runs, names for sets of words, and those for arrays of NumPy 2.5.
NOT_SEEN_AS_THEY_ARE = (
    "convstep._core.function", "convstep._core.check_cases", "convstep._core.check_outputs", "convstep._core.ConvLayer", "convstep._core.Network32", "convstep._core.Network64",
    "convstep._core.Trainer32", "convstep._core.Trainer64", "convstep._core._Network", "convstep._core._Trainer",
    "convstep._core._Info", "convstep.layers.Initializer", "convstep._network._Dtype",
    "convstep._network._Path", "convstep.sklearn.ConvClassifier.set_score_request",
    "convstep.sklearn.ConvRegressor.set_score_request", "convstep.sklearn.error", "convstep._draw_panels.Picture.set",
    "convstep._types.Activation", "convstep._types.Algorithm", "convstep._types.Layout", "convstep._types.Numerics",
    "convstep._types.Ties", "convstep._types.Array", "convstep._types._Integers", "convstep._draw_arguments.Plane",
)


def run(*command: object, cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """A module of Python, away from the sources: what it finds is the installed package."""
    return subprocess.run([sys.executable, "-m", *map(str, command)], cwd=cwd, capture_output=True, text=True)


def mypy(*arguments: object, cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return run("mypy", "--strict", "--cache-dir", cwd / "cache", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("types")


def test_the_package_is_typed(folder: pathlib.Path):
    done = mypy("-p", "convstep", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_runs_is_what_is_declared(folder: pathlib.Path):
    """Names, arguments and defaults of everything in the package."""
    (folder / "allowed").write_text("\n".join(re.escape(name) + r"(\..*)?" for name in NOT_SEEN_AS_THEY_ARE))
    done = run("mypy.stubtest", "convstep", "--concise", "--allowlist", "allowed", "--ignore-unused-allowlist", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_are_typed(folder: pathlib.Path):
    assert len(EXAMPLES) >= 2
    done = mypy(*EXAMPLES, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_uses_have_the_expected_types(folder: pathlib.Path):
    done = mypy(TESTS / "package_uses.py", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_uses_run(folder: pathlib.Path):
    subprocess.run([sys.executable, str(TESTS / "package_uses.py")], cwd=folder, check=True)


def test_mistakes_are_found(folder: pathlib.Path):
    program = folder / "mistakes.py"
    program.write_text("import convstep\nimport convstep.draw\n" + "\n".join(WRONG_USES) + "\n")
    lines = mypy(program, cwd=folder).stdout.splitlines()
    for number, (use, codes) in enumerate(WRONG_USES.items(), start=3):
        found = [line for line in lines if f".py:{number}: error:" in line]
        assert found and found[0].endswith(tuple(f"[{code}]" for code in codes.split("|"))), (use, lines)
