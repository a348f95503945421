// pattern.h: where outputs are wrong, and where they are not.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "notebook/check/comparison.h"

namespace convstep::check {

// "; all are right where the stride is 1", "; 3 of 48 numbers differ, none of them in the first image".
std::string pattern_text(CheckedFunction function, std::span<const CheckCase> cases,
                         const std::vector<Differences>& differences);

}  // namespace convstep::check
