#include "convstep/runtime.h"

#include <nanobind/nanobind.h>

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
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
  return with_value_errors(kNhwcWording, [] { return to_str(simd_target()); });
}

void python_set_simd_target(nb::handle target) {
  const std::string name = to_text("target", target);
  with_value_errors(kNhwcWording, [&] { set_simd_target(name); });
}

int python_num_threads() {
  return with_value_errors(kNhwcWording, [] { return num_threads(); });
}

void python_set_num_threads(nb::handle threads) {
  const int64_t number = to_integer("threads", threads);
  if (number < 0 || number > kMaxThreads) {  // it may not fit in the library's int
    throw nb::value_error(("threads: got " + std::to_string(number) + ", expected 0 to 1024").c_str());
  }
  set_num_threads(static_cast<int>(number));
}

void python_set_caller_may_move(nb::handle may) { set_caller_may_move(to_bool("may", may)); }

void python_release_memory() {
  without_gil([] { release_memory(); });
}

}  // namespace

void define_runtime() {
  define<&python_simd_targets>("simd_targets");
  define<&python_simd_target>("simd_target");
  define<&python_set_simd_target>("set_simd_target");
  define<&python_num_threads>("num_threads");
  define<&python_set_num_threads>("set_num_threads");
  define<&python_release_memory>("release_memory");
  define<&caller_may_move>("caller_may_move");
  define<&python_set_caller_may_move>("set_caller_may_move");
}

}  // namespace convstep::python
