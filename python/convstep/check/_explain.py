"""What exceptions mean that learners meet in these functions, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convstep.check._functions import ALL, Case, Checked, expected_names

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


@dataclass(frozen=True)
class _Rule:
    types: str
    pattern: str
    words: Callable[[Raised, re.Match[str]], Words]


def _shapes(text: str) -> list[tuple[int, ...]]:
    return [tuple(int(number) for number in re.findall(r"\d+", shape)) for shape in re.findall(r"\(([\d,\s]*)\)", text)]


def explain(raised: Raised) -> Words:
    """Message, hint and solution."""
    everything = f"{raised.text}\n{raised.cause}"
    for rule in _RULES:
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


def _scalar(raised: Raised, _: re.Match[str]) -> Words:
    return (
        "float() or int() gets an array that has axes; NumPy from 2.4 on turns only arrays without axes into numbers.",
        "Which shape has b on that line, and how is the one number in it reached?",
        "float(b[0, 0, 0]), or b.item()",
    )


def _sequence(raised: Raised, _: re.Match[str]) -> Words:
    return (
        "One element of an array gets a whole array.",
        "Which shape has the right-hand side? Is it summed, and is the bias a number or an array of shape (1, 1, 1)?",
        "Put a single number there: np.sum(...) + float(b[0, 0, 0, c])",
    )


def _too_many_indices(raised: Raised, found: re.Match[str]) -> Words:
    axes, given = found.group(1), found.group(2)
    return (
        f"An array of {axes} ax{'is' if axes == '1' else 'es'} gets {given} indices.",
        "Which array on that line has fewer axes than you think? Was it made with too few, or cut already by an index?",
        "Z = np.zeros((m, n_H, n_W, n_C)) has four axes; a_prev_pad = A_prev_pad[i] has three",
    )


def _out_of_bounds(raised: Raised, found: re.Match[str]) -> Words:
    index, axis, size = found.groups()
    return (
        f"The index {index} is past the end of axis {axis}, which has {size} elements.",
        "How far does the loop of that index run, and which array is as long as that?",
        "The loops run over range(m), range(n_H), range(n_W), range(n_C), and Z has just these lengths",
    )


def _broadcast_into(raised: Raised, found: re.Match[str]) -> Words:
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
    f = raised.names.get("f")
    for begin, end in (("vert_start", "vert_end"), ("horiz_start", "horiz_end")):
        length = raised.names.get(end, 0) - raised.names.get(begin, 0) if end in raised.names else f
        if f is not None and length != f:
            return f"from {begin} to {end} there are {length} elements, where f is {f}"
    first = [k for k in wrong if k < 2 and raised.names.get("hw"[k]) == 0]
    if first and first == wrong and 0 < window[first[0]] < _f_of(raised):
        return f"the slice has {window[first[0]]} {('rows', 'columns')[first[0]]} where the image begins, far from its end"
    return ""


_AXES = ("rows (vert_start:vert_end)", "columns (horiz_start:horiz_end)", "channels (:)")


def _broadcast(raised: Raised, found: re.Match[str]) -> Words:
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


def _not_aligned(raised: Raised, _: re.Match[str]) -> Words:
    return (
        "np.dot, np.matmul or @ multiplies matrices; here each element is multiplied with its partner.",
        "What does * do to two arrays of one shape, and what does np.dot do?",
        "s = a_slice_prev * W, or np.multiply(a_slice_prev, W)",
    )


def _key(raised: Raised, _: re.Match[str]) -> Words:
    pool = raised.function.name.startswith("pool")
    known = '"f" and "stride"' if pool else '"stride" and "pad"'
    more = " The window's size is that of W." if raised.key == "f" and not pool else ""
    more = more or (" A pooling of the notebook has no padding." if raised.key == "pad" and pool else "")
    return (
        f"hparameters has no {raised.key!r}: it has {known}.{more}",
        "Which names has the dictionary, by the docstring?",
        "f is W.shape[0]" if raised.key == "f" and not pool else f"hparameters[...] with one of {known}",
    )


def _name(raised: Raised, found: re.Match[str]) -> Words:
    name = raised.missing or found.group(1)
    if name == "np":
        return "np is not there: NumPy is not imported.", "Which line at the top of the notebook does that?", "import numpy as np"
    if name in ALL:
        return (f"{raised.function.name} calls {name}, which is not defined.",
                f"Was the cell that defines {name} run?", f"Define {name} first: {ALL[name].signature}")
    import difflib

    near = difflib.get_close_matches(name, list(raised.names), n=1)
    message = f"The name {name} stands for nothing here"
    return (message + (f"; did you mean {near[0]}?" if near else "."),
            f"Where is {name} given a value, and is it spelled alike?", f"{near[0]}" if near else f"Give {name} a value first")


def _unbound(raised: Raised, found: re.Match[str]) -> Words:
    name = found.group(1)
    return (f"{name} is used before it has a value.", f"Which line gives {name} its value, and was it passed by then?",
            f"Give {name} its value before that line")


def _floats(raised: Raised, _: re.Match[str]) -> Words:
    return ("A number with a fraction stands where a whole one is needed: / always makes one.",
            "Which of n_H, n_W, stride or pad is a float?", "n_H = int((n_H_prev - f + 2 * pad) / stride) + 1, or //")


def _arguments(raised: Raised, _: re.Match[str]) -> Words:
    return (f"The function cannot be called as the notebook calls it: {raised.text}.",
            f"Which arguments has it in the notebook, in which order? {raised.function.signature}",
            f"def {raised.function.signature}:")


def _call_arguments(raised: Raised, found: re.Match[str]) -> Words:
    own = f"{raised.function.name}("
    if own in found.group(0) or raised.line == "":
        return _arguments(raised, found)
    return (f"A function is called with other arguments than it has: {raised.text}.",
            "Which arguments does that function have, in which order?", "Give it those that its first line names")


def _unpack(raised: Raised, _: re.Match[str]) -> Words:
    return ("The number of names on the left is not that of the values on the right.",
            "How many axes has that shape, or how many things does that function return?",
            "(m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape has four, as has W.shape; zero_pad returns one array")


def _empty(raised: Raised, _: re.Match[str]) -> Words:
    return ("A window is empty: its slice begins past the end of the input, or ends before it begins.",
            "Where does the last window begin and end? Write down h * stride for the last h.",
            "vert_start = h * stride, vert_end = vert_start + f, for h in range(n_H) with n_H by the formula")


def _negative(raised: Raised, _: re.Match[str]) -> Words:
    return ("A size is negative.", "Which length is subtracted from which?", "n_H = int((n_H_prev - f + 2 * pad) / stride) + 1")


def _none(raised: Raised, _: re.Match[str]) -> Words:
    return ("Something on that line is None: a function that was called before returned nothing.",
            "Which function made it, and does that end with return?", "return the result in that function")


def _memory(raised: Raised, _: re.Match[str]) -> Words:
    return (f"The function asks for more memory than it should: {raised.text or 'over 2 GB for a few hundred numbers'}.",
            "Which array grows, or has a size that was multiplied?", "Z = np.zeros((m, n_H, n_W, n_C))")


def _exit(raised: Raised, _: re.Match[str]) -> Words:
    return ("The function ends the program (sys.exit, quit or exit).", "Which line does that?", "return instead")


def _input(raised: Raised, _: re.Match[str]) -> Words:
    return ("The function waits for somebody to type something (input).", "Where should its numbers come from?",
            "Take them from the arguments")


def _assertion(raised: Raised, _: re.Match[str]) -> Words:
    return ("The function's own assert does not hold.", "Which of the two sides has the shape that the docstring says?",
            "Z.shape is (m, n_H, n_W, n_C), with n_H and n_W by the formula")


def _data_type(raised: Raised, _: re.Match[str]) -> Words:
    return ("np.zeros takes one shape, a tuple: its second argument is the dtype.", "Count the parentheses.",
            "np.zeros((m, n_H, n_W, n_C))")


def _callable(raised: Raised, _: re.Match[str]) -> Words:
    return ("Something that is no function is called with parentheses.", "Are there parentheses where brackets belong?",
            "An element is W[...], a shape is A_prev.shape, without ()")


def _not_implemented(raised: Raised, _: re.Match[str]) -> Words:
    return "The function is not written yet.", "Which lines are still to be filled in?", raised.function.signature


def _ambiguous(raised: Raised, _: re.Match[str]) -> Words:
    return ("An if, or and, or max(), gets a whole array, where it needs one truth value.",
            "Which function compares arrays, or finds their largest element?", "np.max(x), np.maximum(a, b), or compare with ==")


def _recursion(raised: Raised, _: re.Match[str]) -> Words:
    return ("The function calls itself without end.", "Which call on that line is meant for another function?",
            "Call the helper, not the function itself")


def _attribute(raised: Raised, found: re.Match[str]) -> Words:
    return (f"A {found.group(1)} has no {found.group(2)}.", "What is that name, an array or something else?",
            "np.array(...) has .shape; a tuple or a list has len()")


def _tuple_index(raised: Raised, _: re.Match[str]) -> Words:
    return ("A shape, or another tuple, has fewer entries than the index asks for.",
            "How many axes has that array: four, or three after an index?",
            "A_prev.shape has the entries 0 to 3, A_prev_pad[i].shape the entries 0 to 2")


def _divide(raised: Raised, _: re.Match[str]) -> Words:
    return "A division by 0.", "Which number on that line may be 0? (pad may.)", "Divide by stride, which is 1 or more"


def _subscript(raised: Raised, found: re.Match[str]) -> Words:
    return (f"A {found.group(1)} gets an index in brackets.", "What is that name: an array, or a function or a number?",
            "Brackets belong to arrays, parentheses to functions")


def _reshape(raised: Raised, _: re.Match[str]) -> Words:
    return (f"An array has more or fewer elements than its new shape: {raised.text}.",
            "What is the product of the lengths, on both sides?", "reshape keeps the number of elements")


def _combined(raised: Raised, found: re.Match[str]) -> Words:
    return (f"The operation {found.group(1)} gets things that it cannot combine: {raised.text}.",
            "What is each side of it: a number, a tuple, an array, None?", "Take the numbers out of tuples and dictionaries first")


_RULES = (
    _Rule("TypeError ValueError", r"setting an array element with a sequence", _sequence),
    _Rule("TypeError ValueError", r"only (0-dimensional|length-1|size-1) arrays can be converted", _scalar),
    _Rule("IndexError", r"too many indices.*?array is (\d+)-dimensional, but (\d+) were indexed", _too_many_indices),
    _Rule("IndexError", r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", _out_of_bounds),
    _Rule("IndexError", r"tuple index out of range|list index out of range", _tuple_index),
    _Rule("ValueError", r"could not broadcast input array from shape \(.*?\) into shape \(.*?\)", _broadcast_into),
    _Rule("ValueError", r"operands could not be broadcast together with shapes( \([\d,]*\))+", _broadcast),
    _Rule("ValueError", r"non-broadcastable output operand with shape.*", _broadcast),
    _Rule("ValueError", r"not aligned|mismatch in its core dimension", _not_aligned),
    _Rule("KeyError", r"", _key),
    _Rule("UnboundLocalError", r"local variable '(\w+)'", _unbound),
    _Rule("NameError", r"name '(\w+)' is not defined", _name),
    _Rule("TypeError", r"'(float|numpy\.float64)' object cannot be interpreted as an integer|slice indices must be integers", _floats),
    _Rule("IndexError", r"only integers, slices", _floats),
    _Rule("TypeError", r"\w+\(\) (missing|takes|got an unexpected|got multiple).*", _call_arguments),
    _Rule("ValueError TypeError", r"(not enough|too many) values to unpack|cannot unpack", _unpack),
    _Rule("ValueError", r"zero-size array to reduction", _empty),
    _Rule("ValueError", r"negative dimensions|can't contain negative", _negative),
    _Rule("ValueError", r"truth value of an array", _ambiguous),
    _Rule("ValueError", r"cannot reshape array", _reshape),
    _Rule("AttributeError TypeError", r"'NoneType' object", _none),
    _Rule("AttributeError", r"'(\w+)' object has no attribute '(\w+)'", _attribute),
    _Rule("TypeError", r"Cannot interpret '.*' as a data type|data type '.*' not understood|expected a sequence of integers", _data_type),
    _Rule("TypeError", r"object is not callable", _callable),
    _Rule("TypeError", r"'(\w+)' object is not subscriptable", _subscript),
    _Rule("TypeError", r"unsupported operand type\(s\) for (\S+):|can't (multiply) sequence", _combined),
    _Rule("ZeroDivisionError", r"", _divide),
    _Rule("AssertionError", r"", _assertion),
    _Rule("MemoryError", r"", _memory),
    _Rule("SystemExit KeyboardInterrupt", r"", _exit),
    _Rule("EOFError", r"", _input),
    _Rule("NotImplementedError", r"", _not_implemented),
    _Rule("RecursionError", r"", _recursion),
)
