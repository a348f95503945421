"""What a check of a whole notebook finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convstep.check._finding import Finding


class Findings(Mapping[str, Finding]):
    """A finding for each of the notebook's functions, by name, in the order in which the notebook has them."""

    def __init__(self, found: Mapping[str, Finding]) -> None:
        self._found = dict(found)

    @property
    def right(self) -> bool:
        """Is every function right that is there, and is there any?"""
        there = [finding for finding in self._found.values() if finding.kind != "missing"]
        return bool(there) and min(finding.right for finding in there)

    def __getitem__(self, name: str) -> Finding:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __str__(self) -> str:
        return "\n".join(map(str, self._found.values()))

    def __repr__(self) -> str:
        right = sum(finding.right for finding in self._found.values())
        return f"<Findings: {right} of {len(self)} right>"

    def _repr_html_(self) -> str:
        return "".join(finding._repr_html_() for finding in self._found.values())
