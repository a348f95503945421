"""Prints a header as Doxygen wants it, line for line: header_filter.py FILE.

The headers have plain comments above declarations and behind members. Here they become Doxygen's. Lines that are
indented in a comment (equations, shapes, examples) keep their form, a comment above several declarations serves them
all, and the namespace is left out, so that a header's page has all that the header says.
"""

import re
import sys


def document(comment: list[str], code: list[str]) -> tuple[list[str], list[str]]:
    """A comment, and the code from its end to the next blank line or comment."""
    texts = [line.partition("//")[2] for line in comment]
    layout = [text.startswith("   ") for text in texts]
    for i, is_laid_out in enumerate(layout):
        if is_laid_out and not layout[i - 1]:
            end = next((j for j in range(i, len(texts)) if not layout[j]), len(texts))
            language = "cpp" if any(text.endswith(";") for text in texts[i:end]) else "unparsed"
            texts[i - 1] += f" @code{{.{language}}}"
            texts[end - 1] += " @endcode"
    if sum(line.endswith(";") and line != "};" for line in code) > 1 and not any(line.endswith("{") for line in code):
        texts[-1] += " @{"
        code = [*code[:-1], code[-1] + "  ///@}"]
    return ["///" + text for text in texts], code


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines = ["" if re.search(r"^namespace convstep \{|^\}  // namespace convstep", line) else line for line in lines]
    lines[0] = re.sub(r"^// (\S+):", r"// @file \1", lines[0])
    i = 0
    while i < len(lines):
        comment, code = [], []
        while i < len(lines) and re.match(r" *//", lines[i]):
            comment.append(lines[i])
            i += 1
        while i < len(lines) and lines[i] and not re.match(r" *//", lines[i]):
            code.append(re.sub(r"([;,]) +// ", r"\1  ///< ", lines[i]))
            i += 1
        if comment and code:  # a comment that stands alone is about what follows at large
            comment, code = document(comment, code)
        for line in comment + code:
            print(line)
        if i < len(lines) and not lines[i]:
            print()
            i += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
