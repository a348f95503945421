// staging.h: what a kernel reads and writes when a caller's view is not laid out as kernels like it.
//
// Kernels want the channels of a pixel side by side, and no padding to think of. So a band of the input is copied into
// the workspace where it has padding or other strides, and a band of the output is computed there and scattered where
// its channels are apart (as in an NCHW array).
#pragma once

#include "runtime/targets.h"
#include "conv/method.h"

namespace convstep {

// A rectangle of output positions of one image: rows first_row .. first_row + rows - 1, columns alike.
struct Block {
  int64_t image, first_row, rows, first_column, columns;
};

// An image's output positions cut into bands of rows and strips of columns, numbered row by row, image by image.
// Lengths differ by one at most, and long and short ones take turns: a thread that takes half of the blocks has half of
// the work.
class BlockGrid {
 public:
  BlockGrid(const WindowGeometry& geometry, int64_t bands, int64_t strips)
      : height_(geometry.height.output), width_(geometry.width.output), bands_(bands), strips_(strips) {}

  int64_t blocks_per_image() const { return bands_ * strips_; }
  Block operator[](int64_t number) const {
    const int64_t band = number / strips_ % bands_, strip = number % strips_;
    const int64_t row = first(height_, bands_, band), column = first(width_, strips_, strip);
    return {number / strips_ / bands_, row, first(height_, bands_, band + 1) - row, column,
            first(width_, strips_, strip + 1) - column};
  }

 private:
  static int64_t first(int64_t length, int64_t parts, int64_t part) {
    return length / parts * part + length % parts * part / parts;
  }

  int64_t height_, width_, bands_, strips_;
};

// Part of an array whose pixels hold their channels side by side.
template <class T>
struct Pixels {
  T* data;
  int64_t row_step, pixel_step;
};

// Do the channels of a pixel lie side by side?
template <class T>
bool has_dense_pixels(const View<T, 4>& view) {
  return view.shape(3) == 1 || view.stride(3) == 1;
}

// Copies the rectangle [first_row, first_row + rows) x [first_column, first_column + columns) of an image, all
// channels, to `packed`, whose pixels lie `gap` values apart, of whatever value. Rows and columns outside the image are
// zeros.
template <class T>
void copy_padded(View<const T, 3> image, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                 T* packed, int64_t gap = 0);

// Copies a dense array to a part of an image with other strides.
template <class T>
void scatter(const T* packed, const View<T, 3>& to);

// Output channels first .. first + count - 1.
struct Channels {
  int64_t first, count;
};

// Where the kernel may write some channels of a block of the output and read their residual: in place, or in `scratch`,
// whose scratch_per_value() * rows * columns * count values it needs. commit() then scatters.
template <class T>
class OutputBlock {
 public:
  OutputBlock(const ConvCall<T>& call, const Block& block, const Channels& channels, T* scratch);

  // Values of scratch per output value of a block: 0 where the views can be used as they are.
  static int64_t scratch_per_value(const ConvCall<T>& call);

  // Both start at the first of the channels.
  const Pixels<T>& output() const { return output_; }
  kernels::Epilogue<T> epilogue(const ConvProblem& problem) const {
    return {residual_.data, residual_.row_step, residual_.pixel_step, problem.activation,
            static_cast<T>(problem.slope)};
  }
  void commit() const;

 private:
  const ConvCall<T>& call_;
  Block block_;
  Channels channels_;
  bool in_place_;
  Pixels<T> output_;
  Pixels<const T> residual_;  // data is null for none
};

}  // namespace convstep
