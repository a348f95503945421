// activation_checks.h: checks of options that several layers share.
#pragma once

#include "convstep/activation.h"
#include "convstep/error.h"

namespace convstep {

// Throws ParameterError for a value outside the enumeration or a slope that is not finite.
void check_activation(Activation activation, double slope);

}  // namespace convstep
