"""The notebook's cells, run with the package: every number that the notebook prints must come out, digit for digit.

The figures of the document stand in notebook/document_printouts.cc; those of its other published versions stand here.
"""

import inspect
import pathlib
import re

import numpy as np
import pytest

from convstep import conv_forward, conv_single_step, pool_forward, zero_pad

PRINTOUTS = pathlib.Path(__file__).parent.parent.parent / "src" / "notebook" / "document_printouts.cc"


def printouts() -> list[tuple[str, str, str, str]]:
    """part, name, kind and text of every printout of the document."""
    source = PRINTOUTS.read_text()
    texts = dict(re.findall(r'constexpr const char\* (k\w+) = R"\((.*?)\)";', source, re.DOTALL))
    rows = re.findall(r'\{"(\w+)", "([^"]+)", PrintoutKind::k(\w+), (?:"([^"]*)"|(k\w+))\}', source)
    return [(part, name, kind, literal or texts[constant]) for part, name, kind, literal, constant in rows]


def figures(text: str) -> list[str]:
    return re.findall(r"[^\s\[\](),]+", text)


def zero_pad_cell() -> dict:
    np.random.seed(1)
    x = np.random.randn(4, 3, 3, 2)
    x_pad = zero_pad(x, 2)
    return {"x.shape": x.shape, "x_pad.shape": x_pad.shape, "x[1,1]": x[1, 1], "x_pad[1,1]": x_pad[1, 1]}


def conv_single_step_cell() -> dict:
    np.random.seed(1)
    a_slice_prev, W, b = (np.random.randn(*shape) for shape in ((4, 4, 3), (4, 4, 3), (1, 1, 1)))
    return {"Z": conv_single_step(a_slice_prev, W, b)}


def conv_forward_cell() -> dict:
    np.random.seed(1)
    A_prev, W, b = (np.random.randn(*shape) for shape in ((10, 5, 7, 4), (3, 3, 4, 8), (1, 1, 1, 8)))
    Z, cache_conv = conv_forward(A_prev, W, b, {"pad": 1, "stride": 2})
    return {"Z's mean": np.mean(Z), "Z[3,2,1]": Z[3, 2, 1], "cache_conv[0][1][2][3]": cache_conv[0][1][2][3]}


def pool_cell(stride: int) -> dict:
    np.random.seed(1)
    A_prev = np.random.randn(2, 5, 5, 3)
    results = {}
    for mode in ("max", "average"):
        A, _ = pool_forward(A_prev, {"stride": stride, "f": 3}, mode=mode)
        results |= {f"{mode} A.shape": A.shape, f"{mode} A": A}
    return results


CELLS = {"zero_pad": zero_pad_cell, "conv_single_step": conv_single_step_cell, "conv_forward": conv_forward_cell,
         "pool_stride_1": lambda: pool_cell(1), "pool_stride_2": lambda: pool_cell(2)}


@pytest.mark.parametrize("part, name, kind, text", printouts())
def test_the_document_prints_this(part: str, name: str, kind: str, text: str) -> None:
    result = CELLS[part]()[name]
    # The document's blocks of what to expect come from a NumPy that wrote single numbers with 12 digits.
    shown = f"{result:.12g}" if kind != "Cell" and isinstance(result, float) else str(result)
    expected, got = figures(text), figures(shown)
    assert expected
    assert (got[:len(expected)] if kind == "ExpectedCut" else got) == expected


def test_every_printout_of_the_document_is_looked_at() -> None:
    assert len(printouts()) == PRINTOUTS.read_text().count(", PrintoutKind::k") == 30
    assert sum(len(figures(text)) for *_, text in printouts()) > 300


def test_the_single_step_of_the_2021_version() -> None:
    np.random.seed(3)
    a, W, b = (np.random.randn(*shape) for shape in ((5, 5, 3), (5, 5, 3), (1, 1, 1)))
    assert str(conv_single_step(a, W, b)) == "-3.5443670581382474"


def test_the_layer_of_two_images() -> None:
    np.random.seed(1)
    A_prev, W, b = (np.random.randn(*shape) for shape in ((2, 5, 7, 4), (3, 3, 4, 8), (1, 1, 1, 8)))
    Z, _ = conv_forward(A_prev, W, b, {"pad": 1, "stride": 2})
    assert str(np.mean(Z)) == "0.5511276474566768"
    assert figures(str(Z[0, 2, 1])) == ["-2.17796037", "8.07171329", "-0.5772704", "3.36286738", "4.48113645",
                                        "-2.89198428", "10.99288867", "3.03171932"]


def test_the_wide_padding_of_the_2021_version() -> None:
    np.random.seed(3)
    A_prev = np.random.randn(2, 5, 7, 4)
    for f in (3, 5):  # the cell draws a layer of 3 x 3 filters first
        W, b = np.random.randn(f, f, 4, 8), np.random.randn(1, 1, 1, 8)
    Z, _ = conv_forward(A_prev, W, b, {"pad": 6, "stride": 1})
    assert Z.shape == (2, 13, 15, 8)
    assert str(np.mean(Z)) == "-0.5384027772160062"


def test_the_layer_of_the_second_version() -> None:
    np.random.seed(1)
    A_prev, W, b = (np.random.randn(*shape) for shape in ((10, 4, 4, 3), (2, 2, 3, 8), (1, 1, 1, 8)))
    Z, _ = conv_forward(A_prev, W, b, {"pad": 2, "stride": 2})
    assert f"{np.mean(Z):.12g}" == "0.0489952035289"
    assert figures(str(Z[3, 2, 1])) == ["-0.61490741", "-6.7439236", "-2.55153897", "1.75698377", "3.56208902",
                                        "0.53036437", "5.18531798", "8.75898442"]


def test_the_first_version_added_the_bias_to_every_product() -> None:
    np.random.seed(1)
    a, W, b = (np.random.randn(*shape) for shape in ((4, 4, 3), (4, 4, 3), (1, 1, 1)))
    assert f"{conv_single_step(a, W, b * W.size):.12g}" == "-23.1602122025"
    np.random.seed(1)
    A_prev, W, b = (np.random.randn(*shape) for shape in ((10, 4, 4, 3), (2, 2, 3, 8), (1, 1, 1, 8)))
    Z, _ = conv_forward(A_prev, W, b * W[..., 0].size, {"pad": 2, "stride": 1})
    assert f"{np.mean(Z):.12g}" == "0.155859324889"


def layer(dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return tuple(rng.integers(0, 2, shape).astype(dtype) for shape in ((2, 5, 5, 3), (3, 3, 3, 4), (1, 1, 1, 4)))


def test_the_caches_hold_the_very_objects() -> None:
    A_prev, W, b = layer(np.int32)  # which the layer converts for itself
    hparameters = {"pad": 1, "stride": 2}
    _, cache = conv_forward(A_prev, W, b, hparameters)
    assert type(cache) is tuple
    assert [id(kept) for kept in cache] == [id(A_prev), id(W), id(b), id(hparameters)]
    pooling = {"f": 2, "stride": 1}
    _, cache = pool_forward(A_prev, pooling)
    assert type(cache) is tuple
    assert [id(kept) for kept in cache] == [id(A_prev), id(pooling)]


def test_the_argument_names_are_the_notebooks() -> None:
    A_prev, W, b = layer()
    np.testing.assert_array_equal(zero_pad(pad=1, X=A_prev), zero_pad(A_prev, 1))
    assert conv_single_step(b=b[..., 0], W=W[..., 0], a_slice_prev=A_prev[0, :3, :3]) == conv_single_step(
        A_prev[0, :3, :3], W[..., 0], b[..., 0])
    step = {"stride": 1, "pad": 0}
    np.testing.assert_array_equal(conv_forward(hparameters=step, b=b, W=W, A_prev=A_prev)[0],
                                  conv_forward(A_prev, W, b, step)[0])
    step = {"stride": 1, "f": 2}
    np.testing.assert_array_equal(pool_forward(mode="max", hparameters=step, A_prev=A_prev)[0],
                                  pool_forward(A_prev, step)[0])


@pytest.mark.parametrize("dtype, expected", [
    (np.float32, np.float32), (np.float64, np.float64), (np.int8, np.float64), (np.uint16, np.float64),
    (np.int64, np.float64), (np.uint64, np.float64), (np.bool_, np.float64)])
def test_the_types_of_the_results(dtype: type, expected: type) -> None:
    A_prev, W, b = layer(dtype)
    assert zero_pad(A_prev, 1).dtype == expected
    assert conv_forward(A_prev, W, b, {"stride": 1, "pad": 1})[0].dtype == expected
    assert pool_forward(A_prev, {"stride": 1, "f": 2})[0].dtype == expected
    assert pool_forward(A_prev, {"stride": 1, "f": 2}, "average")[0].dtype == expected
    Z = conv_single_step(A_prev[0, :3, :3], W[..., 0], b[..., 0])
    assert type(Z) is expected
    assert float(Z) == np.sum(A_prev[0, :3, :3].astype(float) * W[..., 0]) + float(b[0, 0, 0, 0])


def test_one_float64_makes_the_result_float64() -> None:
    for position in range(3):
        arrays = [array.astype(np.float64 if i == position else np.float32) for i, array in enumerate(layer())]
        assert conv_forward(*arrays, {"stride": 1, "pad": 1})[0].dtype == np.float64


def test_help_is_there() -> None:
    for function in (zero_pad, conv_single_step, conv_forward, pool_forward):
        assert "Parameters" in inspect.getdoc(function) and "Raises" in inspect.getdoc(function)
