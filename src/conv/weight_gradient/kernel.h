// kernel.h: sums over pixels of products of a value and a vector, the inner part of a convolution's gradient of
// weights.
//
//   sums[v][lane] = sum over pixels of values[pixel][v] * grad[pixel][lane]
//
// where the values lie side by side: for a window whose taps are neighbours, KW*C of them. No array is turned: the
// values are broadcast from where they are, and the lanes are outputs.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

// Some rows of the output of one image, and the outputs of some panels.
template <class T>
struct WeightGradientBlock {
  const T* values;  // those of the first pixel
  int64_t row_step, pixel_step;
  const T* grad;  // of the first pixel, as many lanes as a panel has
  int64_t grad_row_step, grad_pixel_step;
  int64_t rows, columns;    // of the output
  int64_t rows_of_a_chunk;  // whose pixels are one chain of multiply-adds; chunks are added in order
  int64_t count;            // of values
  T* sums;                  // [count][sums_step], of which the lanes of a panel are written
  int64_t sums_step;
  bool adds;                  // to what `sums` holds; or they begin with the first chunk
  bool are_gradient = false;  // and then that is added to 0, of which -0 makes 0, as a gradient is
  int64_t panels = 1, grad_panel_step = 0, sums_panel_step = 0;
  T* strip = nullptr;  // or memory for strip_lanes of each pixel, where the values of a tile are copied for its panels
  // What is needed from memory next is asked for while the tiles run: the values and the gradient of the next block, as
  // far from those of this one as is said here, or 0; and where the sums of the first value go, or null, with the step
  // to those of its neighbour.
  int64_t values_ahead = 0, grad_ahead = 0;
  const T* gradient = nullptr;
  int64_t gradient_step = 0;
};

// Pixels whose values lie side by side.
template <class T>
struct PixelRows {
  const T* data;
  int64_t row_step, pixel_step, rows, columns;
};

// Rows of sums of an image, and the elements of the gradient to which they belong.
template <class T>
struct GradientRows {
  const T* sums;
  int64_t sums_step;
  T* gradient;
  int64_t gradient_step;
  int64_t rows, outputs;
  bool begins;  // the gradient with these sums; or they are added to it
};

template <class T>
struct WeightGradientKernel {
  int64_t lanes, panel_lanes;  // of a vector; of a panel
  int64_t most_values;         // of a tile
  int64_t strip_lanes;         // those, and what is left of a vector
  // Copies the first `outputs` values of each pixel to panels, one after the other, each [rows][columns][lanes], with
  // zeros in lanes beyond them. The last panel has one vector where that holds its outputs.
  void (*pack)(const PixelRows<T>& pixels, int64_t outputs, T* panels);
  void (*run)(const WeightGradientBlock<T>& block);
  // The same where a panel has no more than one vector of outputs, and so `lanes` are all there is of it.
  void (*run_narrow)(const WeightGradientBlock<T>& block);
  // As run and run_narrow where each pixel is an image: its products are rounded, and added to what came before.
  void (*run_images)(const WeightGradientBlock<T>& block);
  void (*run_images_narrow)(const WeightGradientBlock<T>& block);
  void (*add)(const GradientRows<T>& rows);
};

template <class T>
const WeightGradientKernel<T>& weight_gradient_kernel(const Target& target);

}  // namespace convstep::kernels
