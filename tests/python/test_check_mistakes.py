"""Wrong versions of the notebook's functions, in several styles, are named for what they are."""

import pytest

import check_sources
from check_mistakes import ALL
from convstep import check

RIGHT = [
    (name, value) for name, value in vars(check_sources).items() if name.isupper() and isinstance(value, str)
]


def function_of(source: str) -> str:
    return source.rsplit("\ndef ", 1)[-1].split("(")[0]


@pytest.mark.parametrize("name, source", RIGHT)
def test_the_versions_that_are_changed_are_right(name: str, source: str) -> None:
    function = function_of(source)
    finding = getattr(check, function)(check_sources.made(source, function))
    assert finding.right, str(finding)


def test_there_are_enough() -> None:
    assert len(ALL) >= 120
    assert sum(len(names) == 2 for *_, names in ALL) >= 20


@pytest.mark.parametrize("function, source, changes, names", ALL)
def test_a_mistake_is_named(function: str, source: str, changes: list, names: list) -> None:
    finding = getattr(check, function)(check_sources.made(check_sources.changed(source, *changes), function))
    # What a helper does wrong is said of the helper, too.
    assert list(finding.mistakes) == names, str(finding)
    assert finding.evidence and finding.hint and finding.reveal()
