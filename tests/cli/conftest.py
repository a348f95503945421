"""What the tests of the command share: a way to run it, and a layer in files."""

import os
import re
import subprocess

import numpy as np
import pytest


@pytest.fixture
def convstep(build_dir, tmp_path):
    """Runs the command in an empty directory."""

    def run(*arguments: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess:
        command = [build_dir / "convstep", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **environment})
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def refused(convstep, tmp_path):
    """Runs the command, which must fail: one line on stderr, nothing on stdout, no new file. Returns the line."""

    def run(*arguments: str, status: int = 1, **environment: str) -> str:
        before = sorted(tmp_path.iterdir())
        done = convstep(*arguments, status=status, **environment)
        assert sorted(tmp_path.iterdir()) == before
        assert done.stdout == ""
        # The address sanitizer has its own word on an allocation that is too large.
        line = re.sub(r"^==\d+==WARNING: AddressSanitizer failed to allocate .*\n", "", done.stderr)
        assert line.endswith("\n") and line.count("\n") == 1, line
        assert line.startswith("convstep")
        return line

    return run


@pytest.fixture
def layer(tmp_path):
    """The arrays of the notebook's conv_forward cell, as files: A_prev.npy, W.npy, b.npy."""
    random = np.random.RandomState(1)
    arrays = {"A_prev": random.randn(10, 5, 7, 4), "W": random.randn(3, 3, 4, 8), "b": random.randn(1, 1, 1, 8)}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return arrays
