// conv_pairwise.h: sums in NumPy's order, many outputs at a time. The bits are those of the reference.
#pragma once

#include "kernels/kernels.h"

namespace convstep::kernels {

// One output pixel of one group: output[o] = activation(sum over k of window[k] * weights[k, o] + bias[o] +
// residual[o]), each sum as reference/pairwise_sum.h adds it up.
template <class T>
struct PairwisePixel {
  const T* window;   // [K], zeros where it reads padding
  int64_t size;      // K
  const T* weights;  // [K, width]
  const T* bias;     // [width], or null for none
  int64_t width;     // the outputs, rounded up to whole vectors of kVectorBytes
  int64_t outputs;
  const T* residual;  // or null
  T* output;
  Activation activation;  // not kSigmoid or kTanh, whose last bits are the reference's own
  T slope;
};
template <class T>
void conv_pairwise(const PairwisePixel<T>& pixel);

}  // namespace convstep::kernels
