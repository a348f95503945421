// pad.h: zero padding, and its gradient.
//
//   output[n, y + top, x + left, c] = input[n, y, x, c], and 0 around it
//   input [N,H,W,C]   output [N, top + H + bottom, left + W + right, C]
//
// Float and double. The notebook's form is in notebook.h. Source: section 3.1 of the notebook. Readable version:
// src/reference/pad.cc.
#pragma once

#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

// The shape of the padded array. Throws ShapeError where it would not fit in 64 bits, ParameterError where the padding
// is negative or one of the SAME rules (which need a window to be defined).
Shape<4> pad_output_shape(const Shape<4>& input, const Padding& padding);

// Writes every element of the output, which must share none with the input (it may lie in gaps of it). Throws what
// pad_output_shape throws, and ShapeError where the output has another shape, before anything is written.
void zero_pad(View<const float, 4> input, View<float, 4> output, const Padding& padding,
              const RunOptions& options = {});
void zero_pad(View<const double, 4> input, View<double, 4> output, const Padding& padding,
              const RunOptions& options = {});

// input_grad[n,y,x,c] = grad[n, y + top, x + left, c]: what arrived at the padding is cut off.
//   grad [N, top + H + bottom, left + W + right, C]   input_grad [N,H,W,C]
// Writes every element of input_grad, which must share none with grad (it may lie in gaps of it). Throws as zero_pad
// does.
void zero_pad_backward(View<const float, 4> grad, View<float, 4> input_grad, const Padding& padding,
                       const RunOptions& options = {});
void zero_pad_backward(View<const double, 4> grad, View<double, 4> input_grad, const Padding& padding,
                       const RunOptions& options = {});

}  // namespace convstep
