"""What the Python tests share: where the programs under test were built."""

import os
import pathlib

import pytest

# A program under the address sanitizer is to fail on a huge allocation as any other does: with bad_alloc.
os.environ.setdefault("ASAN_OPTIONS", "allocator_may_return_null=1")

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def build_dir() -> pathlib.Path:
    """The build tree under test: $CONVSTEP_BUILD_DIR, or build/release."""
    return pathlib.Path(os.environ.get("CONVSTEP_BUILD_DIR", ROOT / "build" / "release")).resolve()
