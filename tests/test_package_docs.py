"""docs/python.md: every example in it gives what it says."""

import doctest
import pathlib

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "python.md"


def test_the_examples_of_the_python_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0
