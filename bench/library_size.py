"""How large the library is as a shared one, stripped: the layers, with networks, with the learner's checks, and with the reader of .onnx files.

    python bench/library_size.py [build/release]

The objects are those that CMake made for the static library there, so that no second build is needed.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

OF_NETWORKS = re.compile(r"/src/(network/|pointwise/(chain|function)_kernel)")  # the latter: operations by element
OF_CHECKS = re.compile(r"/src/notebook/check/")
PACKAGES = {"convstep": ["libhwy", "tbb"], "io": ["spng", "libjpeg", "zlib"], "onnx": ["protobuf-lite"]}


def is_of(part: re.Pattern[str], source: pathlib.Path) -> bool:
    """Files that are compiled together are included by one that CMake writes."""
    return bool(part.search(source.read_text() if source.parent.name == "Unity" else str(source)))


def objects(build: pathlib.Path) -> tuple[dict[str, list[pathlib.Path]], set[pathlib.Path], set[pathlib.Path]]:
    """Those of each library, and which are of networks, and of checks."""
    found: dict[str, list[pathlib.Path]] = {name: [] for name in PACKAGES}
    of_networks, of_checks = set(), set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = re.search(r" -o (\S+)", entry["command"]).group(1)
        target = re.match(r"src/(?:io/|onnx/)?CMakeFiles/convstep(_kernels|_small|_io|_onnx|_onnx_file)?\.dir/", path)
        if target:
            name = {None: "convstep", "_kernels": "convstep", "_small": "convstep", "_io": "io"}.get(target.group(1), "onnx")
            found[name].append(build / path)
            for part, paths in ((OF_NETWORKS, of_networks), (OF_CHECKS, of_checks)):
                if is_of(part, pathlib.Path(entry["file"])):
                    paths.add(build / path)
    return found, of_networks, of_checks


def linked_size(paths: list[pathlib.Path], packages: list[str]) -> int:
    flags = subprocess.run(["pkg-config", "--libs", *packages], capture_output=True, text=True, check=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder, "library.so")
        subprocess.run(["g++", "-shared", "-s", "-o", library, *paths, *flags], check=True)
        return library.stat().st_size


def main() -> None:
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release")
    of, of_networks, of_checks = objects(build)
    layers = [path for path in of["convstep"] if path not in of_networks | of_checks]
    unchecked = [path for path in of["convstep"] if path not in of_checks]
    print(f"layers                  {linked_size(layers, PACKAGES['convstep']):10,} bytes")
    print(f"... and networks        {linked_size(unchecked, PACKAGES['convstep']):10,}")
    print(f"... and checks          {linked_size(of['convstep'], PACKAGES['convstep']):10,}")
    everything = [path for paths in of.values() for path in paths]
    print(f"... files and .onnx     {linked_size(everything, sum(PACKAGES.values(), [])):10,}")


if __name__ == "__main__":
    main()
