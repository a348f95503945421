"""docs/check.md, README.md and the docstrings of convstep.check: every example gives what it says."""

import doctest
import pathlib

import numpy as np
import pytest

import convstep
from convstep import check

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FUNCTIONS = [name for name in check.__all__ if name[0].islower()]


def test_the_examples_of_the_page():
    names = {"np": np, "convstep": convstep, "check": check}
    result = doctest.testfile(str(ROOT / "docs" / "check.md"), module_relative=False, globs=names, optionflags=doctest.ELLIPSIS)
    assert result.attempted >= 10 and result.failed == 0


def test_the_example_of_the_module():
    result = doctest.testmod(check, extraglobs={"np": np}, optionflags=doctest.ELLIPSIS)
    assert result.attempted >= 3 and result.failed == 0


@pytest.mark.parametrize("page", ["docs/check.md", "README.md"])
def test_the_finding_that_pages_begin_with_is_a_real_one(page):
    import check_sources
    from check_sources import changed, made

    finding = check.conv_forward(made(changed(check_sources.CONV, ("horiz_start = w * stride", "horiz_start = w")), "conv_forward"))
    text = (ROOT / page).read_text()
    for line in str(finding).splitlines():
        if "Look at" not in line:
            assert line.strip() in text, line


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_docstring(name):
    assert getattr(check, name).__doc__.startswith("Check ")
