// kernel.h: few outputs per group. The lanes of a vector are output pixels of a row, so that no lane is empty.
//
// The input is NHWC: first the rows of a block are transposed into planes [row][channel][phase][x], zeros of the
// padding included, where phase = column mod stride. Then each tap of the window is one vector, wherever it starts,
// shared by all outputs, times a broadcast weight. Every output is one chain of fused multiply-adds that starts at the
// bias and runs over (i, j, c): the bits of the direct method.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

namespace convstep::kernels {

// A rectangle of output pixels of one image, all outputs of some groups, whose channels lie side by side: so cache
// lines that several groups share are read and written once.
template <class T>
struct FewOutputsBlock {
  const T* input;  // the first channel at pixel (0, 0)
  int64_t input_row_step, input_pixel_step, input_channel_step;
  WindowAxis height, width;  // `output` rows and columns, counted from those of the block
  int64_t groups;
  int64_t channels;  // of a group
  const T* weights;  // [KH][KW][channels][weight_step], from the first output on
  int64_t weight_step;
  const T* bias;
  int64_t outputs;  // of a group
  PixelView<T> output;
  Epilogue<T> epilogue;
};

template <class T>
struct FewOutputsKernel {
  int64_t lanes;
  // `planes` has room for few_outputs_planes() values.
  void (*run)(const FewOutputsBlock<T>& block, T* planes);
};
template <class T>
const FewOutputsKernel<T>& few_outputs_kernel(const Target& target);

// Values of one plane: `columns` outputs rounded up to whole vectors, and where the window's last tap begins.
inline int64_t few_outputs_plane_width(const WindowAxis& width, int64_t columns, int64_t lanes) {
  return round_up(columns, lanes) + (width.window - 1) * width.dilation / width.stride;
}
inline int64_t few_outputs_phases(const WindowAxis& width) {
  const int64_t reach = (width.window - 1) * width.dilation + 1;
  return width.stride < reach ? width.stride : reach;
}
inline int64_t few_outputs_planes(const WindowAxis& height, const WindowAxis& width, int64_t rows, int64_t columns,
                                  int64_t channels, int64_t lanes) {
  const int64_t input_rows = (rows - 1) * height.stride + (height.window - 1) * height.dilation + 1;
  return input_rows * channels * few_outputs_phases(width) * few_outputs_plane_width(width, columns, lanes);
}

}  // namespace convstep::kernels
