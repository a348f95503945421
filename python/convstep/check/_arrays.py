"""Outputs and inputs of the learner's own, as a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convstep.check import _judge
from convstep.check._finding import Finding
from convstep.check._functions import Checked, describe, output_shapes
from convstep.check._result import read


def judge(function: Checked, yours: Any, given: dict[str, Any]) -> Finding:
    """The finding for `yours`. Raises TypeError or ValueError where inputs are missing or do not fit each other."""
    if yours is None:
        raise TypeError(f"check.{function.name}() takes your function, or what came out of it as yours=... and its inputs")
    case = _case(function, given)
    result = (yours, None) if function.has_cache else tuple(yours) if len(function.outputs) > 1 else yours
    if function.has_cache and isinstance(yours, tuple):
        result = (yours[0], None)  # with its cache
    try:
        shapes = output_shapes(function, case)
    except (ValueError, IndexError, ZeroDivisionError):  # inputs that do not fit, of which the judge complains
        shapes = [np.shape(part) for part in (result if isinstance(result, tuple) else [result])]
    arrays, _, problem = read(function, np.asarray(result) if isinstance(result, list) else result, shapes)
    if problem:
        evidence = f"{problem['evidence']} ({describe(function, case)})"
        return Finding(function.name, problem["kind"], problem["message"], evidence, problem["hint"], solution=problem["solution"])
    return _judge.judge_arrays(function, case, arrays)


def _case(function: Checked, given: dict[str, Any]) -> dict[str, Any]:
    values = dict(given)
    if "cache" in values:
        cache = values.pop("cache")
        names = ["A_prev", "W", "b", "hparameters"] if function.name == "conv_backward" else ["A_prev", "hparameters"]
        if not isinstance(cache, (tuple, list)) or len(cache) != len(names):
            raise TypeError(f"cache: got {type(cache).__name__}, expected ({', '.join(names)})")
        values |= dict(zip(names, cache))
    hparameters = values.pop("hparameters", None)
    missing = [name for name in function.inputs if name not in values]
    if function.name == "zero_pad" and "pad" not in values:
        missing.append("pad")
    if hparameters is None and function.name.startswith(("conv_f", "conv_b", "pool")):
        missing.append("cache" if function.name.endswith("backward") else "hparameters")
    if missing:
        raise TypeError(f"check.{function.name}() needs {', '.join(missing)}, too")
    numbers: Mapping[str, Any] = hparameters or {}
    needed = ("f", "stride") if function.name.startswith("pool") else ("stride", "pad") if hparameters is not None else ()
    for key in needed:
        if key not in numbers:
            raise ValueError(f"hparameters: got {dict(numbers)}, expected {' and '.join(map(repr, needed))}")
    mode = values.get("mode", "max")
    if mode not in ("max", "average"):
        raise ValueError(f"mode: got {mode!r}, expected 'max' or 'average'")
    return {
        "inputs": {name: np.array(values[name], dtype=np.float64, order="C") for name in function.inputs},
        "stride": int(numbers.get("stride", 1)),
        "pad": int(numbers.get("pad", values.get("pad", 0))),
        "f": int(numbers.get("f", 1)),
        "average": mode == "average",
    }
