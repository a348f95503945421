// method.h: the gradient of a convolution's weights and bias (docs/decisions/0016: the order of its sums).
#pragma once

#include "conv/problem.h"
#include "convstep/runtime.h"
#include "runtime/targets.h"

namespace convstep {

// One call. The views fit the problem; their strides are as they come.
template <class T>
struct WeightGradientCall {
  View<const T, 4> input, grad;
  View<T, 4> weights_grad;
  View<T, 1> bias_grad;  // or none
  bool accumulate;
  int threads;
  const ProgressCallback& progress;
  const kernels::Target& target;
};

template <class T>
void run_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call, ConvAlgorithm algorithm);

// The pixels of an output whose products are one chain of multiply-adds, for each element of the gradient: some whole
// rows, or part of a long one. The chunks of an image lie from left to right, and from top to bottom.
struct GradientChunk {
  int64_t rows, columns;
};
GradientChunk gradient_chunk(const WindowGeometry& geometry);

}  // namespace convstep
