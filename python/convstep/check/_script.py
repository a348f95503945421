"""A Python file with the notebook's functions."""

from __future__ import annotations

import ast
import os
import signal
import sys
import types

from convstep.check import _child
from convstep.check._survive import Failure, Survivor

_SECONDS = 60  # for what the file does by itself


def names_of(path: str) -> tuple[dict[str, object], list[Failure]]:
    """Runs the file, past what fails in it. Its names, and what failed.

    Raises SyntaxError, OSError, and TimeoutError where it does not come to an end.
    """
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    survivor = Survivor()
    code = compile(survivor.visit(tree), os.path.abspath(path), "exec")
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__dict__.update(survivor.names(), __file__=os.path.abspath(path))
    sys.modules[module.__name__] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    os.environ["MPLBACKEND"] = "Agg"  # no windows that wait to be closed
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_SECONDS)
    try:
        with _child.counted_prints():
            exec(code, module.__dict__)
    finally:
        signal.alarm(0)
    if any(failure.error.startswith("TimeoutError") for failure in survivor.failures):
        raise TimeoutError(f"what {path} does by itself takes more than {_SECONDS} seconds")
    return vars(module), survivor.failures


def _too_long(*_: object) -> None:
    raise TimeoutError
