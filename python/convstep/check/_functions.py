"""The notebook's functions: how each is called, what it returns, what its names stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Case = Mapping[str, Any]  # of convstep._core.check_cases


@dataclass(frozen=True)
class Checked:
    """One of them. `inputs` and `outputs` are in the order of its arguments and results."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    signature: str
    helpers: tuple[str, ...] = ()  # functions of the notebook that it may call
    has_cache: bool = False


ALL = {
    it.name: it
    for it in (
        Checked("zero_pad", ("X",), ("X_pad",), "zero_pad(X, pad)"),
        Checked("conv_single_step", ("a_slice_prev", "W", "b"), ("Z",), "conv_single_step(a_slice_prev, W, b)"),
        Checked("conv_forward", ("A_prev", "W", "b"), ("Z",), "conv_forward(A_prev, W, b, hparameters)",
                ("zero_pad", "conv_single_step"), True),
        Checked("pool_forward", ("A_prev",), ("A",), 'pool_forward(A_prev, hparameters, mode="max")', (), True),
        Checked("create_mask_from_window", ("x",), ("mask",), "create_mask_from_window(x)"),
        Checked("distribute_value", ("dz", "shape"), ("a",), "distribute_value(dz, shape)"),
        Checked("conv_backward", ("dZ", "A_prev", "W", "b"), ("dA_prev", "dW", "db"), "conv_backward(dZ, cache)",
                ("zero_pad",)),
        Checked("pool_backward", ("dA", "A_prev"), ("dA_prev",), 'pool_backward(dA, cache, mode="max")',
                ("create_mask_from_window", "distribute_value")),
    )
}


def arguments(function: Checked, case: Case) -> tuple[list[Any], dict[str, Any]]:
    """What the function is called with: copies, so that a case stays as it is."""
    arrays = {name: array.copy() for name, array in case["inputs"].items()}
    conv = {"stride": case["stride"], "pad": case["pad"]}
    pool = {"f": case["f"], "stride": case["stride"]}
    # The default must be "max", so that is not said.
    mode = {"mode": "average"} if case["average"] else {}
    match function.name:
        case "zero_pad":
            return [arrays["X"], case["pad"]], {}
        case "conv_forward":
            return [arrays["A_prev"], arrays["W"], arrays["b"], conv], {}
        case "pool_forward":
            return [arrays["A_prev"], pool], mode
        case "conv_backward":
            return [arrays["dZ"], (arrays["A_prev"], arrays["W"], arrays["b"], conv)], {}
        case "pool_backward":
            return [arrays["dA"], (arrays["A_prev"], pool)], mode
        case "distribute_value":
            return [float(arrays["dz"]), tuple(int(length) for length in arrays["shape"])], {}
        case _:
            return list(arrays.values()), {}


def describe(function: Checked, case: Case) -> str:
    """The case in one line: "A_prev (2, 5, 4, 3), W (3, 3, 3, 4), stride 2, pad 1"."""
    if function.name == "distribute_value":
        dz, shape = case["inputs"]["dz"], case["inputs"]["shape"]
        return f"dz {float(dz):g}, shape {tuple(int(length) for length in shape)}"
    words = [f"{name} {array.shape}" for name, array in case["inputs"].items()]
    if function.name.startswith(("conv_f", "conv_b", "pool")):
        words.append(f"stride {case['stride']}")
    if function.name in ("conv_forward", "conv_backward", "zero_pad"):
        words.append(f"pad {case['pad']}")
    if function.name.startswith("pool"):
        words.append(f"f {case['f']}")
        words.append('mode "average"' if case["average"] else 'mode "max"')
    return ", ".join(words)


def output_shapes(function: Checked, case: Case) -> list[tuple[int, ...]]:
    """The shapes of the right outputs, for which nothing is computed."""
    shapes = {name: tuple(np.shape(array)) for name, array in case["inputs"].items()}
    match function.name:
        case "zero_pad":
            (m, height, width, channels), pad = shapes["X"], case["pad"]
            return [(m, height + 2 * pad, width + 2 * pad, channels)]
        case "conv_single_step":
            return [()]
        case "create_mask_from_window":
            return [shapes["x"]]
        case "distribute_value":
            return [tuple(int(length) for length in case["inputs"]["shape"])]
        case "conv_forward" | "pool_forward":
            names = expected_names(function, case)
            return [(names["m"], names["n_H"], names["n_W"], names["n_C"])]
        case _:
            return [shapes[name[1:]] for name in function.outputs]


def expected_names(function: Checked, case: Case) -> dict[str, Any]:
    """What the notebook's own names stand for, in the order in which they are computed: numbers, and shapes of arrays."""
    if function.name not in ("conv_forward", "conv_backward", "pool_forward", "pool_backward"):
        return {}
    stride, pad = case["stride"], case["pad"]
    m, height, width, channels = case["inputs"]["A_prev"].shape
    conv = function.name.startswith("conv")
    f = case["inputs"]["W"].shape[0] if conv else case["f"]
    filters = case["inputs"]["W"].shape[3] if conv else channels
    pad = pad if conv else 0
    rows, columns = (height - f + 2 * pad) // stride + 1, (width - f + 2 * pad) // stride + 1
    names: dict[str, Any] = {"m": m, "n_H_prev": height, "n_W_prev": width, "n_C_prev": channels, "f": f, "stride": stride}
    names |= {"n_H": rows, "n_W": columns, "n_C": filters}
    if conv:
        padded = (height + 2 * pad, width + 2 * pad, channels)
        names |= {"pad": pad, "A_prev_pad": (m, *padded), "a_prev_pad": padded}
    shape = (m, rows, columns, filters)
    names |= {"Z": shape} if function.name == "conv_forward" else {"A": shape} if function.name == "pool_forward" else {}
    return names


def rights() -> dict[str, Callable[..., Any]]:
    """Right versions, by name."""
    import convstep

    def conv_single_step(a_slice_prev: Any, W: Any, b: Any) -> Any:
        return np.sum(np.multiply(a_slice_prev, W)) + np.asarray(b, dtype=float).ravel()[0]

    others = ("zero_pad", "create_mask_from_window", "distribute_value")
    return {"conv_single_step": conv_single_step, **{name: getattr(convstep, name) for name in others}}
