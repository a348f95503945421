"""ONNX's own test cases of operators, read by our reader and computed by our operations, in float32 and float64.

Each case runs in three forms: with all its inputs known when the network is prepared, with the first one alone given to it
and the others in the file, as weights are, and with all of them given. In the last form an operation may say that it needs
one of them as a constant.

    python tests/onnx/test_node_cases.py    prints the tables of docs/onnx.md
"""

import collections
import functools
import os
import pathlib

import numpy as np
import onnx
import pytest
from bridge import Bridge
from node_cases import Case, as_ours, cases, with_weights
from runner import Runner

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "onnx.md"
INSTALLED = f"onnx {onnx.__version__}"

# Cases of operations that we have, which are refused all the same.
OUT_OF_SCOPE = {
    "three spatial axes": (
        "averagepool_3d_default", "averagepool_3d_dilations_small", "convtranspose_3d", "lppool_3d_default", "maxpool_3d_default",
        "maxpool_3d_dilations", "maxpool_3d_dilations_use_ref_impl", "maxpool_3d_dilations_use_ref_impl_large", "AvgPool3d",
        "AvgPool3d_stride", "AvgPool3d_stride1_pad0_gpu_input", "Conv3d", "Conv3d_dilated", "Conv3d_dilated_strided",
        "Conv3d_groups", "Conv3d_no_bias", "Conv3d_stride", "Conv3d_stride_padding", "MaxPool3d", "MaxPool3d_stride",
        "MaxPool3d_stride_padding",
        "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
        "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
        "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
        "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True"),
    "training": (
        "batchnorm_epsilon_training_mode", "batchnorm_example_training_mode", "training_dropout", "training_dropout_default",
        "training_dropout_default_mask", "training_dropout_mask"),
    "opset 1": ("not_2d", "not_3d", "not_4d"),
    "opset 6 broadcasts from an axis in the middle": (
        "operator_add_broadcast", "operator_add_size1_broadcast", "operator_add_size1_right_broadcast",
        "operator_add_size1_singleton_broadcast"),
    "opset 6 has one slope for each channel": ("PReLU_1d_multiparam", "PReLU_2d_multiparam", "PReLU_3d_multiparam"),
}
REASONS = {name: reason for reason, names in OUT_OF_SCOPE.items() for name in names}
# A truth value is a whole number to us, and the greatest of none is not 0.
OTHER_ANSWER = {"reduce_max_empty_set_bool"}

# More cases may come with later versions; to find fewer means to look in the wrong place.
FEWEST_CASES = {"node": 1500, "simple": 10, "pytorch-operator": 20, "pytorch-converted": 50}


@pytest.fixture(scope="module")
def onnx_bridge(build_dir: pathlib.Path):
    with Bridge(build_dir / "tests" / "onnx_bridge") as program:
        yield program


@functools.cache
def known_operators(bridge: Bridge) -> set[str]:
    """What our networks have, with what the reader makes of others."""
    return {*bridge.ask("operations").split()[1:], "Constant", "Upsample"}


def unknown_operators(case: Case, known: set[str]) -> set[str]:
    return set(case.operators) - known


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


def is_refused(case: Case, runner: Runner) -> bool:
    """Whether the case has other operators or types, which the reader must name."""
    unknown = unknown_operators(case, known_operators(runner.bridge))
    if not unknown and not case.refused_type():
        return False
    reply = runner.run(case.model, [], "float32", "constant")
    assert reply.startswith("error: FormatError: "), reply
    assert all(f"{case.operators[name]} {name}" in reply for name in unknown)
    return True


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.kind}-{case.name}") for case in cases()])
def test_case(case: Case, runner: Runner) -> None:
    if is_refused(case, runner):
        return
    data_sets = list(case.data_sets())
    assert data_sets
    if case.name in REASONS:
        reply = runner.run(case.model, data_sets[0][0], "float32", "constant")
        assert reply.startswith(("error: FormatError", "error: ParameterError", "error: ShapeError")), reply
        return
    if case.name in OTHER_ANSWER:
        return
    names = [value.name for value in case.inputs]
    for inputs, expected in data_sets:
        for real in ("float32", "float64"):
            outputs = runner.run(case.model, inputs, real, "constant")
            assert not isinstance(outputs, str), outputs
            check(outputs, expected, case, real)
            forms = [(case.model, inputs)]
            if len(inputs) > 1:
                forms.append((with_weights(case.model, inputs, names), inputs[:1]))
            for model, given in forms:
                outputs = runner.run(model, given, real, "given")
                if isinstance(outputs, str):
                    assert "expected constant" in outputs or "expected a constant" in outputs or "may be true" in outputs
                else:
                    check(outputs, expected, case, real)


def test_all_cases_are_found() -> None:
    counts = collections.Counter(case.kind for case in cases())
    assert all(counts[kind] >= fewest for kind, fewest in FEWEST_CASES.items()), counts


def tables(bridge: Bridge) -> str:
    """What becomes of the cases of each operator that we have, and of the others."""
    known = known_operators(bridge)
    passing, refused = collections.Counter(), collections.Counter()
    others = set()
    for case in cases():
        unknown = unknown_operators(case, known)
        if unknown:
            others |= unknown
        elif case.refused_type() or case.name in REASONS or case.name in OTHER_ANSWER:
            refused.update(set(case.operators))
        else:
            passing.update(set(case.operators))
    rows = [f"| {name} | {passing[name]} | {refused[name] or ''} |" for name in sorted(known)]
    reasons = [f"- {reason}: {', '.join(sorted(names))}" for reason, names in OUT_OF_SCOPE.items()]
    return "\n".join([*reasons, "", "| operator | cases that pass | that are refused |", "|---|---|---|", *rows, "",
                      "Operators that we do not have: " + ", ".join(sorted(others)) + ".", ""])


def test_document_has_the_tables(onnx_bridge: Bridge) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    if INSTALLED not in document:
        pytest.skip(f"docs/onnx.md is about another version than {INSTALLED}")
    assert tables(onnx_bridge) in document


if __name__ == "__main__":
    with Bridge(pathlib.Path(os.environ.get("CONVSTEP_BUILD_DIR", "build/release")) / "tests" / "onnx_bridge") as program:
        print(tables(program), end="")
