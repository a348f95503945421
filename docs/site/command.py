"""Makes the page of the command: what --help says of it and of each of its commands, an option a heading."""

import re
import subprocess

OPTION = re.compile(r" +((?:-\w, ?)?(--[\w-]+)\S*(?: \S+)*)(?:  +(.*))?$")
CONTINUED = re.compile(r" {10,}(\S.*)$")


def help_of(convstep: str, *command: str) -> str:
    return subprocess.run([convstep, *command, "--help"], check=True, capture_output=True, text=True).stdout


def sections(text: str) -> str:
    """The help of a command: what stands before, between and after the options as it is, each option with its text."""
    parts: list[str] = []
    plain: list[str] = []
    option: list[str] = []  # its heading, and its text line by line

    def end_part() -> None:
        if any(line.strip() for line in plain):
            parts.append("```text\n" + "\n".join(plain).strip("\n") + "\n```")
        if option:
            parts.append(option[0] + re.sub(r"([<*])", r"\\\1", " ".join(option[1:]).strip()))
        plain.clear()
        option.clear()

    for line in text.splitlines():
        if start := OPTION.match(line):
            end_part()
            option += [f"### {start[2]}\n\n`{start[1]}`\n\n", start[3] or ""]
        elif option and (more := CONTINUED.match(line)):
            option.append(more[1])
        else:
            if option:
                end_part()
            plain.append(line)
    end_part()
    return "\n\n".join(parts)


def page_of(convstep: str) -> str:
    overview = help_of(convstep)
    commands = re.findall(r"^  ([a-z-]+) ", overview.partition("ommands:")[2], re.MULTILINE)
    page = f"# The command: convstep\n\n```text\n{overview}```\n"
    for command in commands:
        page += f"\n## convstep {command}\n\n{sections(help_of(convstep, command))}\n"
    return page
