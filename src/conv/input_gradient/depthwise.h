// depthwise.h: the gradient of a depthwise layer's input where windows move by two, all four phases at once.
#pragma once

#include "conv/method.h"

namespace convstep {

// Can it compute the gradient of such a layer?
template <class T>
bool depthwise_by_two_fits(const ConvProblem& problem);

// A method whose input is the gradient of the layer's output, and whose output is that of its input. The weights are
// the layer's.
template <class T>
std::unique_ptr<const ConvMethod<T>> make_depthwise_by_two(const ConvProblem& problem, const ConvWeights<T>& weights);

}  // namespace convstep
