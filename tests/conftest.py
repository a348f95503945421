"""What the Python tests share: where the programs under test are, and the one that reads and writes files."""

import os
import pathlib
from collections.abc import Iterator

import pytest
from bridge import Bridge

# A program under the address sanitizer is to fail on a huge allocation as any other does: with bad_alloc.
os.environ.setdefault("ASAN_OPTIONS", "allocator_may_return_null=1")

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def build_dir() -> pathlib.Path:
    """The build tree under test: $CONVSTEP_BUILD_DIR, or build/release."""
    return pathlib.Path(os.environ.get("CONVSTEP_BUILD_DIR", ROOT / "build" / "release")).resolve()


@pytest.fixture(scope="module")
def bridge(build_dir: pathlib.Path) -> Iterator[Bridge]:
    """npy_bridge, running for all tests of a file."""
    with Bridge(build_dir / "tests" / "npy_bridge") as program:
        yield program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A place for the files that it reads and writes."""
    return tmp_path_factory.mktemp("files")
