// runtime.h: what a call does besides its arithmetic.
#pragma once

#include <cstdint>
#include <functional>

namespace convstep {

// Called on the caller's thread again and again while an operation runs, with how much is done of how much there is
// (output pixels or larger parts; it never falls, and the last call says that all is done). It may throw: the operation
// then stops, the exception reaches the caller, and the contents of the output are unspecified. That is how a long call
// is interrupted.
using ProgressCallback = std::function<void(int64_t done, int64_t total)>;

// The version of the library, "MAJOR.MINOR.PATCH".
const char* version();

}  // namespace convstep
