"""Random graphs beside ONNX Runtime, where it is installed (make test-full does), and with the same bits however they are run.
CONVSTEP_CASES=full: a thousand of them, else a few dozens."""

import importlib.util
import os
import pathlib

import numpy as np
import onnx
import pytest
from bridge import Bridge
from random_models import random_model
from runner import Runner

CASES = 1000 if os.environ.get("CONVSTEP_CASES") == "full" else 40
# Of the largest output. Differences that cancel, and what follows large values, are as wrong as ONNX Runtime's, too: errors
# may be so many times its.
TOLERANCE = 1e-5
TIMES_RUNTIME = 10
# What float32 says, of the largest output: what is wrong is more than its roundings.
ROUGH = 1e-2


@pytest.fixture(scope="module")
def onnx_bridge(build_dir: pathlib.Path):
    with Bridge(build_dir / "tests" / "onnx_bridge") as program:
        yield program


def runtime_answers(model: onnx.ModelProto, x: np.ndarray) -> list[np.ndarray] | None:
    if not importlib.util.find_spec("onnxruntime"):
        return None
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


@pytest.mark.parametrize("seed", range(CASES))
def test_random_model(seed: int, onnx_bridge: Bridge, tmp_path: pathlib.Path) -> None:
    model, x = random_model(seed)
    runner = Runner(onnx_bridge, tmp_path)
    outputs = runner.compute(model, [x], "float32")
    exact_outputs = runner.compute(model, [x], "float64")
    answers = runtime_answers(model, x)
    for output, exact, answer in zip(outputs, exact_outputs, answers or outputs, strict=True):
        assert output.shape == exact.shape == answer.shape
        largest, difference = np.abs(exact).max(), np.abs(answer - exact).max()
        assert difference <= ROUGH * largest
        assert np.abs(output - exact).max() <= max(TOLERANCE * largest, TIMES_RUNTIME * difference)
    assert runner.check_bits("float32", [x]) == "ok"
