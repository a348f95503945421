#include "convstep/runtime.h"

#include <nanobind/nanobind.h>

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/options.h"

namespace convstep::python {
namespace {

nb::str to_str(const std::string& text) { return nb::str(text.c_str(), text.size()); }

nb::object python_simd_targets() {
  nb::list names;
  for (const std::string& name : simd_targets()) names.append(to_str(name));
  return names;
}

nb::object python_simd_target() {
  return with_value_errors(kEcosystemWords, [] { return to_str(simd_target()); });
}

void python_set_simd_target(nb::handle target) {
  const std::string name = to_text("target", target);
  with_value_errors(kEcosystemWords, [&] { set_simd_target(name); });
}

int python_num_threads() {
  return with_value_errors(kEcosystemWords, [] { return num_threads(); });
}

void python_set_num_threads(nb::handle threads) {
  const int64_t number = to_integer("threads", threads);
  if (number < 0 || number > kMaxThreads) {  // it may not fit in the library's int
    throw nb::value_error(("threads: got " + std::to_string(number) + ", expected 0 to 1024").c_str());
  }
  set_num_threads(static_cast<int>(number));
}

constexpr const char* kSimdTargetsDoc = R"(The SIMD instruction sets that calls can use on this machine, best first.

Returns
-------
names : list of str
    Such as "avx512", "avx2", "sse4" or "neon"; the last one, "emulated" or "scalar", needs nothing of the processor.

Examples
--------
>>> len(simd_targets()) >= 1
True
)";

constexpr const char* kSimdTargetDoc = R"(The SIMD instruction set that calls use.

The best one, unless `set_simd_target` or the environment variable CONVSTEP_TARGET says otherwise.

Returns
-------
name : str

Raises
------
ValueError
    CONVSTEP_TARGET names a target that this machine does not have.

Examples
--------
>>> simd_target() in simd_targets()
True
)";

constexpr const char* kSetSimdTargetDoc = R"(Choose the SIMD instruction set of all calls from now on.

Results are the same bits on all targets with fused multiply-add, which are all but "sse4", "emulated" and "scalar".

Parameters
----------
target : str
    One of `simd_targets()`, or "" for the best.

Raises
------
ValueError
    This machine does not have that target.
TypeError
    `target` is no string.

Examples
--------
>>> set_simd_target(simd_targets()[-1])
>>> simd_target() == simd_targets()[-1]
True
>>> set_simd_target("")
)";

constexpr const char* kNumThreadsDoc = R"(How many threads a call uses that is not told otherwise.

At first what the environment variable CONVSTEP_NUM_THREADS says, or else as many processors as the process may use.
Calls too small to gain stay on the caller's thread. So do all calls in a child forked after threads were used, where this is 1.

Returns
-------
threads : int

Raises
------
ValueError
    CONVSTEP_NUM_THREADS is no number from 1 to 1024.

Examples
--------
>>> num_threads() >= 1
True
)";

constexpr const char* kSetNumThreadsDoc = R"(Choose how many threads a call uses that is not told otherwise.

The number of threads never changes a bit of any result.

Parameters
----------
threads : int
    1 to 1024, or 0 for what it was at first.

Raises
------
ValueError, TypeError
    `threads` is another number, or none.

Examples
--------
>>> set_num_threads(2)
>>> num_threads()
2
>>> set_num_threads(0)
)";

}  // namespace

void bind_runtime(nb::module_& module) {
  module.def("simd_targets", &python_simd_targets, kSimdTargetsDoc);
  module.def("simd_target", &python_simd_target, kSimdTargetDoc);
  module.def("set_simd_target", &python_set_simd_target, nb::arg("target").none(), kSetSimdTargetDoc);
  module.def("num_threads", &python_num_threads, kNumThreadsDoc);
  module.def("set_num_threads", &python_set_num_threads, nb::arg("threads").none(), kSetNumThreadsDoc);
}

}  // namespace convstep::python
