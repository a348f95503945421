#!/bin/sh
# Installs what a make target needs and this machine lacks: setup.sh demo|build|python|test|web|wasm|models|docs|tidy|format|clang|arm|torch|bench|bench-all ...
#
# Packages come from Debian by apt-get (with sudo where we are not root); Python packages go into .venv and touch nothing else.
# A machine that has them already is left alone, and needs no network.
set -eu
cd "$(dirname "$0")/.."

tool_packages="cmake ninja-build pkg-config protobuf-compiler"
command_packages="libcairo2-dev libcli11-dev libfmt-dev zlib1g-dev libspng-dev libjpeg62-turbo-dev libprotobuf-dev libhwy-dev libtbb-dev"
test_packages="libgtest-dev libgmock-dev"
venv_packages="python3 python3-venv"
python_packages="$venv_packages python3-dev"
tidy_packages="clang-tidy"
format_packages="clang-format"
clang_packages="clang libclang-rt-dev"
arm_packages="g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
web_packages="$venv_packages chromium nodejs"
wasm_packages="emscripten"
torch_packages="$venv_packages python3-torch python3-pytest"
bench_packages="libdnnl-dev libbenchmark-dev"
# PyTorch's wheel cannot be loaded without some gigabytes for graphics cards; Debian's package can. It takes what BLAS there is.
bench_all_packages="libopenblas0-pthread python3-torch python3-onnx"
# Two oneDNNs beside Debian's: the last one that was built with OpenMP, and the newest, which needs SYCL's 2 GB.
onednn_gomp="onednn-cpu-gomp==2023.2.0 onednn-devel-cpu-gomp==2023.2.0"
onednn_sycl="onednn>=2025 onednn-devel>=2025"

install_packages() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "setup: please install what your system calls:$missing" >&2
    return 0
  fi
  sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || ask_administrator $missing
    sudo="sudo"
  fi
  echo "setup: apt-get installs$missing"
  $sudo apt-get update -qq || ask_administrator $missing
  # shellcheck disable=SC2086  # one word per package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    ask_administrator $missing
}

ask_administrator() {
  echo "setup: this user may not install packages. Please ask an administrator for this, then try again:" >&2
  echo "    apt-get update && apt-get install -y --no-install-recommends $*" >&2
  exit 1
}

# make_venv DIRECTORY: an empty one, where there is none.
make_venv() {
  [ -x "$1/bin/python" ] && return 0
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  echo "setup: making $1"
  "$python" -m venv "$1"
}

# install_requirements DIRECTORY FILE: a virtual environment with what the file lists. Each file leaves a copy there, as a stamp. (The
# conflicts that pip might warn of are the demo's scikit-image and scikit-learn, which lack what they need until the tests' requirements come.)
install_requirements() {
  stamp="$1/.$(echo "$2" | tr / -)"
  cmp -s "$2" "$stamp" && return 0
  make_venv "$1"
  echo "setup: pip installs $2 into $1 (up to some minutes)"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-warn-conflicts -r "$2"
  cp "$2" "$stamp"
}

# What the demo needs of .venv: NumPy, and no more than the files in the wheels of scikit-image (the photograph) and scikit-learn (the
# digits).
install_demo() {
  .venv/bin/python -c 'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ("numpy", "skimage", "sklearn"))))' \
    2>/dev/null && return 0
  make_venv .venv
  echo "setup: pip installs NumPy, a photograph and digits into .venv (50 MB)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check 'numpy>=2.4,<3'
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps 'scikit-image>=0.22' 'scikit-learn>=1.6'
}

# Trained models: of rapidocr the files of its wheel alone, without what its code needs.
install_rapidocr() {
  "$1/bin/python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("rapidocr_onnxruntime"))' 2>/dev/null && return 0
  make_venv "$1"
  echo "setup: pip installs three trained models into $1 (15 MB)"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps 'rapidocr-onnxruntime>=1.4'
}

# Them, and what they are compared with.
install_models() {
  install_rapidocr .venv
  .venv/bin/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("onnxruntime"))' 2>/dev/null && return 0
  echo "setup: pip installs ONNX Runtime into .venv (45 MB)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts 'onnxruntime>=1.20'
}

# install_onednn DIRECTORY REQUIREMENT...: each in a directory of its own, since their files have the same names. A benchmark
# goes on without it.
install_onednn() {
  directory=".venv-bench/$1"
  shift
  [ -e "$directory/include/oneapi/dnnl/dnnl.hpp" ] && return 0
  echo "setup: installing $1"
  .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --prefix "$directory" "$@" ||
    echo "setup: could not install $1" >&2
}

# The packages of all parts at once, so that whoever has to ask for them asks once.
packages=""
for part in "$@"; do
  case "$part" in
    demo) packages="$packages $tool_packages $command_packages $venv_packages" ;;
    build) packages="$packages $tool_packages $command_packages" ;;
    tidy) packages="$packages $tidy_packages" ;;
    format) packages="$packages $format_packages" ;;
    clang) packages="$packages $clang_packages" ;;
    arm) packages="$packages $tool_packages $arm_packages" ;;
    python) packages="$packages $python_packages" ;;
    test) packages="$packages $test_packages $python_packages" ;;
    web) packages="$packages $web_packages" ;;
    wasm) packages="$packages $wasm_packages" ;;
    models | docs) packages="$packages $venv_packages" ;;
    torch) packages="$packages $torch_packages" ;;
    bench) packages="$packages $python_packages $bench_packages" ;;
    bench-all) ;;
    *)
      echo "setup: unknown part '$part'" >&2
      exit 2
      ;;
  esac
done
# shellcheck disable=SC2086  # one word per package
install_packages $packages

for part in "$@"; do
  case "$part" in
    demo) install_demo ;;
    python) install_requirements .venv python/requirements.txt ;;
    test) install_requirements .venv tests/requirements.txt ;;
    web) install_requirements .venv tests/web/requirements.txt ;;
    models) install_models ;;
    docs) install_requirements .venv-docs docs/site/requirements.txt ;;
    arm)
      # shellcheck disable=SC2086  # one word per package
      scripts/arm64_sysroot.sh build/arm64-sysroot $command_packages $test_packages
      ;;
    bench)
      install_requirements .venv-bench bench/requirements.txt
      install_rapidocr .venv-bench
      install_onednn onednn-gomp $onednn_gomp
      ;;
    bench-all)
      (install_packages $bench_all_packages) || echo "setup: could not install $bench_all_packages" >&2
      install_onednn onednn-sycl $onednn_sycl
      ;;
  esac
done
