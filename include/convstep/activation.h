// activation.h: the function applied to every number of a layer, A = activation(Z).
//
//   kNone       x
//   kRelu       max(x, 0)
//   kRelu6      min(max(x, 0), 6)
//   kLeakyRelu  x where x >= 0, slope * x elsewhere
//   kSigmoid    1 / (1 + exp(-x)), computed without overflow
//   kTanh       tanh(x)
//
// NaN gives NaN. kRelu and kRelu6 turn -0 into +0. kSigmoid and kTanh are at most 3.5 units in the last place from the
// true value, down to the smallest denormals; the others are exact, but for the rounding of one product. Readable
// version: src/reference/activation.cc.
#pragma once

#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

enum class Activation { kNone, kRelu, kRelu6, kLeakyRelu, kSigmoid, kTanh };

// output[n,y,x,c] = activation(input[n,y,x,c]), for arrays of one shape. The output may be the input itself (same
// view); otherwise they must not overlap. `slope` is read by kLeakyRelu alone and must be finite as a float. Throws
// ShapeError or ParameterError before anything is written.
void activation_forward(View<const float, 4> input, View<float, 4> output, Activation activation, double slope = 0.01,
                        const RunOptions& options = {});
void activation_forward(View<const double, 4> input, View<double, 4> output, Activation activation, double slope = 0.01,
                        const RunOptions& options = {});

}  // namespace convstep
