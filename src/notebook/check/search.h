// search.h: which known mistakes explain outputs.
#pragma once

#include <span>
#include <vector>

#include "convstep/check.h"
#include "notebook/check/mutants.h"

namespace convstep::check {

enum class Explain { kValues, kShapes };

// The one mistake, or else the two, that give these outputs (or their shapes) in all cases; none where there are none,
// or more than `most`. Of several the first in the table. Where outputs are none at all the call ended with an
// exception, as it must with the mistake.
std::vector<const Mutant*> explanation(CheckedFunction function, std::span<const CheckCase> cases,
                                       std::span<const CheckOutputs> yours, Explain what, size_t most = 2);

// All single mistakes that do.
std::vector<const Mutant*> explanations(CheckedFunction function, std::span<const CheckCase> cases,
                                        std::span<const CheckOutputs> yours, Explain what);

// Do the choices give these outputs in all cases?
bool explains(CheckedFunction function, std::span<const CheckCase> cases, std::span<const CheckOutputs> yours,
              const Choices& choices, Explain what);

}  // namespace convstep::check
