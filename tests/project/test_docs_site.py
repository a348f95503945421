"""docs/site: the pages that make docs makes a site of."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "docs" / "site"
HEADERS = sorted({*(ROOT / "include" / "convstep").glob("*.h")} - {ROOT / "include" / "convstep" / "export.h"})

sys.path.insert(0, str(SITE))
from header import page_of  # noqa: E402


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The staged pages. That they are staged at all says that no link leads nowhere."""
    directory = tmp_path_factory.mktemp("pages")
    build = pathlib.Path(os.environ["CONVSTEP_BUILD_DIR"])
    subprocess.run([sys.executable, SITE / "stage.py", directory, build.resolve() / "convstep"], check=True)
    return directory


def headings(text: str) -> list[str]:
    return re.findall(r"^##+ (.*)$", text, re.MULTILINE)


def test_every_page_of_the_navigation_is_there(pages: pathlib.Path):
    navigation = (SITE / "mkdocs.yml").read_text().partition("nav:")[2].partition("\nnot_in_nav")[0]
    names = re.findall(r"- (?:[^:\n]+: )?(\S+(?:\.md|/))$", navigation, re.MULTILINE)
    assert len(names) > 12
    assert [name for name in names if not (pages / name).exists()] == []


def test_the_page_of_the_command_has_every_command_and_option(pages: pathlib.Path):
    text = (pages / "reference" / "command.md").read_text()
    assert {"convstep conv", "convstep pool", "convstep pool-backward", "convstep tutorial"} <= set(headings(text))
    assert "### --ceil-mode" in text


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_the_page_of_a_header_says_all_that_it_says(header: pathlib.Path):
    source = header.read_text()
    text = page_of(source)
    plain = re.sub(r"\\([*<])", r"\1", text)
    for line in source.splitlines()[1:]:
        words = line.strip().removeprefix("//").strip()
        if not re.match(r"#|(\}  // )?namespace (CONVSTEP_EXPORT )?convstep", words):
            assert words in plain, line


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("conv.h", ["ConvOptions", "conv_output_shape", "conv_forward", "ConvPlan", "ConvLayer"]),
        ("runtime.h", ["ProgressCallback", "simd_targets", "num_threads", "release_memory"]),
        ("tensor.h", ["View", "Tensor"]),
        ("shape.h", ["Shape", "Size2", "Padding", "element_count"]),
        ("error.h", ["ShapeError", "FormatError"]),
        ("wording.h", ["Guess", "Wording", "ErrorText"]),
    ],
)
def test_declared_names_are_headings(name: str, declared: list[str]):
    text = page_of((ROOT / "include" / "convstep" / name).read_text())
    named = {word for heading in headings(text) for word in heading.split(", ")}
    assert set(declared) <= named


def test_prose_is_markdown_and_layout_is_code():
    page = page_of(
        "// x.h: what x * y <z> is.\n//\n//   output[n] = input[n] * 2\n//\n// And more.\n#pragma once\n\n"
        "namespace convstep {\n\n// Twice.\ntemplate <class T>\nT twice(T x);\n\n}  // namespace convstep\n"
    )
    assert page == (
        "# x.h\n\nWhat x \\* y \\<z> is.\n\n\n```cpp\noutput[n] = input[n] * 2\n\n```\n\nAnd more.\n\n"
        "```cpp\n#include <convstep/x.h>\n```\n\n## twice\n\nTwice.\n\n```cpp\ntemplate <class T>\nT twice(T x);\n```\n"
    )
