// plan.h: which method computes a layer.
#pragma once

#include "conv/method.h"

namespace convstep {

// The first kind of methods.h that is of the algorithm, fits the problem and pays, made ready with the weights packed.
// Where none pays, the first that fits; where none fits, and for kAuto, the first with these numerics that fits and
// pays.
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_method(const ConvProblem& problem, const ConvWeights<T>& weights,
                                                      ConvAlgorithm algorithm, Numerics numerics);

}  // namespace convstep
