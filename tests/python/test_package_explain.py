"""convstep.explain: pages, as Python makes them. (That they are those of the command: tests/cli/test_cli_explain.py.)"""

import html
import json
import pathlib
import re

import numpy as np
import pytest

import convstep

RANDOM = np.random.RandomState(1)
A_PREV, W, B = RANDOM.randn(2, 6, 5, 3), RANDOM.randn(3, 3, 3, 4), RANDOM.randn(1, 1, 1, 4)


def layer_of(page: convstep.Page) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="layer">(.*?)</script>', page.html)[1])


def test_a_page_is_saved_and_shown(tmp_path: pathlib.Path):
    page = convstep.explain(A_PREV, W, B, {"stride": 1, "pad": 1})
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == page.html.encode()
    frame = page._repr_html_()
    source = re.fullmatch(r'<iframe srcdoc="([^"]*)" title="[^"]*" style="[^"]*"></iframe>', frame)[1]
    assert html.unescape(source) == page.html
    assert repr(page) == f"<convstep.Page of {len(page.html)} characters; save(path) writes it>"


def test_what_is_left_out():
    layer = layer_of(convstep.explain(A_PREV, W))
    assert [layer["stride"], layer["pad"], layer["bias"]["shape"]] == [1, 0, [4]]
    assert layer_of(convstep.explain(A_PREV, hparameters={"stride": 1, "f": 2}))["mode"] == "max"
    assert layer_of(convstep.explain(mode="max"))["input"]["shape"] == [2, 5, 5, 3]
    assert layer_of(convstep.explain(hparameters={"stride": 1, "pad": 0}))["stride"] == 1


def test_dtypes_are_those_of_conv_forward():
    def dtypes(A_prev: np.ndarray, weights: np.ndarray) -> set[str]:
        layer = layer_of(convstep.explain(A_prev, weights))
        return {layer[name]["dtype"] for name in ("input", "weights", "bias")}

    assert dtypes(A_PREV.astype(np.float32), W.astype(np.float32)) == {"float32"}
    assert dtypes(A_PREV.astype(np.float16), W.astype(np.float16)) == {"float32"}
    assert dtypes(A_PREV.astype(np.float32), W) == {"float64"}
    grad = np.ones((2, 4, 3, 4))
    layer = layer_of(convstep.explain(A_PREV.astype(np.float32), W.astype(np.float32), grad=grad))
    assert {layer[name]["dtype"] for name in ("input", "weights", "bias", "grad")} == {"float64"}
    assert dtypes(np.ones((1, 4, 4, 3), int), W) == {"float64"}


@pytest.mark.parametrize("call, error, message", [
    (lambda: convstep.explain(A_PREV, W, mode="max"), TypeError, "got a mode, which a pooling has, and W or b"),
    (lambda: convstep.explain(A_PREV), TypeError, "needs A_prev and W"),
    (lambda: convstep.explain(A_PREV, mode="max"), TypeError, "needs hparameters"),
    (lambda: convstep.explain(A_PREV, W, B, {"stride": 0, "pad": 0}), ValueError, "stride"),
    (lambda: convstep.explain(A_PREV, W[:, :, :2], B), ValueError, "W"),
    (lambda: convstep.explain(A_PREV, W, B, {"stride": 17, "pad": 0}), ValueError, "stride: got 17, expected 1 to 16 for a page"),
    (lambda: convstep.explain(A_PREV, hparameters={"stride": 1, "f": 9}), ValueError, "f"),
    (lambda: convstep.explain(A_PREV, hparameters={"stride": 1, "f": 2}, mode="mean"), ValueError, "mode"),
    (lambda: convstep.explain(np.zeros((1, 1025, 1024, 1)), np.ones((1, 1, 1, 1))), ValueError, "1 to 1048576 elements"),
    (lambda: convstep.explain(np.zeros((0, 4, 4, 3)), W), ValueError, "1 to 1048576 elements"),
    (lambda: convstep.explain(np.zeros((1, 300, 300, 8)), np.ones((11, 11, 8, 8))), ValueError, "up to 67108864 products"),
    (lambda: convstep.explain(A_PREV, W, grad=np.ones((2, 4, 3, 3))), ValueError, "grad: got shape (2, 4, 3, 3), expected (2, 4, 3, 4)"),
    (lambda: convstep.explain(A_PREV, W, bias=B), TypeError, "has no argument 'bias'"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
