// gradients.h: how a convolution's gradients are computed: by the reference, in NumPy's order by kernels, or by the
// engine.
#pragma once

#include <string>
#include <variant>

#include "conv/input_gradient/method.h"
#include "conv/numpy_order_gradient/method.h"
#include "conv/weight_gradient/method.h"

namespace convstep {

// The gradient of a layer's input, with its weights packed or copied.
template <class T>
class InputGradient {
 public:
  // Of the options it reads the algorithm and the numerics.
  InputGradient(const ConvProblem& problem, const ConvWeights<T>& weights, const ConvOptions& options);

  void run(const InputGradientCall<T>& call) const;
  std::string describe() const;

 private:
  ConvProblem problem_;
  std::variant<Tensor<T, 4>, NumpyOrderInputGradient<T>, ConvInputGradient<T>> way_;  // the weights: by the reference
};

// Those of weights and bias.
template <class T>
void run_weights_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call, const ConvOptions& options);

}  // namespace convstep
