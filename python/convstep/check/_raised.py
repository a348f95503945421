"""An exception of the learner's code: on which line, with which names, as plain data that a pipe carries."""

from __future__ import annotations

import ast
import linecache
import os
import sysconfig
import traceback
from types import FrameType, TracebackType
from typing import Any

import numpy as np

_LIBRARIES = tuple(
    os.path.realpath(path) + os.sep
    for path in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
) + (os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep,)


def is_own(frame: FrameType) -> bool:
    """Is this the learner's code, and no library's?"""
    name = frame.f_code.co_filename
    if name.startswith("<") and name != "<frozen importlib._bootstrap>":
        return not name.startswith(("<frozen", "<__array_function__"))
    return not os.path.realpath(name).startswith(_LIBRARIES)


def own_frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The frames of the learner's code with their lines, the innermost last."""
    return [(frame, line) for frame, line in traceback.walk_tb(trace) if is_own(frame)]


def describe(error: BaseException) -> dict[str, Any]:
    """The exception, its line, and what the names on that line stand for."""
    frames = own_frames(error.__traceback__)
    text = str(error)
    cause = error.__cause__ or error.__context__
    report: dict[str, Any] = {
        "type": next((base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins"), type(error).__name__),
        "text": text, "cause": str(cause) if cause else "", "where": None, "facts": [], "names": {}, "key": None,
        "missing": getattr(error, "name", None) if isinstance(error, NameError) else None,
    }
    if isinstance(error, KeyError) and error.args:
        report["key"] = error.args[0] if isinstance(error.args[0], (str, int)) else None
    if frames:
        frame, line = frames[-1]
        source = source_line(frame, line)
        report["where"] = (frame.f_code.co_filename, line, source, frame.f_code.co_name)
        report["facts"] = facts(frame, source)
    for outer, _ in reversed(frames):  # those of the function itself are told last, and stay
        report["names"] |= names_of(outer)
    return report


def source_line(frame: FrameType, line: int) -> str:
    """The text of a line; "" where nobody kept it."""
    return linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()


def names_of(frame: FrameType) -> dict[str, Any]:
    """The numbers among the local names, and the shapes of arrays."""
    found: dict[str, Any] = {}
    for name, value in frame.f_locals.items():
        if isinstance(value, np.ndarray):
            found[name] = value.shape
        elif isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
            found[name] = value.item() if isinstance(value, np.generic) else value
    return found


def facts(frame: FrameType, source: str) -> list[str]:
    """"a_slice_prev is (3, 9, 4)" for the arrays and slices of arrays on a line, "n_H is 2.5" for its numbers."""
    try:
        tree = ast.parse(f"{source} pass" if source.endswith(":") else source)
    except SyntaxError:
        return []
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_plain(node):
            _add(found, node, frame)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            _add(found, node, frame)
    return list(found.values())[:6]


def _is_plain(node: ast.Subscript) -> bool:
    """Only names, numbers and slices: to look at it changes nothing."""
    allowed = (ast.Name, ast.Constant, ast.Slice, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context,
               ast.Subscript, ast.Attribute)
    return all(isinstance(part, allowed) for part in ast.walk(node))


def _add(found: dict[str, str], node: ast.expr, frame: FrameType) -> None:
    text = ast.unparse(node)
    root: ast.expr = node
    while isinstance(root, (ast.Subscript, ast.Attribute)):
        root = root.value
    name = root.id if isinstance(root, ast.Name) else ""
    names = {**frame.f_globals, **frame.f_locals}
    if isinstance(node, ast.Subscript) and not isinstance(names.get(name), np.ndarray):
        return
    try:
        # Names and slices of NumPy's arrays alone.
        value = names[name] if isinstance(node, ast.Name) else eval(compile(ast.Expression(node), "<fact>", "eval"), names)
    except Exception:
        return
    if isinstance(value, np.ndarray):
        found[text] = f"{text} is {value.shape}"
    elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and isinstance(node, ast.Name):
        found[text] = f"{text} is {value:g}"
    elif value is None or isinstance(value, (tuple, str)):
        found[text] = f"{text} is {value!r}"[:80]
