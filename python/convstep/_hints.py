"""What somebody may have meant. Messages end with it, in parentheses."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Words of other libraries whose spelling does not tell.
OTHER_WORDS = {"mean": "average", "avg": "average", "channels_first": "NCHW", "channels_last": "NHWC"}


def near(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that is spelled much like `word`, if there is one; case does not matter."""
    plain = {known.lower(): known for known in words}
    found = difflib.get_close_matches(word.lower(), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def quoted(words: Sequence[str]) -> str:
    """'a', 'b' and 'c'."""
    *first, last = map(repr, words)
    return f"{', '.join(first)} and {last}" if first else last


def word(given: str, words: Sequence[str]) -> str | None:
    """For one that is none of `words`."""
    meant = OTHER_WORDS.get(given)
    if meant not in words:
        meant = near(given, words)
    return f'did you mean "{meant}"?' if meant else None


def key(wanted: str, hparameters: Mapping[Any, Any]) -> str | None:
    """For a dictionary without it."""
    found = near(wanted, [name for name in hparameters if isinstance(name, str)])
    return f"it has {found!r}" if found else None


def integer(given: Any) -> str | None:
    """For what is no integer."""
    if isinstance(given, float) and given.is_integer():
        return f"write {int(given)}"
    if isinstance(given, str) and given.strip().isdecimal():
        return f"write {given.strip()}, without quotes"
    return None


def padding(given: Any) -> str | None:
    """For what is no padding: PyTorch's pad, perhaps."""
    if isinstance(given, (tuple, list)) and len(given) == 4:
        return "four numbers are two pairs: ((top, bottom), (left, right))"
    return integer(given)
