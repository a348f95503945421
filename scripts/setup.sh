#!/bin/sh
# Installs what a make target needs and this machine lacks: setup.sh build|python|docs|tidy|format|clang|bench|bench-all ...
#
# Packages come from Debian by apt-get (with sudo where we are not root); Python packages go into .venv and touch nothing else.
# A machine that has them already is left alone, and needs no network.
set -eu
cd "$(dirname "$0")/.."

build_packages="cmake ninja-build pkg-config libcairo2-dev libcli11-dev libfmt-dev libgtest-dev libgmock-dev zlib1g-dev libspng-dev libjpeg62-turbo-dev libhwy-dev libtbb-dev"
python_packages="python3 python3-dev python3-venv"
tidy_packages="clang-tidy"
format_packages="clang-format"
clang_packages="clang libclang-rt-dev"
bench_packages="libdnnl-dev libbenchmark-dev"
# PyTorch's wheel cannot be loaded without some gigabytes for graphics cards; Debian's package can. It takes what BLAS there is.
bench_all_packages="libopenblas0-pthread python3-torch"
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
  [ "$(id -u)" = 0 ] || sudo="sudo"
  echo "setup: installing$missing"
  $sudo apt-get update -qq
  # shellcheck disable=SC2086  # one word per package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

install_python() {
  stamp=.venv/.requirements.txt
  cmp -s tests/requirements.txt "$stamp" && return 0
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  echo "setup: making .venv"
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$stamp"
}

install_docs() {
  stamp=.venv-docs/.requirements.txt
  cmp -s docs/site/requirements.txt "$stamp" && return 0
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  echo "setup: making .venv-docs"
  "$python" -m venv .venv-docs
  .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check -r docs/site/requirements.txt
  cp docs/site/requirements.txt "$stamp"
}

install_bench() {
  stamp=.venv-bench/.requirements.txt
  cmp -s bench/requirements.txt "$stamp" && return 0
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  echo "setup: making .venv-bench"
  "$python" -m venv .venv-bench
  .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
  cp bench/requirements.txt "$stamp"
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

for part in "$@"; do
  case "$part" in
    build) install_packages $build_packages ;;
    tidy) install_packages $tidy_packages ;;
    format) install_packages $format_packages ;;
    clang) install_packages $clang_packages ;;
    python)
      install_packages $python_packages
      install_python
      ;;
    docs)
      install_packages $python_packages
      install_docs
      ;;
    bench)
      install_packages $python_packages $bench_packages
      install_bench
      install_onednn onednn-gomp $onednn_gomp
      ;;
    bench-all)
      install_packages $bench_all_packages || echo "setup: could not install $bench_all_packages" >&2
      install_onednn onednn-sycl $onednn_sycl
      ;;
    *)
      echo "setup: unknown part '$part'" >&2
      exit 2
      ;;
  esac
done
