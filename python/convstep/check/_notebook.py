"""A Jupyter notebook: its code cells are run in a fresh kernel, by nbclient, and its functions are checked there."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from convstep.check import all as check_all
from convstep.check._functions import ALL
from convstep.check._survive import words_on_failures

NOTHING = 2  # the exit status where nothing was checked
_SECONDS = 60  # for each cell
_TOO_LONG = "TimeoutError"
_NEEDED = ("nbclient", "nbformat", "ipykernel", "jupyter_client")

_BEFORE = """
import os as __convstep_os__
__convstep_os__.environ["MPLBACKEND"] = "Agg"
from convstep.check._survive import Survivor as __convstep_survivor__
__convstep_survivor__ = __convstep_survivor__()
globals().update(__convstep_survivor__.names())
get_ipython().ast_transformers.append(__convstep_survivor__)
"""
_AFTER = """
from convstep.check import _notebook as __convstep_notebook__
__convstep_notebook__.report(globals(), __convstep_survivor__, {arguments})
"""


class CannotRun(Exception):
    """The notebook could not be run; the text says why."""


def check(path: str, reveal: bool) -> tuple[str, int]:
    """What there is to print, and the exit status. Raises CannotRun."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CannotRun(f"notebooks need {', '.join(missing)}: pip install 'convstep[notebook]'")
    notebook = _read(path)
    with tempfile.TemporaryDirectory() as folder:
        result = os.path.join(folder, "result.json")
        cells, errors = _run(notebook, path, reveal, result)
        if not os.path.exists(result):
            raise CannotRun(f"{path}: the kernel ended{_last_cell(cells)}, so that no function could be checked")
        with open(result, encoding="utf-8") as file:
            report = json.load(file)
    broken = any(error.is_syntax for error in errors)  # what is checked may be older than what is written there
    return "".join(f"Note: {error}\n" for error in errors) + report["text"], max(report["status"], int(broken))


@dataclass(frozen=True)
class _CellError:
    """What a cell ended with, where the statements in it could not be passed over one by one."""

    number: int  # among the code cells, from 1
    kind: str
    text: str

    @property
    def is_syntax(self) -> bool:
        return self.kind in ("SyntaxError", "IndentationError", "TabError")

    def __str__(self) -> str:
        if self.kind == _TOO_LONG:
            return f"code cell {self.number} was stopped after {_SECONDS} seconds, and the rest of it was left out"
        line = re.search(r" \([^()]*, line (\d+)\)$", self.text)
        place = f", line {line.group(1)}" if line else ""
        text = self.text[: line.start()] if line else self.text
        end = "the cell was not run" if self.is_syntax else "the rest of the cell was left out"
        return f"code cell {self.number}{place}: {self.kind}: {text}; {end}"


def _read(path: str) -> Any:
    nbformat = importlib.import_module("nbformat")
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None
    except Exception as error:
        raise CannotRun(f"{path}: it is no notebook: {str(error).splitlines()[0]}") from None
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() != "python":
        raise CannotRun(f"{path}: it is a notebook of {language}, not of Python")
    return notebook


def _run(notebook: Any, path: str, reveal: bool, result: str) -> tuple[list[Any], list[_CellError]]:
    """The code cells, and what some of them ended with."""
    nbclient = importlib.import_module("nbclient")
    new_code_cell = importlib.import_module("nbformat.v4").new_code_cell
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    after = _AFTER.format(arguments=f"{reveal!r}, {result!r}")
    notebook.cells = [new_code_cell(_BEFORE), *cells, new_code_cell(after)]
    # The kernel is of this Python, which has the package, whatever the notebook was written with.
    manager = importlib.import_module("jupyter_client.manager").AsyncKernelManager(transport="ipc")
    manager._kernel_spec = importlib.import_module("jupyter_client.kernelspec").KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], display_name="check", language="python"
    )
    errors: list[_CellError] = []

    def note(cell: Any, cell_index: int, execute_reply: Any) -> None:
        reply = execute_reply["content"]
        errors.append(_CellError(cell_index, reply["ename"], (reply["evalue"].splitlines() or [""])[0]))

    client = nbclient.NotebookClient(
        notebook, km=manager, timeout=_SECONDS, interrupt_on_timeout=True, allow_errors=True, on_cell_error=note,
        error_on_timeout={"ename": _TOO_LONG, "evalue": "", "traceback": []},
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}},
    )
    client.owns_km = True  # it ends the kernel, too
    try:
        client.execute(stderr=subprocess.DEVNULL)
    except Exception as error:
        if type(error).__name__ not in ("DeadKernelError", "CellTimeoutError", "CellExecutionError"):
            raise CannotRun(f"{path}: {str(error) or type(error).__name__}") from error
    return cells, errors


def _last_cell(cells: list[Any]) -> str:
    run = [number for number, cell in enumerate(cells, 1) if cell.get("execution_count")]
    return f" in or after code cell {run[-1]}" if run else ""


def report(names: dict[str, object], survivor: Any, reveal: bool, result: str) -> None:
    """In the kernel: checks the functions, and writes what there is to print."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        status = check_names(names, reveal)
    with open(result, "w", encoding="utf-8") as file:
        json.dump({"text": words_on_failures(survivor.failures) + text.getvalue(), "status": status}, file)


def check_names(names: dict[str, object], reveal: bool) -> int:
    """Checks the functions that are there, and gives the exit status."""
    if not any(name in names for name in ALL):
        return NOTHING
    return 0 if check_all(names, reveal=reveal).right else 1
