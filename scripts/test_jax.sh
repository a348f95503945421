#!/bin/sh
# Runs the example for JAX with the wheel, in an environment of its own (350 MB).
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh python
rm -rf build/jax
/usr/bin/python3 -m venv build/jax
build/jax/bin/python -m pip install --quiet --disable-pip-version-check 'jax[cpu]' pytest build/wheel/dist/*.whl
# A test that is skipped for want of JAX would say nothing.
build/jax/bin/python -c 'import jax'
build/jax/bin/python -m pytest -q tests/python/test_package_jax.py
