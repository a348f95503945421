// activation.h: the function applied to every number of a layer, A = activation(Z), and its gradient.
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

// input_grad[n,y,x,c] = grad[n,y,x,c] * activation'(input[n,y,x,c]), for arrays of one shape: `grad` is the gradient of
// the activation's outputs, `input` what activation_forward was given (not its outputs).
//
//   kNone       grad
//   kRelu       grad where input > 0, elsewhere 0
//   kRelu6      grad where 0 < input < 6, elsewhere 0
//   kLeakyRelu  grad where input > 0, elsewhere slope * grad
//   kSigmoid    grad * e / (1 + e)^2 with e = exp(-|input|), which is sigmoid * (1 - sigmoid) without cancellation
//   kTanh       grad / cosh(input)^2, which is 1 - tanh^2 without cancellation
//
// At 0 the derivative is that of the negative side, and at 6 that of the side above: relu'(0) = relu6'(6) = 0, as in
// PyTorch and TensorFlow. Where kRelu and kRelu6 are flat, the gradient is 0 whatever grad holds, NaN and infinity
// included. Where the input is NaN, it is NaN, but for kNone. Those of kSigmoid and kTanh are at most 6 units in the
// last place from the true value, where that is a normal number; the others are exact, but for the product.
//
// input_grad may be grad itself or input itself (the same view); otherwise it must overlap neither. Throws what
// activation_forward throws.
void activation_backward(View<const float, 4> grad, View<const float, 4> input, View<float, 4> input_grad,
                         Activation activation, double slope = 0.01, const RunOptions& options = {});
void activation_backward(View<const double, 4> grad, View<const double, 4> input, View<double, 4> input_grad,
                         Activation activation, double slope = 0.01, const RunOptions& options = {});

}  // namespace convstep
