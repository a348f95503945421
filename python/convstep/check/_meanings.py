"""What exceptions mean that learners meet in these functions, and what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from convstep.check._exception import Raised, Words
from convstep.check._functions import ALL
from convstep.check._misfits import broadcast, broadcast_into


@dataclass(frozen=True)
class Rule:
    """For exceptions of these types whose text, or whose cause's, has the pattern."""

    types: str
    pattern: str
    words: Callable[[Raised, re.Match[str]], Words]


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


RULES = (
    Rule("TypeError ValueError", r"setting an array element with a sequence", _sequence),
    Rule("TypeError ValueError", r"only (0-dimensional|length-1|size-1) arrays can be converted", _scalar),
    Rule("IndexError", r"too many indices.*?array is (\d+)-dimensional, but (\d+) were indexed", _too_many_indices),
    Rule("IndexError", r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", _out_of_bounds),
    Rule("IndexError", r"tuple index out of range|list index out of range", _tuple_index),
    Rule("ValueError", r"could not broadcast input array from shape \(.*?\) into shape \(.*?\)", broadcast_into),
    Rule("ValueError", r"operands could not be broadcast together with shapes( \([\d,]*\))+", broadcast),
    Rule("ValueError", r"non-broadcastable output operand with shape.*", broadcast),
    Rule("ValueError", r"not aligned|mismatch in its core dimension", _not_aligned),
    Rule("KeyError", r"", _key),
    Rule("UnboundLocalError", r"local variable '(\w+)'", _unbound),
    Rule("NameError", r"name '(\w+)' is not defined", _name),
    Rule("TypeError", r"'(float|numpy\.float64)' object cannot be interpreted as an integer", _floats),
    Rule("TypeError", r"slice indices must be integers", _floats),
    Rule("IndexError", r"only integers, slices", _floats),
    Rule("TypeError", r"\w+\(\) (missing|takes|got an unexpected|got multiple).*", _call_arguments),
    Rule("ValueError TypeError", r"(not enough|too many) values to unpack|cannot unpack", _unpack),
    Rule("ValueError", r"zero-size array to reduction", _empty),
    Rule("ValueError", r"negative dimensions|can't contain negative", _negative),
    Rule("ValueError", r"truth value of an array", _ambiguous),
    Rule("ValueError", r"cannot reshape array", _reshape),
    Rule("AttributeError TypeError", r"'NoneType' object", _none),
    Rule("AttributeError", r"'(\w+)' object has no attribute '(\w+)'", _attribute),
    Rule("TypeError", r"Cannot interpret '.*' as a data type|data type '.*' not understood", _data_type),
    Rule("TypeError", r"expected a sequence of integers", _data_type),
    Rule("TypeError", r"object is not callable", _callable),
    Rule("TypeError", r"'(\w+)' object is not subscriptable", _subscript),
    Rule("TypeError", r"unsupported operand type\(s\) for (\S+):|can't (multiply) sequence", _combined),
    Rule("ZeroDivisionError", r"", _divide),
    Rule("AssertionError", r"", _assertion),
    Rule("MemoryError", r"", _memory),
    Rule("SystemExit KeyboardInterrupt", r"", _exit),
    Rule("EOFError", r"", _input),
    Rule("NotImplementedError", r"", _not_implemented),
    Rule("RecursionError", r"", _recursion),
)
