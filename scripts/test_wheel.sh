#!/bin/sh
# Builds the wheel into build/wheel and runs it in a bare virtual environment, which has NumPy beside it and nothing else.
set -eu
cd "$(dirname "$0")/.."
rm -rf build/wheel
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
.venv/bin/python -m venv build/wheel/venv
build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
cd build/wheel
venv/bin/python -c '
import numpy, convstep
random = numpy.random.RandomState(1)
A_prev, W, b = random.randn(10, 5, 7, 4), random.randn(3, 3, 4, 8), random.randn(1, 1, 1, 8)
Z, _ = convstep.conv_forward(A_prev, W, b, {"pad": 1, "stride": 2})
assert numpy.mean(Z) == 0.6923608807576933
print("the wheel works:", convstep.Conv2d(W, b.reshape(8), stride=2, padding=1).describe())
'
