// kernel.h: sums in NumPy's order, many outputs at a time. The bits are those of the reference.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

namespace convstep::kernels {

// A rectangle of output pixels of one image, all outputs of one group: output[o] = activation(sum over k of
// window[k] * weights[k, o] + bias[o] + residual[o]), each sum as reference/pairwise_sum.h adds it up.
template <class T>
struct NumpyOrderBlock {
  const T* input;                            // window[0] of the first pixel
  int64_t input_row_step, input_pixel_step;  // from a window to the one below it, beside it
  const int64_t* offsets;                    // [K], from window[0] to window[k]
  int64_t size;                              // K
  int64_t rows, columns;
  const T* weights;  // [K, width]
  const T* bias;     // [width], or null for none
  int64_t width;     // the outputs, rounded up to whole vectors of kVectorBytes
  int64_t outputs;
  PixelView<T> output;
  Epilogue<T> epilogue;  // not kSigmoid or kTanh, whose last bits are the reference's own
};

template <class T>
using NumpyOrderKernel = void (*)(const NumpyOrderBlock<T>& block);
template <class T>
NumpyOrderKernel<T> numpy_order_kernel(const Target& target);

}  // namespace convstep::kernels
