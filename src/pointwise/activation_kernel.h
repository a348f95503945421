// activation_kernel.h: activations of a run of numbers, in plain signatures.
#pragma once

#include <cstdint>

#include "convstep/activation.h"
#include "runtime/targets.h"

namespace convstep::kernels {

// to[i] = activation(from[i]) for i < count; `to` may be `from`.
void activate_run(const Target& target, const float* from, float* to, int64_t count, Activation activation,
                  float slope);
void activate_run(const Target& target, const double* from, double* to, int64_t count, Activation activation,
                  double slope);

}  // namespace convstep::kernels
