"""Gives the pages of a site what they link to in the repository, and ends with an error where that is not there:
sources.py DIRECTORY.

Markdown pages link to the repository's files by their paths. In the site such a link leads to a header's page, or to a coloured copy.
"""

import html
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename

ROOT = Path(__file__).parents[2]
HEADERS = ROOT / "include" / "convstep"
AS_THEY_ARE = {".json", ".png"}  # pictures; records of nearly a megabyte
LINK = re.compile(r'(?<=[" ])(href|src)="(?!\w+:|[#$"])([^"#]+)')


def write_copy(source: Path, target: Path) -> None:
    """A file's text, or that of all files in a folder."""
    name = source.relative_to(ROOT)
    body = ""
    for path in sorted(source.iterdir()) if source.is_dir() else [source]:
        lexer = get_lexer_for_filename(path.name)
        body += f"<h2>{path.relative_to(ROOT)}</h2>"
        body += pygments.highlight(path.read_text(), lexer, HtmlFormatter(noclasses=True))
    target.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title>{name}</title>{body}')


def main(directory: str) -> None:
    site = Path(directory)
    broken: list[str] = []

    def resolve(match: re.Match[str]) -> str:
        link = unquote(html.unescape(match[2]))
        if (page.parent / link).exists():
            return str(match[0])
        source = ROOT / re.sub(r"^(\.\./)+", "", link)
        if not source.exists():
            broken.append(f"{page}: {link}")
            return str(match[0])
        name = "_".join(source.relative_to(ROOT).parts)
        if source.parent == HEADERS:
            name = source.name.replace(".", "_8") + ".html"  # Doxygen's page of it
        elif source.suffix in AS_THEY_ARE:
            shutil.copy(source, site / name)
        else:
            name += ".html"
            write_copy(source, site / name)
        way_up = "../" * (len(page.relative_to(site).parts) - 1)
        return f'{match[1]}="{way_up}{name}'

    for page in sorted(site.glob("**/*.html")):
        text = page.read_text()
        linked = LINK.sub(resolve, text)
        if linked != text:
            page.write_text(linked)
    if broken:
        sys.exit("links to nowhere:\n" + "\n".join(broken))


if __name__ == "__main__":
    main(*sys.argv[1:])
