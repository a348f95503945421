// checks.h: everything that can be wrong with a convolution, found before it begins.
#pragma once

#include "conv/method.h"

namespace convstep {

// Shapes and options. Throws ShapeError, ParameterError.
ConvProblem check_problem(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options);

Shape<4> output_shape(int64_t images, const ConvProblem& problem);

// The arrays of one run: shapes, null pointers, overlaps. Throws ShapeError, ParameterError.
template <class T>
void check_weights(const ConvWeights<T>& weights, const ConvProblem& problem);
template <class T>
void check_call(const ConvCall<T>& call, const ConvProblem& problem);

}  // namespace convstep
