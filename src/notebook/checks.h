// checks.h: checks of the notebook's hyperparameters.
#pragma once

#include <string>

#include "convstep/error.h"
#include "convstep/pool.h"

namespace convstep {

inline void check_at_least(int64_t least, const char* argument, int64_t value) {
  if (value < least) throw ParameterError(argument, std::to_string(value), std::to_string(least) + " or more");
}

inline PoolMode to_pool_mode(const std::string& mode) {
  if (mode == "max") return PoolMode::kMax;
  if (mode == "average") return PoolMode::kAverage;
  throw ParameterError("mode", "\"" + mode + "\"", "\"max\" or \"average\"");
}

}  // namespace convstep
