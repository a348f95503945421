// conv_io.h: what a kernel reads and writes when a caller's view is not laid out as kernels like it.
//
// Kernels want the channels of a pixel side by side, and no padding to think of. So a band of the input is copied into
// the workspace where it has padding or other strides, and a band of the output is computed there and scattered where
// its channels are apart (as in an NCHW array).
#pragma once

#include <algorithm>

#include "kernels/kernels.h"
#include "layers/conv_method.h"

namespace convstep {

// A rectangle of output positions of one image: rows first_row .. first_row + rows - 1, columns alike.
struct Block {
  int64_t image, first_row, rows, first_column, columns;
};

// An image's output positions cut into blocks of at most rows x columns, numbered row by row, image by image.
class BlockGrid {
 public:
  BlockGrid(const WindowGeometry& geometry, int64_t rows, int64_t columns)
      : height_(geometry.height.output),
        width_(geometry.width.output),
        rows_(rows),
        columns_(columns),
        bands_(divide_up(height_, rows)),
        strips_(divide_up(width_, columns)) {}

  int64_t blocks_per_image() const { return bands_ * strips_; }
  Block operator[](int64_t number) const {
    const int64_t row = number / strips_ % bands_ * rows_, column = number % strips_ * columns_;
    return {number / strips_ / bands_, row, std::min(rows_, height_ - row), column,
            std::min(columns_, width_ - column)};
  }

 private:
  int64_t height_, width_, rows_, columns_, bands_, strips_;
};

// Part of an array whose pixels hold their channels side by side.
template <class T>
struct Pixels {
  T* data;
  int64_t row_step, pixel_step;
};

// Copies the rectangle [first_row, first_row + rows) x [first_column, first_column + columns) of an image, all
// channels, to `packed`, whose pixels lie `gap` values apart, of whatever value. Rows and columns outside the image are
// zeros.
template <class T>
void copy_padded(View<const T, 3> image, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                 T* packed, int64_t gap = 0);

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
  const Pixels<const T>& residual() const { return residual_; }  // data is null for none
  void commit() const;

 private:
  const ConvCall<T>& call_;
  Block block_;
  Channels channels_;
  bool in_place_;
  Pixels<T> output_;
  Pixels<const T> residual_;
};

}  // namespace convstep
