// kernel.h: the direct method, f row-products over overlapping windows.
//
// With channels last, the KW*C values that a window reads in one row of the input lie side by side (where nothing is
// dilated or grouped). So a convolution is, for each row of the window, a matrix product whose left operand has
// overlapping rows. Nothing is gathered first: a 7x7 window over RGB is 7 runs of 21 values, a 1x1 window one run of C.
//
// Every output is one chain of fused multiply-adds that starts at the bias and runs over (i, j, c).
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

namespace convstep::kernels {

// The outputs of a group of channels, cut into panels of a few vectors each. Weights lie packed
// [panel][KH][KW][C/groups][panel width], the bias [panel][panel width], both 0 beyond the last output; so a panel that
// starts at vector v has its weights at v * lanes * window_size, its bias at v * lanes.
struct DirectPanels {
  int64_t lanes;    // of a vector
  int64_t vectors;  // of the group: its outputs over lanes, rounded up
  int64_t count;    // panels; the first `wide` ones have one vector more than the others
  int64_t wide, narrow_vectors;

  int64_t first_vector(int64_t panel) const { return panel * narrow_vectors + (panel < wide ? panel : wide); }
};

// A rectangle of the output whose windows all read the same taps: the others lie on padding.
struct DirectPart {
  int64_t first_row, end_row, first_column, end_column;
  int64_t first_tap_row, tap_rows, first_tap_column, tap_columns;
};

// A rectangle of output pixels of one image, or the same of several images one after the other, times some panels of
// one group. Tiles reach from the last row of an image into the next: the small maps of a batch fill them better so.
template <class T>
struct DirectBlock {
  const T* input;
  int64_t offset;                  // from `input` to what tap (0, 0) of the first pixel reads, be it padding
  int64_t row_step, pixel_step;    // from the window of an output pixel to that below it, to that on its right
  int64_t tap_row_step, tap_step;  // from a tap to that below it, to that on its right
  int64_t window_rows, window_columns, channels;  // the last those of a group
  const DirectPart* parts;                        // of the whole output
  int64_t part_count;
  const T* weights;  // of panel 0
  const T* bias;
  DirectPanels panels;
  int64_t first_panel, end_panel;
  PixelView<T> output;  // the first output channel of the first panel at the first pixel
  int64_t outputs;      // of all these panels
  int64_t images, first_row, end_row, first_column, end_column;
  int64_t image_step, output_image_step, residual_image_step;
  bool prefetches_output;
  Epilogue<T> epilogue;  // its residual, too, at the first output channel of the first panel
};

// The kernel of a SIMD target.
template <class T>
struct DirectKernel {
  int64_t lanes;
  int64_t max_vectors;  // of a panel
  bool has_halves;      // is a panel of one vector, half of it outputs, the faster for it?
  int64_t max_pixels;   // of a strip; a tile is two of them
  void (*run)(const DirectBlock<T>& block);
};
template <class T>
const DirectKernel<T>& direct_kernel(const Target& target);

}  // namespace convstep::kernels
