"""A learner's file or notebook, run past what fails in it: missing helper files, plots, tests of the course."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = "__convstep_failed__"  # what a statement calls that fails


@dataclass(frozen=True)
class Failure:
    """A statement that ended with an exception, and was passed over."""

    line: int
    text: str
    error: str

    def __str__(self) -> str:
        return f"{self.text} (line {self.line}) failed with {self.error}, and was left out"


class Survivor(ast.NodeTransformer):
    """Puts a try around every statement of a program. IPython takes it among its `ast_transformers`."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def names(self) -> dict[str, object]:
        """What the program needs among its names."""
        return {_NAME: self._failed}

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """The same program, which goes on."""
        body = [statement if _is_future(statement) else _with_try(statement) for statement in node.body]
        return ast.fix_missing_locations(ast.Module(body, node.type_ignores))

    def _failed(self, line: int, text: str, error: BaseException) -> None:
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.failures.append(Failure(line, text, words.splitlines()[0]))


def words_on_failures(failures: Sequence[Failure]) -> str:
    """A line for each statement that was passed over."""
    return "".join(f"Note: {failure}\n" for failure in failures)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _with_try(statement: ast.stmt) -> ast.stmt:

    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return statement
    text = ast.unparse(statement).splitlines()[0][:60]
    failed = ast.parse(f"try:\n    pass\nexcept BaseException as __convstep_error__:\n"
                       f"    {_NAME}({statement.lineno}, {text!r}, __convstep_error__)").body[0]
    assert isinstance(failed, ast.Try)
    failed.body = [statement]
    for node in ast.walk(failed.handlers[0]):
        ast.copy_location(node, statement)
    return ast.copy_location(failed, statement)
