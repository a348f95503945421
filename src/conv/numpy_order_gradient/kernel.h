// kernel.h: gradients in the order of NumPy's loops over the outputs, many elements at a time. Every product is rounded
// and then added, so that the bits are those of the reference.
//
// A window is taken as lines whose values lie side by side: its rows, of KW*C values each, where neighbouring taps read
// neighbouring pixels; else each tap is a line, of C values.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

// Some outputs side by side in a row of each of some images. They give their gradient back to the elements under their
// windows: for one pixel x after the other, and for one output o after the other,
//
//   input_grad[image][x][row][line][v] += weights[row][line][o][v] * grad[image][x][o]
//
// Windows that overlap must do so as those of a convolution do, each further pixel `pixel_step` beyond the last one.
template <class T>
struct InputGradientBlock {
  T* input_grad;  // the first value under the first window
  int64_t image_step, pixel_step, row_step, line_step;
  int64_t images, pixels, rows, lines, values;  // lines of a row of the window, values of a line
  const T* weights;                             // lines of whole vectors of kVectorBytes, aligned
  int64_t weights_row_step, weights_line_step, weights_output_step;
  const T* grad;
  int64_t grad_image_step, grad_pixel_step, grad_output_step;
  int64_t outputs;
};

// The lanes of `grad` and `sums` below, those of a vector of kVectorBytes.
template <class T>
inline constexpr int64_t kGradientLanes = kVectorBytes / int64_t{sizeof(T)};

// One output after the other of some images, rows and columns, each of which gives its gradient back to the weights of
// a line:
//
//   sums[v][lane] += input[image][y][x][v] * grad[image][y][x][lane]
template <class T>
struct WeightsGradientBlock {
  const T* input;  // the line's first value under the first window
  int64_t image_step, y_step, x_step;
  int64_t images, height, width;  // of outputs
  int64_t values;
  const T* grad;  // kGradientLanes of each pixel
  int64_t grad_image_step, grad_y_step, grad_x_step;
  int64_t outputs;  // of the lanes; the others may hold anything
  T* sums;          // [values][kGradientLanes], aligned
};

template <class T>
struct NumpyOrderGradientKernel {
  void (*add_to_input)(const InputGradientBlock<T>& block);
  void (*add_to_weights)(const WeightsGradientBlock<T>& block);
};

template <class T>
const NumpyOrderGradientKernel<T>& numpy_order_gradient_kernel(const Target& target);

}  // namespace convstep::kernels
