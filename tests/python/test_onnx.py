"""ONNX's own backend test cases as judges of the Python package.

Every case that the installed onnx package brings along is listed if its model has one of OPERATORS. The model runs in
ONNX's reference evaluator, where convstep takes the place of the evaluator's own convolution and pooling, and each
output must have the shape and dtype that the case gives, and values within the tolerances that the case gives.

    python tests/python/test_onnx.py    prints the table of docs/onnx.md
"""

import collections
import dataclasses
import functools
import os
import pathlib
import warnings
import zlib
from collections.abc import Iterator, Sequence

import convstep
import numpy as np
import onnx
import pytest
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "onnx.md"
INSTALLED = f"onnx {onnx.__version__}"

# How many cases onnx 1.23.2 has: later versions may add some, but to find fewer means to look in the wrong place.
FEWEST_CASES = {"node": 70, "pytorch-operator": 2, "pytorch-converted": 41, "real": 9}

# Of the largest output, after up to 121 layers in float32: five times what was measured at most.
NETWORK_TOLERANCE = 1e-5
# Together they have groups, all the operators of networks, and padding at the end alone. The others take minutes.
QUICK_NETWORKS = ("bvlc_alexnet", "shufflenet", "squeezenet")
FULL = os.environ.get("CONVSTEP_CASES") == "full"

OUT_OF_SCOPE = dict.fromkeys((
    "averagepool_3d_default", "averagepool_3d_dilations_small",
    "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
    "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
    "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
    "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
    "lppool_3d_default", "maxpool_3d_default", "maxpool_3d_dilations", "maxpool_3d_dilations_use_ref_impl",
    "maxpool_3d_dilations_use_ref_impl_large", "AvgPool3d", "AvgPool3d_stride", "AvgPool3d_stride1_pad0_gpu_input",
    "Conv3d", "Conv3d_dilated", "Conv3d_dilated_strided", "Conv3d_groups", "Conv3d_no_bias", "Conv3d_stride",
    "Conv3d_stride_padding", "MaxPool3d", "MaxPool3d_stride", "MaxPool3d_stride_padding",
), "out of scope: three spatial axes")


def as_image(x: np.ndarray) -> np.ndarray:
    """x in a form that convstep takes: of two spatial axes, and in float32 where it is float16."""
    x = x.astype(np.float32) if x.dtype == np.float16 else x
    return x[:, :, np.newaxis] if x.ndim == 3 else x


def as_given(result: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The result of as_image(x), with the axes of x, and in the dtype of x where convstep does not keep that dtype."""
    result = result[:, :, 0] if x.ndim == 3 else result
    return result if x.dtype in (np.float32, np.float64) else result.astype(x.dtype)


def pair(values: list[int] | None, axes: int) -> tuple[int, ...]:
    """The height and width that an attribute gives. It is 1 where it is left out; so is the height of a 1-D window."""
    return (1,) * (2 - axes) + tuple(values or [1] * axes)


def sliding(x: np.ndarray, attributes: dict) -> dict:
    """The options that convolution and pooling share."""
    axes = x.ndim - 2
    if attributes["auto_pad"] == "NOTSET":
        pads = attributes["pads"] or [0] * 2 * axes
        padding = ((0, 0),) * (2 - axes) + tuple(zip(pads[:axes], pads[axes:]))
    else:
        padding = attributes["auto_pad"].lower()
    return {
        "layout": "NCHW",
        "stride": pair(attributes["strides"], axes),
        "dilation": pair(attributes["dilations"], axes),
        "padding": padding,
    }


def pooling(x: np.ndarray, attributes: dict) -> dict:
    return sliding(x, attributes) | {
        "kernel_size": pair(attributes["kernel_shape"], x.ndim - 2),
        "ceil_mode": bool(attributes["ceil_mode"]),
    }


# The evaluator knows these classes by ONNX's names of the operators. It calls _run with the inputs and with every
# attribute that the standard has, None for one that is left out and has no default.


class Conv(OpRun):
    def _run(self, x, w, b=None, **attributes):
        assert attributes["kernel_shape"] is None or tuple(attributes["kernel_shape"]) == w.shape[2:]
        bias = None if b is None else as_image(b)
        z = convstep.conv2d(as_image(x), as_image(w), bias, groups=attributes["group"], **sliding(x, attributes))
        return (as_given(z, x),)


class MaxPool(OpRun):
    def _run(self, x, **attributes):
        if len(self.output) == 1:
            return (as_given(convstep.max_pool2d(as_image(x), **pooling(x, attributes)), x),)
        y, indices = convstep.max_pool2d(as_image(x), return_indices=True, **pooling(x, attributes))
        assert indices.dtype == np.int64
        N, C, H, W = as_image(x).shape
        row, column = np.divmod(indices, W)
        within = column * H + row if attributes["storage_order"] else row * W + column
        # ONNX counts through the whole batch; convstep, as PyTorch does, begins anew with every image and channel.
        whole = within + np.arange(N * C).reshape(N, C, 1, 1) * (H * W)
        return as_given(y, x), whole[:, :, 0] if x.ndim == 3 else whole


class AveragePool(OpRun):
    def _run(self, x, **attributes):
        counts = bool(attributes["count_include_pad"])
        return (as_given(convstep.avg_pool2d(as_image(x), count_include_pad=counts, **pooling(x, attributes)), x),)


class LpPool(OpRun):
    def _run(self, x, **attributes):
        return (as_given(convstep.lp_pool2d(as_image(x), p=attributes["p"], **pooling(x, attributes)), x),)


class GlobalMaxPool(OpRun):
    def _run(self, x):
        return (as_given(convstep.global_max_pool2d(as_image(x), layout="NCHW"), x),)


class GlobalAveragePool(OpRun):
    def _run(self, x):
        return (as_given(convstep.global_avg_pool2d(as_image(x), layout="NCHW"), x),)


OURS = [Conv, MaxPool, AveragePool, LpPool, GlobalMaxPool, GlobalAveragePool]
# No case of onnx 1.23.2 has GlobalLpPool. Should one come, it is listed, and fails for want of a class above.
OPERATORS = {operator.__name__ for operator in OURS} | {"GlobalLpPool"}


@dataclasses.dataclass(frozen=True)
class Case:
    kind: str
    name: str
    model: onnx.ModelProto
    source: onnx.backend.test.loader.TestCase

    @property
    def operators(self) -> collections.Counter[str]:
        return collections.Counter(node.op_type for node in self.model.graph.node if node.op_type in OPERATORS)

    @property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """What the model asks for: old models list their weights among the inputs."""
        weights = {tensor.name for tensor in self.model.graph.initializer}
        return [value for value in self.model.graph.input if value.name not in weights]

    @property
    def is_network(self) -> bool:
        """Whether it is one of the networks, which come with neither inputs nor weights of their own."""
        return self.kind == "real"

    def data_sets(self) -> Iterator[tuple[list[np.ndarray], list[np.ndarray]]]:
        """The pairs of inputs and outputs: in memory, or in files beside the model."""
        if self.source.data_sets is not None:
            for inputs, outputs in self.source.data_sets:
                yield list(inputs), list(outputs)
        else:
            for folder in sorted(pathlib.Path(self.source.model_dir).glob("test_data_set_*")):
                yield load_tensors(folder, "input_"), load_tensors(folder, "output_")


def load_tensors(folder: pathlib.Path, prefix: str) -> list[np.ndarray]:
    count = len(list(folder.glob(f"{prefix}*.pb")))
    return [onnx.numpy_helper.to_array(onnx.load_tensor(folder / f"{prefix}{i}.pb")) for i in range(count)]


def network_path(source: onnx.backend.test.loader.TestCase) -> pathlib.Path:
    """Where the package keeps a network: the url of such a case begins with the name of the package's folder."""
    return pathlib.Path(onnx.__file__).parent.parent / source.url


def load_model(source: onnx.backend.test.loader.TestCase) -> onnx.ModelProto:
    if source.model is not None:
        return source.model
    folder = source.model_dir
    return onnx.load(network_path(source) if folder is None else pathlib.Path(folder) / "model.onnx")


@functools.cache
def cases() -> list[Case]:
    found = []
    for kind in ("node", "simple", "pytorch-operator", "pytorch-converted", "real"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Cases of other operators overflow and divide by zero on purpose.
            sources = load_model_tests(kind=kind)
        loaded = [Case(kind, s.name.removeprefix("test_"), load_model(s), s) for s in sources]
        found += sorted((case for case in loaded if case.operators), key=lambda case: case.name)
    return found


def table() -> str:
    rows = ["| kind | case | operators | result |", "|---|---|---|---|"]
    for case in cases():
        operators = ", ".join(name if n == 1 else f"{n} {name}" for name, n in sorted(case.operators.items()))
        result = OUT_OF_SCOPE.get(case.name, "passes with random weights" if case.is_network else "passes")
        rows.append(f"| {case.kind} | {case.name} | {operators} | {result} |")
    return "\n".join(rows) + "\n"


def in_scope(*, networks: bool) -> list:
    return [pytest.param(case, id=f"{case.kind}-{case.name}") for case in cases()
            if case.is_network == networks and case.name not in OUT_OF_SCOPE]


def prepare(model: onnx.ModelProto, others: Sequence[type[OpRun]] = ()) -> ReferenceEvaluator:
    evaluator = ReferenceEvaluator(model, new_ops=[*OURS, *others])
    assert all(type(node) in OURS for node in evaluator.rt_nodes_ if node.op_type in OPERATORS)
    return evaluator


@pytest.mark.parametrize("case", in_scope(networks=False))
def test_case(case: Case) -> None:
    evaluator = prepare(case.model)
    data_sets = list(case.data_sets())
    assert data_sets
    for inputs, expected in data_sets:
        outputs = evaluator.run(None, {i.name: x for i, x in zip(case.inputs, inputs, strict=True)})
        assert len(outputs) == len(expected) > 0
        for output, answer in zip(outputs, expected, strict=True):
            assert (output.shape, output.dtype) == (answer.shape, answer.dtype)
            exact = np.issubdtype(answer.dtype, np.integer)
            rtol, atol = (0, 0) if exact else (case.source.rtol, case.source.atol)
            np.testing.assert_allclose(output, answer, rtol=rtol, atol=atol)


class ConstantOfShape(OpRun):
    """Makes the weights of the networks. The networks ask for 0.02 everywhere, and get He's random weights instead."""

    def _run(self, shape, **attributes):
        if len(shape) == 1:
            return (np.full(shape, attributes["value"], np.float32),)
        generator = np.random.default_rng(zlib.crc32(self.output[0].encode()))
        return (generator.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32),)


@pytest.mark.parametrize("case", in_scope(networks=True))
def test_network(case: Case) -> None:
    """What comes before the last Softmax is what the evaluator computes with its own convolution and pooling."""
    if not FULL and case.name not in QUICK_NETWORKS:
        pytest.skip("CONVSTEP_CASES=full runs this network")
    path = network_path(case.source)
    (stored,) = load_tensors(path.parent, f"{path.stem}_output_")
    assert np.ptp(stored) < 1e-6 * stored.max(), "The stored output of equal weights would be worth a comparison."

    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    last = model.graph.node[-1]
    if last.op_type == "Softmax":
        model.graph.output[0].name = last.input[0]
    feeds = {value.name: Runner.generate_dummy_data(value, random=True) for value in case.inputs}
    (output,) = prepare(model, [ConstantOfShape]).run(None, feeds)
    (answer,) = ReferenceEvaluator(model, new_ops=[ConstantOfShape]).run(None, feeds)
    assert (output.shape, output.dtype) == (answer.shape, answer.dtype)
    assert np.ptp(answer) > 0.1 * np.abs(answer).max()
    np.testing.assert_allclose(output, answer, rtol=0, atol=NETWORK_TOLERANCE * np.abs(answer).max())


@pytest.mark.parametrize("kind", FEWEST_CASES)
def test_all_cases_are_found(kind: str) -> None:
    assert sum(case.kind == kind for case in cases()) >= FEWEST_CASES[kind]


def test_out_of_scope_are_just_the_cases_of_three_axes() -> None:
    ranks = {case.name: {len(i.type.tensor_type.shape.dim) for i in case.model.graph.input} for case in cases()}
    assert set(OUT_OF_SCOPE) == {name for name in ranks if 5 in ranks[name]}


def test_document_has_the_table() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    if INSTALLED not in document:
        pytest.skip(f"docs/onnx.md is about another version than {INSTALLED}")
    assert table() in document


if __name__ == "__main__":
    print(table(), end="")
