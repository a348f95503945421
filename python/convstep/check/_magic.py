"""``%load_ext convstep``: ``%check conv_forward`` and ``%%check`` in Jupyter and IPython."""

from __future__ import annotations

import importlib
from typing import Any

from convstep.check import _judge
from convstep.check._finding import Finding
from convstep.check._functions import ALL


def load(shell: Any) -> None:
    """Registers the magics with a shell."""
    shell.register_magic_function(lambda line: _line(shell, line), "line", "check")
    shell.register_magic_function(lambda line, cell: _cell(shell, line, cell), "cell", "check")


def _line(shell: Any, line: str) -> None:
    """%check [--reveal] [NAME ...]: the functions of these names, or all that there are."""
    words = line.split()
    reveal = "--reveal" in words
    names = [word for word in words if word != "--reveal"]
    unknown = [name for name in names if name not in ALL and name not in shell.user_ns]
    if unknown:
        print(f"%check: no function {unknown[0]}; there are {', '.join(ALL)}")
        return
    there = [name for name in ALL if name in shell.user_ns]
    _show(shell, _found(shell.user_ns, names or there), reveal)


def _cell(shell: Any, line: str, cell: str) -> None:
    """%%check [--reveal]: runs the cell, then checks the functions of the notebook that it defines."""
    result = shell.run_cell(cell)
    if not result.success:
        return
    defined = [name for name in ALL if f"def {name}(" in cell]
    if not defined:
        print(f"%%check: the cell defines none of {', '.join(ALL)}")
        return
    _show(shell, _found(shell.user_ns, defined), "--reveal" in line.split())


def _found(names: dict[str, Any], wanted: list[str]) -> list[Finding]:
    """Findings for these functions; helpers are looked at first, so that none is blamed for another's mistake."""
    helpers = {helper: helper in names and _judge.judge(ALL[helper], names[helper]).right
               for name in wanted if name in ALL for helper in ALL[name].helpers}
    found = []
    for name in wanted:
        if name not in names:
            found.append(Finding(name, "missing", "not there yet."))
        elif name in ALL:
            wrong = [helper for helper in ALL[name].helpers if helper in names and not helpers[helper]]
            found.append(_judge.judge(ALL[name], names[name], wrong=wrong))
        else:
            found.append(Finding(name, "missing", f"this is none of the notebook's functions: {', '.join(ALL)}."))
    return found


def _show(shell: Any, found: list[Finding], reveal: bool) -> None:
    if not hasattr(shell, "kernel"):  # a terminal
        for finding in found:
            print(finding.text(reveal))
        return
    display = importlib.import_module("IPython.display")
    for finding in found:
        display.display(display.HTML(finding._repr_html_()))
        if reveal and finding.solution:
            print(f"Solution: {finding.solution}")
