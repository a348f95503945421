"""docs/python.md and the docstrings: every example in them gives what it says."""

import doctest
import pathlib

import numpy as np
import pytest

import convstep

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "python.md"
FUNCTIONS = [name for name in convstep.__all__ if name != "__version__"]


def test_the_examples_of_the_python_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_a_docstring(name):
    names = {**vars(convstep), "np": np}
    example = doctest.DocTestParser().get_doctest(getattr(convstep, name).__doc__, names, name, None, None)
    result = doctest.DocTestRunner().run(example)
    assert result.attempted > (-1 if name == "Page" else 0 if name in ("Adam", "History", "Sgd") or name in ("simd_targets", "simd_target", "num_threads", "caller_may_move", "release_memory") else 1)
    assert result.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_has_every_part(name):
    text = getattr(convstep, name).__doc__
    parts = {"Parameters\n", "Returns\n", "Raises\n", "Examples\n"}
    if name in ("Adam", "History", "Page", "Sgd"):  # which hold numbers alone
        parts = set()
    if name in ("simd_targets", "simd_target", "num_threads", "caller_may_move", "release_memory"):
        parts -= {"Parameters\n"}
    if name in ("Conv2d", "Network", "set_simd_target", "set_num_threads", "set_caller_may_move", "release_memory"):
        parts -= {"Returns\n"}
    if name in ("simd_targets", "caller_may_move", "release_memory"):
        parts -= {"Raises\n"}
    assert all(part in text for part in parts)
