"""What a function returned: is it what the notebook asks for, apart from its numbers?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convstep.check._functions import Checked

Problem = dict[str, str]  # kind, message, evidence, hint, solution


def _problem(kind: str, message: str, evidence: str, hint: str, solution: str) -> Problem:
    return {"kind": kind, "message": message, "evidence": evidence, "hint": hint, "solution": solution}


def shown(value: Any) -> str:
    """A value in some words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)[:60]
    return f"a {type(value).__name__}"


def _whole(function: Checked) -> str:
    """What a call should return."""
    names = [*function.outputs, *(["cache"] if function.has_cache else [])]
    return ", ".join(names)


# Numbers of an array, beside 100 times too few or too many, from which on its numbers are not looked at.
_LARGE = 100_000


def read(function: Checked, returned: Any, shapes: list[tuple[int, ...]]) -> tuple[list[np.ndarray[Any, Any]], Any, Problem | None]:
    """The arrays of a result in float64, its cache, and what keeps it from being judged.

    `shapes` are those of the right outputs: an array of quite another size is not copied.
    """
    whole = _whole(function)
    reveal = f"return {whole}"
    if returned is None:
        return [], None, _problem(
            "result", "The function returns nothing.", "the result is None",
            "Which line hands the result back? Is it still inside the function, and is it reached?", reveal)
    wanted = len(function.outputs) + function.has_cache
    parts: list[Any] = [returned]
    if wanted > 1:
        if not isinstance(returned, (tuple, list)) or len(returned) != wanted:
            return [], None, _problem(
                "result", f"The function should return {wanted} things: {whole}.", f"it returns {shown(returned)}",
                "What does the docstring say under Returns?", reveal)
        parts = list(returned)
        if function.has_cache and isinstance(parts[0], (tuple, list)) and isinstance(parts[1], np.ndarray):
            return [], None, _problem(
                "result", f"The cache and {function.outputs[0]} are returned in the wrong order.",
                f"it returns {shown(parts[0])}, then {shown(parts[1])}", "What does the docstring say under Returns?", reveal)
    elif isinstance(returned, tuple):
        return [], None, _problem(
            "result", f"The function returns a tuple, where {whole} alone is asked for.", f"it returns {shown(returned)}",
            "Is there a comma, or a second name, after return?", reveal)
    cache = parts.pop() if function.has_cache else None
    arrays = []
    for name, part, shape in zip(function.outputs, parts, shapes):
        problem = _far_too_large(name, part, shape)
        if problem:
            return [], cache, problem
        array, problem = _numbers(name, part, function)
        if problem:
            return [], cache, problem
        arrays.append(array)
    return arrays, cache, None


def _far_too_large(name: str, part: Any, right: tuple[int, ...]) -> Problem | None:
    """Has it, or should it have, a size that would only cost time and memory?"""
    if not isinstance(part, np.ndarray):
        return None
    fewer, more = sorted((part.size, math.prod(right)))
    if more < _LARGE or more < 100 * fewer:
        return None
    return _problem(
        "shape", f"{name} has {part.size} numbers, where {math.prod(right)} are expected.",
        f"{name} has the shape {part.shape}, expected {right}",
        "Print the shape of each array on the way, and compare it with what the docstring says.",
        f"{name} has the shape {right} for this input")


def _numbers(name: str, part: Any, function: Checked) -> tuple[np.ndarray[Any, Any], Problem | None]:
    nothing = np.empty(0)
    if part is None or isinstance(part, (str, dict, set)) or callable(part):
        return nothing, _problem("result", f"{name} is no array.", f"{name} is {shown(part)}",
                                 f"What was {name} made by?", f"{name} is an array of NumPy's")
    try:
        array = np.asarray(part)
    except ValueError:
        return nothing, _problem("result", f"{name} is no array: its rows have different lengths.", f"{name} is {shown(part)}",
                                 f"Which shape should {name} have?", f"Begin with {name} = np.zeros(...) of its shape")
    if array.dtype == object:
        return nothing, _problem(
            "result", f"{name} holds objects, not numbers.", f"{name} is {shown(array)}",
            "Is an array, or None, put into a single element?", f"Make {name} by np.zeros, and put one number into each element")
    if array.dtype.kind == "c":
        return nothing, _problem("result", f"{name} holds complex numbers.", f"{name} is {shown(array)}",
                                 "Where does a complex number come in (an FFT)?", f"{name} = np.real({name})")
    if array.dtype.kind not in "fiub":
        return nothing, _problem("result", f"{name} holds no numbers.", f"{name} is {shown(array)}",
                                 f"What was {name} made by?", f"{name} is an array of float64")
    if array.dtype.itemsize < 4 and array.dtype.kind == "f":
        return nothing, _problem(
            "result", f"{name} is {array.dtype}, which has three digits.", f"{name} is {shown(array)}",
            "Where does this dtype come in?", "np.zeros((...)) is float64: leave the dtype out")
    if not isinstance(part, (np.ndarray, np.generic)) and function.name not in ("conv_single_step",):
        return nothing, _problem("result", f"{name} is {_article(part)}, where an array is asked for.", f"{name} is {shown(part)}",
                                 f"What was {name} made by?", f"{name} = np.array({name})")
    return array.astype(np.float64, order="C"), None


def _article(part: Any) -> str:
    kind = type(part).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def read_cache(function: Checked, cache: Any, given: list[Any]) -> Problem | None:
    """Is the cache what the backward pass needs: the arguments, in their order?"""
    names = [*function.inputs, "hparameters"]
    whole = f"({', '.join(names)})"
    solution = f"cache = {whole}"
    hint = "What does the backward pass need of the forward pass, and in which order does the docstring name it?"
    if not isinstance(cache, (tuple, list)) or len(cache) != len(names):
        return _problem("cache", f"The cache should be {whole}.", f"it is {shown(cache)}", hint, solution)
    for place, (name, part, right) in enumerate(zip(names, cache, given)):
        if _same(part, right):
            continue
        others = [other for other, value in zip(names, given) if _same(part, value)]
        is_what = f"{others[0]}" if others else shown(part)
        message = f"The cache should be {whole}: its element {place} is {is_what}, not {name}."
        if not others and isinstance(part, np.ndarray) and isinstance(right, np.ndarray) and part.shape != right.shape:
            message = f"The cache holds {name} with another shape than it was given with."
            is_what = f"its element {place} is {part.shape}, and {name} is {right.shape}"
            return _problem("cache", message, is_what, hint, solution)
        return _problem("cache", message, f"element {place} is {shown(part)}", hint, solution)
    return None


def _same(part: Any, right: Any) -> bool:
    if isinstance(right, dict):
        return isinstance(part, dict) and all(key in part and part[key] == value for key, value in right.items())
    if isinstance(part, dict) or part is None or isinstance(part, (str, tuple)):
        return False
    try:
        return np.shape(part) == right.shape and bool(np.allclose(part, right, rtol=1e-6, atol=0))
    except (TypeError, ValueError):
        return False


def read_inputs(before: list[Any], after: list[Any], names: list[str]) -> Problem | None:
    """Are the arguments as they were?"""
    for name, old, new in zip(names, before, after):
        if isinstance(old, np.ndarray) and not (old.shape == new.shape and np.array_equal(old, new)):
            return _problem(
                "inputs", f"The function changes {name}, which belongs to its caller.", f"{name} is another one after the call",
                f"Which line writes into {name}? A slice of an array is no copy.",
                f"Write into an array of your own: {name}.copy()")
        if isinstance(old, dict) and old != new:
            return _problem("inputs", f"The function changes {name}, which belongs to its caller.", f"{old} has become {new}",
                            f"Which line writes into {name}?", f"Leave {name} as it is")
    return None
