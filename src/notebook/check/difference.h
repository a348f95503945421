// difference.h: one output written out: its window, its terms, and what would have to change.
#pragma once

#include "convstep/check.h"

namespace convstep::check {

// `difference` has number, output, index, yours and right; this adds the rest. `output` counts the function's outputs.
void write_out(CheckedFunction function, const CheckCase& one, size_t output, CheckDifference& difference);

}  // namespace convstep::check
