"""ONNX's own test cases of operators, read by our reader and computed by our operations, in float32 and float64.

Each case runs in three forms: with all its inputs known when the network is prepared, with the first one alone given to it
and the others in the file, as weights are, and with all of them given. In the last form an operation may say that it needs
one of them as a constant.
"""

import collections
import pathlib

import numpy as np
import onnx
import pytest
from bridge import Bridge
from node_cases import Case, as_ours, cases, with_weights

# More cases may come with later versions; to find fewer means to look in the wrong place.
FEWEST_CASES = {"node": 1500, "simple": 10, "pytorch-operator": 20, "pytorch-converted": 50}


@pytest.fixture(scope="module")
def onnx_bridge(build_dir: pathlib.Path):
    with Bridge(build_dir / "tests" / "onnx_bridge") as program:
        yield program


@pytest.fixture(scope="module")
def operations(onnx_bridge: Bridge) -> set[str]:
    """What our networks know, with what the reader replaces."""
    return {*onnx_bridge.ask("operations").split()[1:], "Constant"}


class Runner:
    """Computes models in files of a folder."""

    def __init__(self, bridge: Bridge, folder: pathlib.Path) -> None:
        self.bridge, self.folder = bridge, folder

    def run(self, model: onnx.ModelProto, inputs: list[np.ndarray], real: str, how: str) -> list[np.ndarray] | str:
        """The outputs, or what is wrong."""
        onnx.save(model, self.folder / "model.onnx")
        paths = []
        for i, array in enumerate(inputs):
            paths.append(self.folder / f"in{i}.npy")
            np.save(paths[-1], as_ours(array, np.dtype(real).type))
        reply = self.bridge.ask("run", real, how, self.folder / "model.onnx", self.folder / "out", *paths)
        if not reply.startswith("ok"):
            return reply
        return [np.load(self.folder / f"out{i}.npy") for i in range(len(model.graph.output))]


@pytest.fixture
def runner(onnx_bridge: Bridge, tmp_path: pathlib.Path) -> Runner:
    return Runner(onnx_bridge, tmp_path)


def check(outputs: list[np.ndarray], expected: list[np.ndarray], case: Case, real: str) -> None:
    assert len(outputs) == len(expected)
    for output, answer in zip(outputs, expected, strict=True):
        answer = np.asarray(answer)
        ours = as_ours(answer, np.dtype(real).type)
        assert (output.shape, output.dtype) == (ours.shape, ours.dtype)
        if ours.dtype == np.int64:
            np.testing.assert_array_equal(output, ours)
        else:
            rtol = case.source.rtol
            if answer.dtype.itemsize == 2:  # an answer rounded to that
                rtol = max(rtol, 2.0 ** (-7 if answer.dtype.name == "bfloat16" else -10))
            np.testing.assert_allclose(output, ours, rtol=rtol, atol=case.source.atol)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.kind}-{case.name}") for case in cases()])
def test_case(case: Case, runner: Runner, operations: set[str]) -> None:
    names = [value.name for value in case.inputs]
    unknown = {name: count for name, count in case.operators.items() if name not in operations and name != "Upsample"}
    if unknown:
        reply = runner.run(case.model, [], "float32", "constant")
        assert reply.startswith("error: FormatError: ")
        for name, count in unknown.items():
            assert f"{count} {name}" in reply
        pytest.skip("other operations")
    if refused := case.refused_type():
        reply = runner.run(case.model, [], "float32", "constant")
        assert reply.startswith("error: FormatError: "), reply
        pytest.skip(f"elements of type {refused}")
    data_sets = list(case.data_sets())
    assert data_sets
    for inputs, expected in data_sets:
        for real in ("float32", "float64"):
            outputs = runner.run(case.model, inputs, real, "constant")
            assert not isinstance(outputs, str), outputs
            check(outputs, expected, case, real)
            if len(inputs) > 1:
                outputs = runner.run(with_weights(case.model, inputs, names), inputs[:1], real, "given")
                assert not isinstance(outputs, str), outputs
                check(outputs, expected, case, real)
            outputs = runner.run(case.model, inputs, real, "given")
            if isinstance(outputs, str):
                assert "constant" in outputs
            else:
                check(outputs, expected, case, real)


def test_all_cases_are_found() -> None:
    counts = collections.Counter(case.kind for case in cases())
    assert all(counts[kind] >= fewest for kind, fewest in FEWEST_CASES.items()), counts
