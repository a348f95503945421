"""A page that shows a layer step by step, in a browser or in Jupyter."""

from __future__ import annotations

import base64
import html
import importlib.resources
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from convstep._compiled import with_hints
from convstep._convert import convert
from convstep._notebook import conv_forward, pool_forward
from convstep._types import Array, Int

# What the page can show, as cli/explain_page.h has it: it keeps all arrays, and computes them while they are changed.
MOST_ELEMENTS = 1 << 20
MOST_PRODUCTS = 1 << 26
MOST_STEPS = 16

SEED = 1  # of the notebook's cells
FRAME_HEIGHT = 900  # pixels, in Jupyter


class Page:
    """A page of HTML that needs nothing else: `html` is its text, `save` writes it, and Jupyter shows it."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file.

        Parameters
        ----------
        path : str or path
            Any browser opens it; it is usual to end it in .html.
        """
        pathlib.Path(path).write_text(self.html, encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        """Return what Jupyter shows: the page in a frame of its own."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="A layer, step by step" '
            f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<convstep.Page of {len(self.html)} characters; save(path) writes it>"


@with_hints("explain")
def explain(
    A_prev: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    hparameters: Mapping[str, Int] | None = None,
    *,
    mode: Literal["max", "average"] | None = None,
    grad: ArrayLike | None = None,
) -> Page:
    """Make a page that shows a layer step by step, forward and backward, and computes while it is changed.

    With `W` it shows `conv_forward`, without, and with "f" among the hyperparameters, `pool_forward`; without any array the
    notebook's own. On the page the window is played, stepped and clicked, stride, pad, window, mode and weights are changed,
    and each sum is written out. Its numbers are the library's, to the last bit.

    Parameters
    ----------
    A_prev : array_like, shape (m, n_H_prev, n_W_prev, n_C_prev), optional
        The images, of up to 1,048,576 elements; dtypes are those of `conv_forward`.
    W : array_like, shape (f, f, n_C_prev, n_C), optional
        The filters, f up to 16.
    b : array_like, shape (1, 1, 1, n_C), optional
        Their biases; zeros where there are none.
    hparameters : dict, optional
        Of a convolution "stride" and "pad", {"stride": 1, "pad": 0} where it is left out; of a pooling "stride" and "f". All
        up to 16.
    mode : {"max", "average"}, optional
        Of a pooling; "max" where it is left out.
    grad : array_like, the shape of the output, optional
        The gradient of the output that the way back begins with; the output itself, as in the notebook, where it is left out.

    Returns
    -------
    Page
        It is shown by Jupyter; its method `save` writes it to a file, and `html` is its text.

    Raises
    ------
    ValueError
        What `conv_forward` and `pool_forward` raise it for, a layer that is too large, a `grad` of another shape than the
        output.
    TypeError
        What they raise it for, and arguments of a convolution together with those of a pooling.

    Examples
    --------
    >>> import numpy as np
    >>> page = explain(np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 8)), hparameters={"stride": 2, "pad": 1})
    >>> page.html.startswith("<!doctype html>")
    True
    >>> pooling = explain(np.ones((1, 4, 4, 3)), hparameters={"stride": 2, "f": 2}, mode="average")
    """
    pools = mode is not None or (W is None and hparameters is not None and "f" in hparameters)
    if pools and (W is not None or b is not None):
        raise TypeError("explain() got a mode, which a pooling has, and W or b, which a convolution has")
    layer = _pool(A_prev, hparameters, mode or "max", grad) if pools else _conv(A_prev, W, b, hparameters, grad)
    template = (importlib.resources.files("convstep") / "_page.html").read_text(encoding="utf-8")
    return Page(template.replace("@layer@", json.dumps(layer, separators=(",", ":"))))


def _conv(
    A_prev: ArrayLike | None,
    W: ArrayLike | None,
    b: ArrayLike | None,
    hparameters: Mapping[str, Int] | None,
    grad: ArrayLike | None,
) -> dict[str, Any]:
    if A_prev is None and W is None and b is None:
        random = np.random.RandomState(SEED)
        A_prev, W, b = random.randn(10, 5, 7, 4), random.randn(3, 3, 4, 8), random.randn(1, 1, 1, 8)
        hparameters = {"stride": 2, "pad": 1} if hparameters is None else hparameters
    if A_prev is None or W is None:
        raise TypeError("explain() needs A_prev and W, or hparameters with \"f\" for a pooling, or no array at all")
    input, weights = convert(A_prev, "A_prev"), convert(W, "W")
    bias = np.zeros((1, 1, 1, weights.shape[-1]), weights.dtype) if b is None else convert(b, "b")
    used = {"stride": 1, "pad": 0} if hparameters is None else hparameters
    _check_elements("A_prev", input)
    _check_elements("W", weights)
    Z, _ = conv_forward(input, weights, bias, used)
    stride, pad = int(used["stride"]), int(used["pad"])
    _check_steps({"stride": (stride, 1), "pad": (pad, 0), "f": (max(weights.shape[:2]), 1)})
    _check_products(input, Z.size * weights[..., 0].size)
    dtype, given = _grad(grad, Z)
    return {
        "kind": "conv",
        "input": _array(input, dtype),
        "weights": _array(weights, dtype),
        "bias": _array(bias.reshape(-1), dtype),
        **given,
        "stride": stride,
        "pad": pad,
    }


def _pool(
    A_prev: ArrayLike | None,
    hparameters: Mapping[str, Int] | None,
    mode: Literal["max", "average"],
    grad: ArrayLike | None,
) -> dict[str, Any]:
    if A_prev is None:
        A_prev = np.random.RandomState(SEED).randn(2, 5, 5, 3)
        hparameters = {"stride": 1, "f": 3} if hparameters is None else hparameters
    if hparameters is None:
        raise TypeError('explain() needs hparameters, {"stride": ..., "f": ...}, for a pooling')
    input = convert(A_prev, "A_prev")
    _check_elements("A_prev", input)
    A, _ = pool_forward(input, hparameters, mode)
    stride, window = int(hparameters["stride"]), int(hparameters["f"])
    _check_steps({"stride": (stride, 1), "f": (window, 1)})
    _check_products(input, A.size * window * window)
    dtype, given = _grad(grad, A)
    return {"kind": "pool", "input": _array(input, dtype), **given, "stride": stride, "window": window, "mode": mode}


def _grad(grad: ArrayLike | None, output: Array) -> tuple[np.dtype[Any], dict[str, Any]]:
    """The dtype of the whole layer, and the member for the gradient of its output."""
    if grad is None:
        return output.dtype, {}
    array = convert(grad, "grad")
    if array.shape != output.shape:
        raise ValueError(f"grad: got shape {array.shape}, expected {output.shape}, that of the output")
    dtype = np.result_type(array, output)
    return dtype, {"grad": _array(array, dtype)}


def _array(array: Array, dtype: np.dtype[Any]) -> dict[str, Any]:
    """An array as it travels: base64 of little-endian numbers, which loses no bit."""
    numbers = np.ascontiguousarray(array, dtype.newbyteorder("<"))
    text = base64.b64encode(numbers.tobytes()).decode("ascii")
    return {"shape": list(array.shape), "dtype": dtype.name, "data": text}


def _check_elements(argument: str, array: Array) -> None:
    if not 0 < array.size <= MOST_ELEMENTS:
        raise ValueError(
            f"{argument}: got shape {array.shape}, expected 1 to {MOST_ELEMENTS} elements (a part of it will do for a page)"
        )


def _check_steps(given: dict[str, tuple[int, int]]) -> None:
    for name, (value, least) in given.items():
        if not least <= value <= MOST_STEPS:
            raise ValueError(f"{name}: got {value}, expected {least} to {MOST_STEPS} for a page")


def _check_products(input: Array, products: int) -> None:
    if products > MOST_PRODUCTS:
        raise ValueError(
            f"A_prev: got shape {input.shape}, expected a layer of up to {MOST_PRODUCTS} products "
            f"(this one takes {products}; a part of it will do for a page)"
        )
