// depthwise_kernel.h: the gradient of a depthwise layer's input where windows move by two. The lanes of a vector are
// channels.
//
// Every element is one chain of fused multiply-adds, from 0, over the outputs that read it, in their order. Nothing is
// multiplied where the outputs end.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"

namespace convstep::kernels {

// A rectangle of pixels of one image, all or some of its channels.
template <class T>
struct DepthwiseInputGradientBlock {
  PixelView<const T> grad;   // from the first output on that reads the block
  WindowAxis height, width;  // `input` is the size of the block, `output` that of `grad`
  const T* weights;          // [KH][KW][channels]
  int64_t tap_step;          // from the weights of a tap to those of the next
  int64_t channels;          // at least as many as a vector has lanes
  PixelView<T> input_grad;
  PixelView<const T> before;  // what is added to the sums; data is null for none. May be `input_grad`
};

// The windows that the kernel knows, along either axis.
inline bool depthwise_gradient_moves_by_two(const WindowAxis& axis) {
  return axis.stride == 2 && axis.dilation == 1 && (axis.window == 3 || axis.window == 5);
}

template <class T>
struct DepthwiseInputGradientKernel {
  int64_t lanes;
  void (*run)(const DepthwiseInputGradientBlock<T>& block);
};
template <class T>
const DepthwiseInputGradientKernel<T>& depthwise_input_gradient_kernel(const Target& target);

}  // namespace convstep::kernels
