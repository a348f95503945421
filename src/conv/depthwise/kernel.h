// kernel.h: one filter per channel (groups = C = O). The lanes of a vector are channels.
//
// Every output is one chain of fused multiply-adds that starts at the bias and runs over (i, j), zeros of the padding
// included: the bits of the direct method.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

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
  bool are_weights_finite;                   // then rows off the image add nothing but zeros, and are left out
  bool is_far;  // do input and output, of all images, lie in memory rather than in a cache?
  int64_t channels;
  PixelView<T> output;
  Epilogue<T> epilogue;
};

// 3x3 windows that slide down strips of columns. Strips are wide enough for one column that is not there on either
// side.
inline bool depthwise_slides(const WindowAxis& height, const WindowAxis& width) {
  const auto is_right = [](const WindowAxis& axis) {
    return axis.window == 3 && axis.dilation == 1 && (axis.stride == 1 || axis.stride == 2);
  };
  return is_right(height) && is_right(width) && height.stride == width.stride && width.source(0, 0) >= -1 &&
         width.source(width.output - 1, 2) <= width.input;
}

// Windows so wide have tiles that load a row of the input once for all its taps. (3 wide, and 7 wide at stride 2, are
// too rare for the 80 KB that their tiles took.)
inline bool depthwise_has_row_tile(const WindowAxis& width) {
  return width.dilation == 1 && ((width.window == 5 && width.stride <= 2) || (width.window == 7 && width.stride == 1));
}

// Does the kernel put zeros for taps on the padding, so that nobody need copy the input with it? That takes as many
// channels as a vector has lanes. For other windows, and fewer channels, every tap must lie on the input that is given.
inline bool depthwise_pads(const WindowAxis& height, const WindowAxis& width) {
  return depthwise_slides(height, width) || depthwise_has_row_tile(width);
}

template <class T>
struct DepthwiseKernel {
  int64_t lanes;
  void (*run)(const DepthwiseBlock<T>& block);
};
template <class T>
const DepthwiseKernel<T>& depthwise_kernel(const Target& target);

}  // namespace convstep::kernels
