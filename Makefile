# The front door. Every target sets up what it needs by itself: Debian packages (apt-get, with sudo where needed), a Python
# environment in .venv, the CMake presets. These are all; `make` alone prints them:
#
#   make demo       the notebook replayed, a photograph through a convolution layer, a network that learns digits
#   make test       build, C++ tests, Python tests
#   make build      the command, build/release/convstep, and the libraries that `cmake --install build/release` installs; no tests
#   make python     the Python package, into .venv:  source .venv/bin/activate
#   make test-full  what make test runs; the wheel in a bare environment, beside PyTorch and JAX; shared libraries; the sweeps
#                   over every small layer; the tests again under clang and under the sanitizers, with more cases
#   make test-web   the page of convstep explain, in Chromium and Node
#   make wasm       src/reference as WebAssembly, which the page of the next make build and make python carries
#   make test-tsan  the C++ tests under the thread sanitizer
#   make test-arm   the C++ tests on 64-bit ARM, cross-compiled, under qemu
#   make bench      every layer and network beside every peer that installs, and what a call from Python costs beside np.add (an hour)
#   make bench-quick   some layers of each kind, within 3 minutes
#   make docs       a site of the pages and the references of C++, Python and the command: build/docs/html/index.html
#   make fuzz       feed broken files to the readers, and models to plans and runs, FUZZ_SECONDS (60) for each kind
#   make tidy       clang-tidy over src and cli, but for the kernels
#   make format     reformat every source file;  make format-check only looks
#   make clean      remove what the above made
.PHONY: help demo test test-full bench bench-quick docs fuzz build python tidy format format-check clean bench-adapters \
  test-arm test-tsan test-web wasm setup-demo setup-test setup-arm setup-web setup-wasm setup-build setup-python setup-docs setup-tidy setup-format setup-bench setup-bench-all

# One target after another, though asked for -j: two at once would install into one place. Compilers run side by side anyway.
.NOTPARALLEL:

# In CI every warning is an error; elsewhere a newer compiler's new warning should not keep anybody from building.
WERROR := $(if $(CI),ON,OFF)
# The tests take libraries of their own, so they are configured for `make test`. From then on build/release keeps
# them, so that ctest goes on to work there.
TESTS = $(if $(wildcard build/release/tests),ON,OFF)
# The page carries it once it is there.
WASM = $(wildcard $(CURDIR)/build/wasm/reference.base64)
CONFIGURE = cmake --preset release -DCONVSTEP_WASM=$(WASM) -DCONVSTEP_UNITY_BUILD=ON -DCONVSTEP_BUILD_TESTS=$(TESTS) -DCONVSTEP_WARNINGS_AS_ERRORS=$(WERROR)
PYTHON := .venv/bin/python
BENCH := .venv-bench/bin/python bench/compare.py
FUZZ_SECONDS := 60
# Two files of tests at a time; those of the page want a browser, and are make test-web's.
PYTEST := $(PYTHON) -m pytest -q -n 2 --dist loadfile --ignore=tests/web tests

help:
	@sed -n 's/^#   /  /p' $(firstword $(MAKEFILE_LIST))

demo: setup-demo build
	PATH="$(CURDIR)/build/release:$$PATH" PYTHON="$(CURDIR)/$(PYTHON)" examples/photo_demo.sh demo
	cmake --install build/release --prefix build/installed >/dev/null
	cmake -G Ninja -S examples/digits -B build/digits -DCMAKE_PREFIX_PATH="$(CURDIR)/build/installed" >/dev/null
	cmake --build build/digits >/dev/null
	PATH="$(CURDIR)/build/release:$(CURDIR)/build/digits:$$PATH" PYTHON="$(CURDIR)/$(PYTHON)" examples/digits/demo.sh demo/digits

test: TESTS = ON
test: setup-test build python
	cmake --build --preset release
	ctest --preset release -LE full
	CONVSTEP_BUILD_DIR=build/release $(PYTEST)

test-full: TESTS = ON
test-full: test test-web
	scripts/test_wheel.sh
	scripts/test_torch.sh
	scripts/test_jax.sh
	CONVSTEP_BUILD_DIR=build/release CONVSTEP_CASES=full $(PYTHON) -m pytest -q -n 2 tests/python/test_onnx.py \
	  tests/python/test_package_differences.py tests/io/test_npy.py tests/notebook/test_numpy_text.py
	scripts/setup.sh models
	CONVSTEP_BUILD_DIR=build/release CONVSTEP_CASES=full $(PYTHON) -m pytest -q -n 2 tests/onnx/test_models.py tests/onnx/test_random_models.py \
	  tests/onnx/test_damaged_models.py
	$(CONFIGURE) -DCONVSTEP_FULL_TESTS=ON
	cmake --build --preset release
	CONVSTEP_CASES=full ctest --preset release -R 'SweepTest|PoolKernelTest|^Overflow|^shared$$'
	scripts/setup.sh clang
	export LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0; \
	for preset in clang asan-ubsan; do \
	  cmake --preset $$preset && cmake --build --preset $$preset && ctest --preset $$preset -LE full && \
	  CONVSTEP_BUILD_DIR=build/$$preset CONVSTEP_CASES=full $(PYTEST) --ignore=tests/python || exit 1; \
	done

test-web: setup-test setup-web python
	CONVSTEP_BUILD_DIR=build/release $(PYTHON) -m pytest -q -n 2 tests/web

wasm: setup-wasm
	web/wasm/build.sh build/wasm
	@echo "The page carries it after the next make build, make python"

test-tsan: setup-test
	cmake --preset tsan
	cmake --build --preset tsan
	ctest --preset tsan -LE full

# The C++ tests on 64-bit ARM, cross-compiled, under qemu: all but the death tests, which start their program
# anew, so that the system would have to know what to do with a program for ARM; and one that looks at the threads of
# its process, of which qemu has one of its own.
test-arm: setup-arm
	cmake --preset arm64
	cmake --build --preset arm64
	ctest --preset arm64

bench: python setup-bench-all bench-adapters
	$(PYTHON) bench/call_overhead.py
	$(BENCH)
	$(BENCH) --gradients
	.venv-bench/bin/python bench/networks.py
	$(PYTHON) bench/training.py

bench-quick: bench-adapters
	$(BENCH) --quick
	.venv-bench/bin/python bench/networks.py --quick

bench-adapters: setup-build setup-bench
	$(CONFIGURE) -DCONVSTEP_BUILD_BENCH=ON
	cmake --build --preset release --target convstep_bench_adapters conv_bench pool_bench

docs: build setup-docs
	.venv-docs/bin/python docs/site/stage.py build/docs/pages build/release/convstep
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	@echo "See build/docs/html/index.html"

fuzz: setup-build setup-test
	scripts/setup.sh clang
	cmake --preset fuzz
	cmake --build --preset fuzz
	$(PYTHON) fuzz/seeds.py build/fuzz/seeds
	export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=512; \
	for kind in files onnx network; do \
	  mkdir -p build/fuzz/corpus/$$kind; \
	  build/fuzz/fuzz/$${kind}_fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -rss_limit_mb=2048 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$kind build/fuzz/seeds/$$kind || exit 1; \
	done

# What is installed, and no tests.
build: setup-build
	$(CONFIGURE)
	cmake --build --preset release --target convstep_main

# The package out of the libraries in build/release: only its bindings are compiled, in a folder that is kept. (For
# --no-warn-conflicts see install_requirements in scripts/setup.sh.)
python: setup-python build
	cmake --install build/release --prefix build/installed >/dev/null
	@echo "Building the Python package into .venv (a minute at first)"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --no-build-isolation '.[draw]' \
	  --config-settings=build-dir=build/python \
	  --config-settings=cmake.define.CONVSTEP_INSTALLED=$(CURDIR)/build/installed \
	  --config-settings=cmake.define.CONVSTEP_WASM=$(WASM) \
	  --config-settings=cmake.define.CONVSTEP_WARNINGS_AS_ERRORS=$(WERROR)
	@echo "The Python package is in .venv. To use it: source .venv/bin/activate"

# Not the kernels: these checks are not made for files that include themselves once per SIMD target.
tidy: setup-build setup-tidy
	$(CONFIGURE) -DCONVSTEP_UNITY_BUILD=OFF
	run-clang-tidy -quiet -p build/release '/(src/(?!.*kernel\.cc)|cli/)'

format: setup-format
	git ls-files '*.h' '*.cc' | xargs clang-format -i

format-check: setup-format
	git ls-files '*.h' '*.cc' | xargs clang-format --dry-run --Werror

clean:
	rm -rf build demo .venv .venv-bench .venv-docs

setup-demo:
	scripts/setup.sh demo

setup-test:
	scripts/setup.sh build test

setup-arm:
	scripts/setup.sh arm

setup-web:
	scripts/setup.sh web

setup-wasm:
	scripts/setup.sh wasm

setup-build:
	scripts/setup.sh build

setup-python:
	scripts/setup.sh build python

setup-docs:
	scripts/setup.sh docs

setup-tidy:
	scripts/setup.sh tidy

setup-format:
	scripts/setup.sh format

setup-bench:
	scripts/setup.sh bench

setup-bench-all: setup-bench
	scripts/setup.sh bench-all
