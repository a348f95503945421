// method.h: the gradient of a convolution's input, computed by the methods of the forward half.
#pragma once

#include <memory>
#include <vector>

#include "conv/input_gradient/phase.h"
#include "conv/method.h"

namespace convstep {

// One call. The views fit the problem; their strides are as they come.
template <class T>
struct InputGradientCall {
  View<const T, 4> grad;
  View<T, 4> input_grad;
  bool accumulate;
  int threads;
  const ProgressCallback& progress;
};

// A layer ready to run: its weights turned and packed. It is a convolution of the gradient with the weights turned by
// 180 degrees; with strides, one for each place between them, all of stride 1 (docs/decisions/0016).
template <class T>
class ConvInputGradient {
 public:
  ConvInputGradient(const ConvProblem& problem, const ConvWeights<T>& weights, ConvAlgorithm algorithm);

  void run(const InputGradientCall<T>& call) const;
  std::string describe() const;

 private:
  struct Phase {
    GradientPhase height, width;
    std::unique_ptr<const ConvMethod<T>> method;
  };
  void run_phase(const Phase& phase, const InputGradientCall<T>& call) const;
  bool covers_input() const;

  ConvProblem problem_;
  std::vector<Phase> phases_;
  Tensor<T, 4> not_finite_;  // the weights [KH,KW,O/groups,C], where they are not all finite
};

}  // namespace convstep
