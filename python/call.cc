#include "python/call.h"

#include <chrono>
#include <string>
#include <utility>

namespace convstep::python {
namespace {

using Clock = std::chrono::steady_clock;

// Often enough to seem immediate, rarely enough that taking the GIL costs nothing.
constexpr std::chrono::milliseconds kBetweenLooks{50};

std::string python_name(const std::string& argument, const Words& words) {
  const std::pair<const char*, const char*> names[] = {
      {"input", words.input},   {"weights", words.weights}, {"weights (KH, KW)", words.weights_window},
      {"window", words.window}, {"padding", words.padding}, {"output", words.output}};
  for (const auto& [library, python] : names) {
    if (argument == library) return python;
  }
  return argument;
}

}  // namespace

ProgressCallback interruptible() {
  return [next = Clock::now() + kBetweenLooks](int64_t, int64_t) mutable {
    if (Clock::now() < next) return;
    const nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    next = Clock::now() + kBetweenLooks;
  };
}

void raise_value_error(const ArgumentError& error, const Words& words) {
  const std::string rest = std::string(error.what()).substr(error.argument().size());
  throw nb::value_error((python_name(error.argument(), words) + rest + words.remark).c_str());
}

}  // namespace convstep::python
