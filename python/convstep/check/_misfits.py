"""What it means that two arrays do not go together: which of them is a window, and why it has the wrong shape."""

from __future__ import annotations

import re

from convstep.check._exception import Raised, Words


def _shapes(text: str) -> list[tuple[int, ...]]:
    return [tuple(int(number) for number in re.findall(r"\d+", shape)) for shape in re.findall(r"\(([\d,\s]*)\)", text)]


def broadcast_into(raised: Raised, found: re.Match[str]) -> Words:
    given, wanted = _shapes(found.group(0))[:2]
    if 0 in given:
        return (
            f"An empty slice, {given}, should fill {wanted}: pad:-pad is 0:0, and so empty, where pad is 0.",
            "What is a[0:-0]? Count from the other side.",
            "da_prev_pad[pad:pad + n_H_prev, pad:pad + n_W_prev, :], or an if for a pad of 0",
        )
    return (
        f"An array of shape {given} is put into a place of shape {wanted}.",
        "Which of the two has the shape that the docstring says?",
        "Make both of the same shape before the assignment",
    )


def _f_of(raised: Raised) -> int:
    """The window's size in this case."""
    return int(raised.case["inputs"]["W"].shape[0] if "W" in raised.case["inputs"] else raised.case["f"])


def _short_slice(raised: Raised, window: tuple[int, ...], wrong: list[int]) -> str:
    """Where it is not the border that makes a slice short: the learner's own limits, or the first window of all."""
    f = _f_of(raised)
    for begin, end in (("vert_start", "vert_end"), ("horiz_start", "horiz_end")):
        first, last = raised.names.get(begin), raised.names.get(end)
        if isinstance(first, int) and isinstance(last, int) and last - first != f:
            return f"from {begin} to {end} there are {last - first} elements, where f is {f}"
    at_begin = [k for k in wrong if k < 2 and raised.names.get("hw"[k]) == 0]
    if at_begin and at_begin == wrong and 0 < window[at_begin[0]] < f:
        return f"the slice has {window[at_begin[0]]} {('rows', 'columns')[at_begin[0]]} where the image begins, far from its end"
    return ""


_AXES = ("rows (vert_start:vert_end)", "columns (horiz_start:horiz_end)", "channels (:)")


def broadcast(raised: Raised, found: re.Match[str]) -> Words:
    shapes = list(dict.fromkeys(_shapes(found.group(0))))
    if len(shapes) == 2 and len(shapes[0]) == len(shapes[1]) == 3:
        return _misfit(raised, *_window_first(raised, shapes))
    return (
        f"Two arrays of the shapes {' and '.join(map(str, shapes))} do not go together element by element.",
        "Which of them has a shape that you did not mean?",
        "a_slice_prev and W[:, :, :, c] both have the shape (f, f, n_C_prev)",
    )


def _window_first(raised: Raised, shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The filter has the shape that the case says; the other one is the window."""
    W = raised.case["inputs"].get("W")
    if W is not None and shapes[0] == W.shape[:3] != shapes[1]:
        return shapes[::-1]
    return shapes


def _misfit(raised: Raised, window: tuple[int, ...], filters: tuple[int, ...]) -> Words:
    """A window and a filter of different shapes."""
    wrong = [k for k in range(3) if window[k] != filters[k]]
    what = ", ".join(_AXES[k] for k in wrong)
    both = f"The window is {window}, and the filter {filters}"
    if wrong == [2]:
        return (f"{both}: they differ in depth.", "Which axis of W counts the filters, and which the channels of the input?",
                "weights = W[:, :, :, c], and a window with all channels")
    short = _short_slice(raised, window, wrong)
    if short:
        return (f"{both}: {short}.", "How many elements has a[0:3]? Which index is the first that is no longer in the slice?",
                "vert_end = vert_start + f, horiz_end = horiz_start + f")
    solution = "a_slice_prev = a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]"
    if all(window[k] < filters[k] for k in wrong):
        return (f"{both}: the slice runs over the border of the padded image.",
                f"The two differ in their {what}: where does the slice begin and end there?",
                f"{solution}, of the padded image, with n_H and n_W by the formula")
    return (f"{both}: the slice is not cut in its {what}.",
            f"The two differ in their {what}: where does the slice begin and end there?", solution)
