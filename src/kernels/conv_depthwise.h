// conv_depthwise.h: one filter per channel (groups = C = O). The lanes of a vector are channels.
//
// Every output is one chain of fused multiply-adds that starts at the bias and runs over (i, j), zeros of the padding
// included: the bits of the direct method.
#pragma once

#include "kernels/kernels.h"

namespace convstep::kernels {

// A rectangle of output pixels of one image, all or some of its channels.
template <class T>
struct DepthwiseBlock {
  const T* input;                            // channel 0 of pixel (0, 0)
  int64_t input_row_step, input_pixel_step;  // elements
  WindowAxis height, width;                  // `output` rows and columns, counted from those of the block
  const T* weights;                          // [KH][KW][channels]
  const T* bias;                             // [channels]
  int64_t tap_step;                          // from the weights of a tap to those of the next
  bool are_weights_finite;  // then rows off the image add nothing (but to the sign of a zero) and are left out
  int64_t channels;
  T* output;
  int64_t output_row_step, output_pixel_step;
  Epilogue<T> epilogue;
};

// Does the kernel have a tile for windows so wide, if there are as many channels as lanes? Then it reads no padding:
// rows and columns that are not there are zeros to it. For other windows and fewer channels every tap of the block must
// lie on the input.
inline bool depthwise_pads(const WindowAxis& width) {
  const bool has_tile = width.window == 3 || width.window == 5 || width.window == 7;
  return has_tile && width.dilation == 1 && (width.stride == 1 || width.stride == 2);
}

template <class T>
struct DepthwiseKernel {
  int64_t lanes;
  void (*run)(const DepthwiseBlock<T>& block);
};
template <class T>
const DepthwiseKernel<T>& depthwise_kernel();

}  // namespace convstep::kernels
