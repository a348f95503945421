"""What a check finds, as an object that reads well when it is printed."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_TERMS = 40  # of a sum that are written out


@dataclass(frozen=True)
class Place:
    """A line of the learner's own code."""

    file: str
    line: int
    text: str = ""
    function: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}" + (f" of {self.function}" if self.function else "")
        return where + (f":  {self.text}" if self.text else f" ({self.file})")


@dataclass(frozen=True)
class Difference:
    """The first number that is not right.

    `terms` are the pairs (text, value) whose sum is right; for a maximum or a mean they are the numbers of the window.
    `window` has the first row, the row after the last, the first column and the column after the last of the window in
    the image (a convolution's is padded), or is None; `image` are the numbers of its channel `channel`.
    """

    output: str
    index: tuple[int, ...]
    yours: float
    right: float
    terms: tuple[tuple[str, float], ...]
    window: tuple[int, int, int, int] | None
    change: str
    image: npt.NDArray[np.float64] | None = None
    channel: int = 0
    padded: bool = True

    def place(self) -> str:
        return f"{self.output}[{', '.join(map(str, self.index))}]" if self.index else self.output

    def image_text(self) -> str:
        """The image that the window lies in, for messages."""
        return "the padded image" if self.padded else "the image"

    def lines(self) -> Iterator[str]:
        """The two sums, written out."""
        if self.window is not None:
            top, bottom, left, right = self.window
            yield f"the window: rows {top} to {bottom - 1}, columns {left} to {right - 1} of {self.image_text()}"
        for text, value in self.terms[:_TERMS]:
            yield f"  {text:>24}" + (f" = {value + 0.0:.6g}" if "*" in text or "/" in text else "")
        if len(self.terms) > _TERMS:
            rest = sum(value for _, value in self.terms[_TERMS:])
            yield f"  and {len(self.terms) - _TERMS} more, which sum to {rest:.6g}"
        yield f"  right {self.right:.6g}, yours {self.yours:.6g}: {self.change}"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    function : the function's name in the notebook
    kind : "right"; "values" or "shape" where outputs are wrong; "unexplained" where no known mistake gives them;
        "not finite"; "exception", "hang", "crash"; "result", "cache", "inputs" for what is wrong around the outputs;
        "missing" where there is no such function
    message : one sentence
    evidence : one line
    hint : what to look at
    mistakes : names of the known mistakes that give these outputs
    first_difference : the first number that is not right, or None
    where : the line of the learner's that it is about, as far as that is known, or None
    notes : what else should be known
    """

    function: str
    kind: str
    message: str
    evidence: str = ""
    hint: str = ""
    mistakes: tuple[str, ...] = ()
    first_difference: Difference | None = None
    where: Place | None = None
    notes: tuple[str, ...] = ()
    solution: str = ""

    @property
    def right(self) -> bool:
        """Is the function right?"""
        return self.kind == "right"

    def reveal(self) -> str:
        """What is to be written: the solution, which the finding keeps to itself otherwise."""
        return self.solution

    def __bool__(self) -> bool:
        return self.right

    def text(self, reveal: bool = False) -> str:
        """What is printed, with the solution if that is asked for."""
        if self.right:
            return "\n".join([f"{self.function}: {self.message}", *(f"  Note: {note}" for note in self.notes)])
        lines = [f"{self.function}: {self.message}"]
        if self.where:
            lines.append(f"  {self._where_label()}: {self.where}")
        lines += [f"  {label}: {text}" for label, text in (("Seen", self.evidence), ("Hint", self.hint)) if text]
        if self.kind == "unexplained" and self.first_difference:
            lines += [f"  {line}" for line in self.first_difference.lines()]
        lines += [f"  Note: {note}" for note in self.notes]
        if reveal and self.solution:
            lines.append(f"  Solution: {self.solution}")
        return "\n".join(lines)

    def _where_label(self) -> str:
        """An exception has a line; that of a wrong number is likely, and no more."""
        return "Where" if self.kind in ("exception", "hang") else "Look at"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        what = " and ".join(self.mistakes) or self.kind
        return f"<Finding: {self.function}, {what}>"

    def _repr_html_(self) -> str:
        from convstep.check._picture import window_svg

        colour = "#1a7f37" if self.right else "#cf222e"
        rows = [f'<p style="margin:0"><b style="color:{colour}">{html.escape(self.function)}</b>: {html.escape(self.message)}</p>']
        for label, text in ((self._where_label(), str(self.where or "")), ("Seen", self.evidence), ("Hint", self.hint)):
            if text:
                rows.append(f'<p style="margin:0">{label}: {html.escape(text)}</p>')
        rows += [f'<p style="margin:0">Note: {html.escape(note)}</p>' for note in self.notes]
        if self.first_difference:
            if self.kind == "unexplained":
                rows.append(f"<pre>{html.escape(chr(10).join(self.first_difference.lines()))}</pre>")
            rows.append(window_svg(self.first_difference))
        if self.solution:
            rows.append(f"<details><summary>Solution</summary><code>{html.escape(self.solution)}</code></details>")
        return "<div>" + "".join(rows) + "</div>"
