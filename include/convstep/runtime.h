// runtime.h: what a call does besides its arithmetic.
#pragma once

#include <cstdint>
#include <functional>

namespace convstep {

// Called on the caller's thread now and then while an operation runs, with the number of output rows that are finished
// and the number there are. It may throw: the operation then stops, the exception reaches the caller, and the contents
// of the output are unspecified. That is how a long call is interrupted.
using ProgressCallback = std::function<void(int64_t done, int64_t total)>;

// The version of the library, "MAJOR.MINOR.PATCH".
const char* version();

}  // namespace convstep
