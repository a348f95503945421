"""What the Python tests share: where the programs under test were built."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def build_dir() -> pathlib.Path:
    """The build tree under test: $CONVSTEP_BUILD_DIR, or build/release."""
    return pathlib.Path(os.environ.get("CONVSTEP_BUILD_DIR", ROOT / "build" / "release")).resolve()
