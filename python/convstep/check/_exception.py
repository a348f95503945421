"""An exception of the learner's code, as the parent process knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convstep.check._functions import Case, Checked

Words = tuple[str, str, str]  # message, hint, solution


@dataclass(frozen=True)
class Raised:
    """An exception, as _raised.describe has it, and where it came from."""

    function: Checked
    case: Case
    type: str
    text: str
    cause: str
    line: str
    facts: list[str]
    names: dict[str, Any]
    key: Any
    missing: str | None
