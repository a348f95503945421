"""``python3 -m convstep.check FILE``: check the functions of a notebook or a Python file.

The exit status is 0 where all functions of the notebook's that are there are right, 1 where one is wrong, 2 where
nothing could be checked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from convstep.check import _notebook, _script
from convstep.check._survive import words_on_failures


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: its exit status."""
    parser = argparse.ArgumentParser("convstep check", description="Check the functions of a notebook or a Python file.")
    parser.add_argument("file", metavar="FILE", help="a notebook (.ipynb) or a Python file (.py)")
    parser.add_argument("--reveal", action="store_true", help="print the solutions, too")
    options = parser.parse_args(arguments)
    try:
        if options.file.endswith(".ipynb"):
            text, status = _notebook.check(options.file, options.reveal)
            print(text, end="")
        else:
            status = _check_script(options.file, options.reveal)
    except (_notebook.CannotRun, TimeoutError) as error:
        return _complain(str(error))
    except SyntaxError as error:
        return _complain(f"{options.file}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}")
    except OSError as error:
        return _complain(f"{options.file}: {error.strerror}")
    if status == _notebook.NOTHING:
        return _complain(f"{options.file}: none of the notebook's functions is there")
    return status


def _check_script(path: str, reveal: bool) -> int:
    names, failures = _script.names_of(path)
    print(words_on_failures(failures), end="")
    return _notebook.check_names(names, reveal)


def _complain(text: str) -> int:
    print(f"convstep check: {text}", file=sys.stderr)
    return _notebook.NOTHING


if __name__ == "__main__":
    sys.exit(main())
