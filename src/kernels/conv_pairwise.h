// conv_pairwise.h: sums in NumPy's order, many outputs at a time. The bits are those of the reference.
#pragma once

#include "kernels/kernels.h"

namespace convstep::kernels {

// Some output pixels, side by side, of one group: output[o] = activation(sum over k of window[k] * weights[k, o] +
// bias[o]
// + residual[o]), each sum as reference/pairwise_sum.h adds it up.
template <class T>
struct PairwisePixels {
  const T* windows;      // [pixels, K], zeros where they read padding
  int64_t pixels, size;  // size is K
  const T* weights;      // [K, width]
  const T* bias;         // [width], or null for none
  int64_t width;         // the outputs, rounded up to whole vectors of kVectorBytes
  int64_t outputs;
  T* output;
  int64_t output_step;  // from pixel to pixel
  const T* residual;    // or null
  int64_t residual_step;
  Activation activation;  // not kSigmoid or kTanh, whose last bits are the reference's own
  T slope;
};
template <class T>
void conv_pairwise(const PairwisePixels<T>& pixels);

}  // namespace convstep::kernels
