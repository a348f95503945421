// function_kernel.h: functions that networks apply to each number, of a run of numbers, in plain signatures. Those of
// activation.h are in activation_kernel.h.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

enum class Function {
  kElu,          // x where x > 0, a * expm1(c * x) elsewhere; times b
  kErf,          // erf(x)
  kExp,          // exp(x - a)
  kGelu,         // x * (1 + erf(x / sqrt(2))) / 2
  kGeluByTanh,   // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
  kHardSigmoid,  // a * x + b, but 0 or more and 1 or less
  kHardSwish,    // x * hard_sigmoid(x), with a and b
  kMish,         // x * tanh(softplus(x))
  kSoftplus,     // log(1 + exp(x))
  kSwish,        // x / (1 + exp(-a * x))
};
struct FunctionParameters {
  double a = 0, b = 0, c = 0;
};

// to[i] = function(from[i]) for i < count; `to` may be `from`. NaN gives NaN, and a value does not depend on where it
// stands. kErf, kExp and kSoftplus are at most 3.5 units in the last place from the true value; the others lose what
// their formulas do.
void function_run(const Target& target, const float* from, float* to, int64_t count, Function function,
                  const FunctionParameters& parameters);
void function_run(const Target& target, const double* from, double* to, int64_t count, Function function,
                  const FunctionParameters& parameters);

}  // namespace convstep::kernels
