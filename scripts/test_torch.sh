#!/bin/sh
# Runs the tests against PyTorch: Debian's, for the wheel on PyPI needs some gigabytes for graphics cards to be loaded. It comes with an
# older NumPy, so the wheel runs in an environment of its own that sees Debian's packages.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh torch
rm -rf build/torch
/usr/bin/python3 -m venv --system-site-packages build/torch
build/torch/bin/python -m pip install --quiet --disable-pip-version-check --no-deps build/wheel/dist/*.whl
# A test that is skipped for want of PyTorch would say nothing.
build/torch/bin/python -c 'import torch'
build/torch/bin/python -m pytest -q tests/python/test_package_torch.py tests/python/test_package_torch_backward.py
