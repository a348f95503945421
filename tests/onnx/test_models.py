"""Whole networks out of .onnx files: three that were trained, and nine of well-known shapes with random weights, beside ONNX
Runtime (where scripts/setup.sh models has installed it; make test-full does) or ONNX's own evaluator."""

import pathlib

import numpy as np
import onnx
import pytest
from bridge import Bridge
from models import LIGHT_NETWORKS, given_inputs, light_network, rapidocr_models
from onnx.reference import ReferenceEvaluator
from pictures import as_input, lines_of_text, photographs_with_text
from runner import Runner

# Of the largest output; of the norm of all.
TOLERANCE = 1e-5
# Twice the largest difference of a probability that was found.
PROBABILITY_TOLERANCE = 1e-4
# The evaluator takes minutes for most others, and does not agree with ONNX Runtime on those with LRN or groups.
QUICK_NETWORKS = ("squeezenet",)


@pytest.fixture(scope="module")
def onnx_bridge(build_dir: pathlib.Path):
    with Bridge(build_dir / "tests" / "onnx_bridge") as program:
        yield program


@pytest.fixture
def runner(onnx_bridge: Bridge, tmp_path: pathlib.Path) -> Runner:
    return Runner(onnx_bridge, tmp_path)


def random_input(model: onnx.ModelProto, images: int = 1) -> np.ndarray:
    (value,) = given_inputs(model)
    shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    return np.random.default_rng(1).normal(size=[images, *shape[1:]]).astype(np.float32)


def check_close(output: np.ndarray, answer: np.ndarray) -> None:
    assert output.shape == answer.shape
    assert np.ptp(answer) > 0.1 * np.abs(answer).max()
    np.testing.assert_allclose(output, answer, rtol=0, atol=TOLERANCE * np.abs(answer).max())


@pytest.mark.parametrize("name", QUICK_NETWORKS)
def test_quick_network(name: str, runner: Runner) -> None:
    model = light_network(name)
    x = random_input(model)
    (output,) = runner.compute(model, [x], "float32")
    (answer,) = ReferenceEvaluator(model).run(None, {given_inputs(model)[0].name: x})
    check_close(output, answer)


def runtime_session(model: onnx.ModelProto | pathlib.Path):
    runtime = pytest.importorskip("onnxruntime", reason="scripts/setup.sh models installs it")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    source = str(model) if isinstance(model, pathlib.Path) else model.SerializeToString()
    return runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", LIGHT_NETWORKS)
def test_light_network(name: str, runner: Runner) -> None:
    """As ONNX Runtime computes it, and with the same bits however it is run."""
    model = light_network(name)
    session = runtime_session(model)
    x = random_input(model)
    (answer,) = session.run(None, {given_inputs(model)[0].name: x})
    (output,) = runner.compute(model, [x], "float32")
    check_close(output, answer)
    assert runner.check_bits("float32", [x]) == "ok"


def rapidocr_cases() -> list:
    cases = []
    for kind, pictures, size in (("det", photographs_with_text(), (320, 416)), ("cls", lines_of_text(), (48, 192)),
                                 ("rec", lines_of_text(), (48, 320))):
        cases += [pytest.param(kind, as_input(picture, *size), id=f"{kind}{i}") for i, picture in enumerate(pictures)]
    return cases


def decisions(kind: str, output: np.ndarray) -> np.ndarray:
    """What the outputs are for: where there is text, whether it stands upright, which letters it has."""
    return output > 0.3 if kind == "det" else output.argmax(-1)


@pytest.mark.parametrize(("kind", "x"), rapidocr_cases())
def test_rapidocr(kind: str, x: np.ndarray, runner: Runner) -> None:
    """Outputs are probabilities: they agree with ONNX Runtime's and with float64, decide alike, and have the same bits however
    they are computed."""
    models = rapidocr_models()
    if not models:
        pytest.skip("scripts/setup.sh models installs them")
    model = onnx.load(models[kind])
    session = runtime_session(models[kind])
    (answer,) = session.run(None, {session.get_inputs()[0].name: x})
    (output,) = runner.compute(model, [x], "float32")
    (exact,) = runner.compute(model, [x], "float64")
    assert np.abs(exact).max() > 0.5
    np.testing.assert_allclose(output, answer, rtol=0, atol=PROBABILITY_TOLERANCE)
    assert np.linalg.norm(output - exact) <= TOLERANCE * np.linalg.norm(exact)
    np.testing.assert_array_equal(decisions(kind, output), decisions(kind, answer))
    assert runner.check_bits("float32", [x]) == "ok"
    both = np.concatenate([x, x[:, :, ::-1]])
    (batch,) = runner.compute(model, [both], "float32")
    np.testing.assert_array_equal(batch[:1], output)
