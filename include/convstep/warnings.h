// warnings.h: what deserves to be known about a call that did what it was asked to.
#pragma once

#include <string>
#include <vector>

#include "convstep/export.h"

namespace CONVSTEP_EXPORT convstep {

// Lines such as "PATH: CAUSE", in the order in which they came up. Functions that take a `Warnings*` add to it; where
// it is null, nobody wants to know.
using Warnings = std::vector<std::string>;

}  // namespace convstep
