"""An exception in words."""

from __future__ import annotations

import re

from convstep.check._exception import Raised, Words
from convstep.check._functions import expected_names
from convstep.check._meanings import RULES


def explain(raised: Raised) -> Words:
    """Message, hint and solution."""
    everything = f"{raised.text}\n{raised.cause}"
    for rule in RULES:
        found = re.search(rule.pattern, everything)
        if raised.type in rule.types.split() and found:
            return rule.words(raised, found)
    return (
        f"The function ends with {raised.type}: {raised.text or 'without a text'}.",
        "Print what the names on that line stand for, just before it.",
        "The line must work for the shapes above",
    )


def first_wrong_name(raised: Raised) -> str:
    """The first of the notebook's names that stands for something else than it should: "n_H is 4, expected 3"."""
    for name, right in expected_names(raised.function, raised.case).items():
        yours = raised.names.get(name)
        if isinstance(yours, tuple) == isinstance(right, tuple) and yours is not None and yours != right:
            return f"{name} is {yours}, expected {right}"
    return ""
