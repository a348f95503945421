"""Lays out the pages of the site: stage.py DIRECTORY CONVSTEP, where CONVSTEP is the command.

Pages keep their places in the repository, so that links between them hold. What else they link to comes along: a header and
any other source as a page of its own, pictures and records as they are. Ends with an error where a link leads nowhere.
"""

import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath

import command
import header

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bench/README.md", "docs/**/*.md"]
HEADERS = PurePosixPath("include/convstep")
AS_THEY_ARE = {".json", ".jpg", ".md", ".png"}
LANGUAGES = {".cc": "cpp", ".h": "cpp", ".py": "python", ".sh": "sh", ".txt": "cmake"}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")

PYTHON = {
    "python": ("Python: convstep", "convstep", "{filters: ['!^_', '!^(check|draw|layers|sklearn)$']}"),
    "layers": ("Python: convstep.layers", "convstep.layers", "{show_root_toc_entry: false}"),
    "sklearn": ("Python: convstep.sklearn", "convstep.sklearn", "{show_root_toc_entry: false}"),
    "draw": ("Python: convstep.draw", "convstep.draw", "{show_root_toc_entry: false}"),
    "check": ("Python: convstep.check", "convstep.check", "{show_root_toc_entry: false}"),
}


def copy_of(source: Path) -> str:
    """A page with a file's text, or that of all files in a folder."""
    name = source.relative_to(ROOT).as_posix()
    text = f"---\nsearch: {{exclude: true}}\n---\n# {name}\n"
    for path in sorted(source.iterdir()) if source.is_dir() else [source]:
        if source.is_dir():
            text += f"\n## {path.name}\n"
        text += f"\n````{LANGUAGES.get(path.suffix, 'text')}\n{path.read_text()}````\n"
    return text


class Stage:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broken: list[str] = []

    def write(self, name: PurePosixPath, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def place_of(self, target: PurePosixPath) -> PurePosixPath:
        """Where a file of the repository is in the site; brings it there, if it is no page."""
        source = ROOT / target
        if target.parent == HEADERS:
            return PurePosixPath("reference/cpp", target.name + ".md")
        if target.suffix in AS_THEY_ARE:
            if target.suffix != ".md":
                (self.directory / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, self.directory / target)
            return target
        place = PurePosixPath("sources", str(target) + ".md")
        self.write(place, copy_of(source))
        return place

    def add_page(self, source: Path) -> None:
        name = PurePosixPath(source.relative_to(ROOT))

        def resolve(match: re.Match[str]) -> str:
            target = PurePosixPath(os.path.normpath(name.parent / match[1]))
            if not (ROOT / target).exists():
                self.broken.append(f"{name}: {match[1]}")
                return match[1]
            return os.path.relpath(self.place_of(target), name.parent)

        self.write(name, LINK.sub(resolve, source.read_text()))

    def add_headers(self) -> None:
        for path in sorted({*(ROOT / HEADERS).glob("*.h")} - {ROOT / HEADERS / "export.h"}):  # which declares nothing
            self.write(self.place_of(HEADERS / path.name), header.page_of(path.read_text()))

    def add_python(self) -> None:
        for name, (title, module, options) in PYTHON.items():
            self.write(PurePosixPath("reference", name + ".md"), f"# {title}\n\n::: {module}\n    options: {options}\n")


def main(directory: str, convstep: str) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    stage = Stage(Path(directory))
    for pattern in PAGES:
        for page in sorted(ROOT.glob(pattern)):
            stage.add_page(page)
    for asset in ["iframe-worker.js", "style.css"]:
        stage.write(PurePosixPath("assets", asset), (SITE / asset).read_text())
    stage.add_headers()
    stage.add_python()
    stage.write(PurePosixPath("reference/command.md"), command.page_of(convstep))
    if stage.broken:
        sys.exit("links to nowhere:\n" + "\n".join(stage.broken))


if __name__ == "__main__":
    main(*sys.argv[1:])
