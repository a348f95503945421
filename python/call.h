// call.h: how the library is called from Python: without the GIL, open to Ctrl-C, with Python's exceptions.
#pragma once

#include <nanobind/nanobind.h>

#include "convstep/error.h"
#include "convstep/runtime.h"
#include "python/arrays.h"
#include "python/wording.h"

namespace convstep::python {

// Calls that read fewer elements or products than this end before anybody could press Ctrl-C.
inline constexpr int64_t kWorthInterrupting = 1'000'000;

// Looks for pending signals now and then and throws what their handlers raise, so that Ctrl-C ends a long call.
ProgressCallback interruptible();

// Takes back, for as long as it lives, the GIL that this thread gave up (progress is reported on the caller's thread).
class GilHeld {
 public:
  GilHeld();
  ~GilHeld();
  GilHeld(const GilHeld&) = delete;
  GilHeld& operator=(const GilHeld&) = delete;
};

// Gives up the GIL for as long as it lives. nb::gil_scoped_release would do, but for threads that compute while the
// interpreter shuts down: see take_gil in call.cc.
class GilReleased {
 public:
  GilReleased();
  ~GilReleased();
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;
};

// Runs compute() without the GIL. The buffers of the arrays stay exported meanwhile.
template <class Compute>
void without_gil(Compute compute) {
  const GilReleased released;
  compute();
}

// Runs function() and turns the library's errors into Python's, in these words.
template <class Function>
auto with_value_errors(const Wording& wording, Function function) {
  try {
    return function();
  } catch (const ArgumentError& error) {
    throw nb::value_error(ArgumentError(error, wording).what());
  }
}

// Calls compute(float()) or compute(double()).
template <class Compute>
auto with_scalar(Scalar scalar, Compute compute) {
  return scalar == Scalar::kFloat ? compute(float()) : compute(double());
}

template <class T>
inline constexpr char kFormat = sizeof(T) == sizeof(float) ? 'f' : 'd';

}  // namespace convstep::python
