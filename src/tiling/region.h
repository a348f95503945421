// region.h: rectangles of output positions, the tasks of the threads.
#pragma once

#include "core/window_axis.h"

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

}  // namespace convstep
