// checks.h: everything that can be wrong with a convolution, found before it begins.
#pragma once

#include "conv/method.h"

namespace convstep {

// What messages call the arguments: the caller's own words.
struct ConvNames {
  const char *input, *weights, *window, *for_groups;  // for_groups: what takes them
};
inline constexpr ConvNames kConvNames{"input", "weights", "weights (KH, KW)", ""};
inline constexpr ConvNames kNotebookConvNames{"A_prev", "W", "W (f, f)", "use ConvOptions: "};

// Shapes and options. Throws ShapeError, ParameterError.
ConvProblem check_problem(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options,
                          const ConvNames& names);

Shape<4> output_shape(int64_t images, const ConvProblem& problem);

// The arrays of one run: shapes, null pointers, overlaps. Throws ShapeError, ParameterError.
template <class T>
void check_weights(const ConvWeights<T>& weights, const ConvProblem& problem);
template <class T>
void check_call(const ConvCall<T>& call, const ConvProblem& problem);

}  // namespace convstep
