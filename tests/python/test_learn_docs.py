"""docs/learn: every command and every line of Python gives what its page says, in an empty folder, in the page's order."""

import doctest
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "learn"
PAGES = sorted(FOLDER.glob("[0-9]-*.md"))

# A file of the reader's, named in its first line; or a command behind $, and what it prints, up to the next one.
STEP = re.compile(
    r"^```python\n(?P<file># (?P<name>\S+\.py)\n(?:.*\n)*?)```$"
    r"|^    \$ (?P<command>.*(?:\\\n.*)*)\n(?P<printed>(?:    (?!\$ ).*\n|\n+(?=    (?!\$ )))*)",
    re.MULTILINE,
)


class Reader:
    """Somebody who follows a page: Python in one window, commands in another, both in one folder."""

    def __init__(self, page: pathlib.Path, folder: pathlib.Path, build_dir: pathlib.Path) -> None:
        self.page, self.folder = page, folder
        self.path = f"{build_dir}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        self.names: dict[str, object] = {}
        self.python = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        self.commands = 0

    def follow(self) -> None:
        for piece in doctest.DocTestParser().parse(self.page.read_text(), self.page.name):
            if isinstance(piece, doctest.Example):
                example = doctest.DocTest([piece], {}, self.page.name, str(self.page), piece.lineno, None)
                example.globs = self.names
                self.python.run(example, clear_globs=False)
            else:
                for step in STEP.finditer(piece):
                    self.take(step)

    def take(self, step: re.Match[str]) -> None:
        if step["name"]:
            (self.folder / step["name"]).write_text(step["file"])
            return
        command, printed = step["command"].replace("\n    ", "\n"), re.sub("^    ", "", step["printed"], flags=re.MULTILINE)
        environment = {**os.environ, "PATH": self.path}
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)
        assert doctest.OutputChecker().check_output(printed, done.stdout + done.stderr, doctest.ELLIPSIS), (
            f"{command}\nprints:\n{done.stdout}{done.stderr}"
        )
        assert done.returncode == ("Hint:" in printed), command  # a check that finds something ends with status 1
        self.commands += 1


def test_there_are_pages():
    assert [page.name[0] for page in PAGES] == list("12345678")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_gives_what_it_says(page, build_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as the interactive Python imports what lies in its folder
    reader = Reader(page, tmp_path, build_dir)
    reader.follow()
    assert reader.python.failures == 0
    assert reader.python.tries >= 4 and reader.commands >= 2
    for shown in re.findall(r"!\[.*\]\(([^/)]+\.png)\)", page.read_text()):
        ours, theirs = (np.asarray(Image.open(folder / shown), dtype=float) for folder in (FOLDER, tmp_path))
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).mean() < 2, shown  # of 255: fonts differ a little from machine to machine


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_every_part(page):
    text = page.read_text()
    assert re.search(r"^    .* = ", text, re.MULTILINE), "the equation"
    assert "\n**Try it.** " in text
    following = PAGES[PAGES.index(page) + 1].name if page is not PAGES[-1] else "README.md"
    assert re.search(rf"^Next: \[.*\]\({re.escape(following)}\)", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_functions_of_cpp_are_where_the_page_says(page):
    named = re.findall(r"((?:`\w+`(?:, | and )?)+) in \[(src/\S+?)\]\(\.\./\.\./(\S+?)\)", page.read_text())
    assert named
    for functions, shown, target in named:
        assert shown == target
        for function in re.findall(r"`(\w+)`", functions):
            assert re.search(rf"\b{function}\(", (ROOT / target).read_text()), function


def test_the_index_lists_every_page_with_its_title():
    index = (FOLDER / "README.md").read_text()
    for page in PAGES:
        title = page.read_text().splitlines()[0].removeprefix("# ")
        assert f"[{title}]({page.name})" in index
