// search.h: which known mistakes explain outputs.
#pragma once

#include <span>
#include <vector>

#include "convstep/check.h"
#include "notebook/check/mutants.h"

namespace convstep::check {

enum class Explain { kValues, kShapes };

// The one mistake, or else the two, that give these outputs (or their shapes) in all cases; none where there are none.
// Of several the first in the table.
std::vector<const Mutant*> explanation(CheckedFunction function, std::span<const CheckCase> cases,
                                       std::span<const CheckOutputs> yours, Explain what);

// Do the choices give these outputs in all cases?
bool explains(CheckedFunction function, std::span<const CheckCase> cases, std::span<const CheckOutputs> yours,
              const Choices& choices, Explain what);

}  // namespace convstep::check
