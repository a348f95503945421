// in_words.h: the errors of an operation in the words of who calls it.
#pragma once

#include "convstep/error.h"
#include "convstep/runtime.h"

namespace convstep {

// Calls compute(progress) and throws what the operations in it throw, but in these words. They find all that is wrong
// before they report progress: what comes later is the callback's own, and stays as it is.
template <class Compute>
auto in_words(const Wording& wording, const ProgressCallback& progress, const Compute& compute) {
  bool is_checked = false;
  const auto report = [&](int64_t done, int64_t total) {
    is_checked = true;
    progress(done, total);
  };
  try {
    return compute(progress ? report : ProgressCallback());
  } catch (const ShapeError& error) {
    if (is_checked) throw;
    throw ShapeError(error, wording);
  } catch (const ParameterError& error) {
    if (is_checked) throw;
    throw ParameterError(error, wording);
  }
}

// The same for what reports no progress.
template <class Compute>
auto in_words(const Wording& wording, const Compute& compute) {
  return in_words(wording, {}, [&](const ProgressCallback&) { return compute(); });
}

}  // namespace convstep
