// backward_checks.h: what can be wrong with a call of a convolution's gradients.
#pragma once

#include "conv/problem.h"
#include "conv/weight_gradient/method.h"
#include "convstep/wording.h"

namespace convstep {

// The layer whose gradients are asked for. `input` and `weights` are the shapes of those arrays or of their gradients.
ConvProblem check_layer(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options,
                        const Wording& wording = {});

// Of the arrays of each gradient: their shapes, and that outputs lie apart from what is read and from each other. The
// weights are checked elsewhere.
template <class T>
void check_input_call(const ConvProblem& problem, const View<const T, 4>& grad, const View<T, 4>& input_grad);
template <class T>
void check_weights_call(const ConvProblem& problem, const WeightGradientCall<T>& call);

}  // namespace convstep
