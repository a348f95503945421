"""A thousand right versions of the notebook's functions: none is accused."""

import collections

import pytest

from check_right import all_right
from convstep import check

RIGHT = list(all_right())


def test_there_are_enough() -> None:
    counts = collections.Counter(name for name, _ in RIGHT)
    assert sum(counts.values()) >= 1000 and len(counts) == 8, counts


@pytest.mark.parametrize("part", range(10))
def test_what_is_right_is_called_right(part: int) -> None:
    findings = [getattr(check, name)(function) for name, function in RIGHT[part::10]]
    assert [str(finding) for finding in findings if not finding.right] == []
