"""Makes the page of a public header: its comments are the text, its declarations the code between them.

The headers are written to be read from top to bottom, so a page keeps their order. Lines that are indented in a comment
(equations, shapes, examples) keep their form. Every declared name is a heading, which links and the search find.
"""

import re
from collections.abc import Iterator

PROLOGUE = re.compile(r"#pragma once|#include|namespace (?:CONVSTEP_EXPORT )?convstep \{|\}  // namespace convstep")
TYPE = re.compile(r"(?:struct|enum class|class|using) (?:\[\[.*?\]\] )?(\w+)")
CONSTANT = re.compile(r"inline constexpr .*?(\w+)(?:\[\])? =")
FUNCTION = re.compile(r"(operator\S+|\w+)\(")


def blocks(lines: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Each comment with the declarations under it: up to an empty line or the next comment, but whole types."""
    comment: list[str] = []
    code: list[str] = []
    depth = 0
    for line in [*lines, ""]:
        if PROLOGUE.match(line):
            continue
        is_outside = depth == 0
        if is_outside and (not line or (code and line.startswith("//"))):
            if comment or code:
                yield comment, code
            comment, code = [], []
        if is_outside and line.startswith("//"):
            comment.append(line[2:])
        elif line or not is_outside:
            code.append(line)
            depth += line.count("{") - line.count("}")


def prose(comment: list[str]) -> str:
    """Markdown of a comment, with what is indented by three or more in code blocks."""
    text: list[str] = []
    in_code = False
    for line in comment:
        if line and (line.startswith("   ") != in_code):
            in_code = not in_code
            text.append("\n```cpp" if in_code else "```\n")
        text.append(line[3:] if in_code else re.sub(r"([<*])", r"\\\1", line.strip()))
    return "\n".join([*text, "```"] if in_code else text)


def declared_names(code: list[str]) -> list[str]:
    names: list[str] = []
    for line in code:
        if not line or line[0] in " }/" or line.startswith(("template", "extern template", "requires")):
            continue
        match = TYPE.match(line) or CONSTANT.match(line) or FUNCTION.search(line)
        if match and match[1] not in names:
            names.append(match[1])
    return names


def page_of(source: str) -> str:
    """Markdown of a header."""
    first, *lines = source.splitlines()
    name, _, summary = first.removeprefix("// ").partition(": ")
    parts = [f"# {name}"]
    for number, (comment, code) in enumerate(blocks(["// " + summary[0].upper() + summary[1:], *lines])):
        names = declared_names(code)
        if names:
            parts.append("## " + ", ".join(names))
        if comment:
            parts.append(prose(comment))
        if code:
            parts.append("\n".join(["```cpp", *code, "```"]))
        if number == 0:
            parts.append(f"```cpp\n#include <convstep/{name}>\n```")
    return "\n\n".join(parts) + "\n"
