// numerics_check.h: the check of an option that operations share.
#pragma once

#include <string>

#include "convstep/error.h"
#include "convstep/numerics.h"

namespace convstep {

// Throws ParameterError for a value outside the enumeration.
inline void check_numerics(Numerics numerics) {
  if (numerics == Numerics::kFast || numerics == Numerics::kNumpy) return;
  throw ParameterError("numerics", std::to_string(static_cast<int>(numerics)), "a value of Numerics");
}

}  // namespace convstep
