// conv_plan.h: which method computes a layer.
#pragma once

#include "layers/conv_method.h"

namespace convstep {

// The first method of the table that is allowed (algorithm) and fits the problem, with the weights packed.
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_method(const ConvProblem& problem, const ConvWeights<T>& weights,
                                                      ConvAlgorithm algorithm);

}  // namespace convstep
