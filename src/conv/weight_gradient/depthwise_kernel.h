// depthwise_kernel.h: the gradient of weights where each channel has a filter of its own, or each few of them have one
// for each.
//
//   sums[tap][c][lane] = sum over pixels of padded input[pixel, tap][channel c of the lane's group] * grad[pixel][lane]
//
// A lane is a channel of the input, and an output. The input is read where it lies; zeros of its padding are
// multiplied, too. The order of the sums is that of kernel.h.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"

namespace convstep::kernels {

// Some rows of the output of one image, and some channels.
template <class T>
struct DepthwiseGradientBlock {
  PixelView<const T> input;  // from pixel (0, 0) of the image on
  WindowAxis height, width;  // `output` rows and columns, counted from those of the block
  PixelView<const T> grad;   // of the block
  int64_t lanes;             // a multiple of a vector's
  int64_t group = 1;         // channels of a group, and outputs: a power of two up to most_group
  int64_t rows_of_a_chunk = 0;
  T* sums = nullptr;          // [KH * KW][group][lanes]
  int64_t sums_step = 0;      // from one channel's to the next one's
  bool adds = false;          // to what `sums` holds; or they begin with the first chunk
  bool are_gradient = false;  // and then that is added to 0, of which -0 makes 0, as a gradient is
};

template <class T>
struct DepthwiseGradientKernel {
  int64_t lanes;       // of a vector
  int64_t most_group;  // channels of a group
  void (*run)(const DepthwiseGradientBlock<T>& block);
  // The same for the bias: sums[lane] = sum over pixels of grad[pixel][lane]. Reads no input.
  void (*add_bias)(const DepthwiseGradientBlock<T>& block);
};

template <class T>
const DepthwiseGradientKernel<T>& depthwise_gradient_kernel(const Target& target);

}  // namespace convstep::kernels
