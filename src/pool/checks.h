// checks.h: everything that can be wrong with a pooling, found before it begins.
#pragma once

#include "pool/method.h"

namespace convstep {

// The shape of the input and the options, which must live as long. Throws ShapeError, ParameterError.
PoolProblem check_problem(const Shape<4>& input, const PoolOptions& options);

Shape<4> output_shape(int64_t images, const PoolProblem& problem);

// The arrays of one run: shapes, null pointers, overlaps; of a pooling without indices where they are not wanted.
// Throws ShapeError, ParameterError.
template <class T>
void check_call(const PoolCall<T>& call, bool with_indices);

}  // namespace convstep
