// depthwise_kernel.h: the gradient of weights where each channel has a filter of its own.
//
//   sums[tap][lane] = sum over pixels of values[pixel, tap][lane] * grad[pixel][lane]
//
// A lane is a channel. The order of the sums is that of kernel.h.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

// Some rows of the output of one image, and the channels of one panel.
template <class T>
struct DepthwiseGradientBlock {
  const T* values;                 // what tap (0, 0) of the first pixel reads
  int64_t row_step, pixel_step;    // from one pixel's to the next one's
  int64_t tap_row_step, tap_step;  // from one tap's to the next one's
  int64_t window_rows, window_columns;
  const T* grad;
  int64_t grad_row_step, grad_pixel_step;
  int64_t rows, columns, rows_of_a_chunk;
  T* sums;  // [window_rows * window_columns][lanes of a panel], aligned to a vector
  bool adds;
};

template <class T>
struct DepthwiseGradientKernel {
  void (*run)(const DepthwiseGradientBlock<T>& block);         // a panel of two vectors
  void (*run_narrow)(const DepthwiseGradientBlock<T>& block);  // of one
};

template <class T>
const DepthwiseGradientKernel<T>& depthwise_gradient_kernel(const Target& target);

}  // namespace convstep::kernels
