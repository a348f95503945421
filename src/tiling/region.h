// region.h: parts of an output, the tasks of the threads. How an output is cut changes no bit of it.
#pragma once

#include <algorithm>

#include "core/window_axis.h"

namespace convstep {

// Some channels of a rectangle of output positions of one image: rows first_row .. first_row + rows - 1, columns and
// channels alike.
struct OutputRegion {
  int64_t image, first_row, rows, first_column, columns, first_channel, channels;
};

struct RegionSize {
  int64_t rows, columns, channels;
};

// The channels of an output in parts of `size` each, but for the last, which takes all that are left.
struct ChannelParts {
  int64_t channels, size, count;
};

// The regions of a batch: each image, or some rows of it, in bands and strips of columns, those in parts of the
// channels; numbered part by part, strip by strip, band by band, image by image. Heights differ by one step at most,
// widths by one column, and long and short ones take turns: a thread that takes half of the regions has half of the
// work.
class RegionGrid {
 public:
  RegionGrid(const WindowGeometry& geometry, const RowRange& rows, int64_t bands, int64_t strips,
             const ChannelParts& parts, int64_t row_step = 1)
      : rows_(rows),
        width_(geometry.width.output),
        bands_(bands),
        strips_(strips),
        row_step_(row_step),
        parts_(parts) {}
  // Regions of at most this size; bands of as many rows as `row_step`, which divides size.rows where there is more than
  // one band, or a multiple of that.
  RegionGrid(const WindowGeometry& geometry, const RowRange& rows, const RegionSize& size, const ChannelParts& parts,
             int64_t row_step = 1)
      : RegionGrid(geometry, rows, divide_up(rows.count, size.rows), divide_up(geometry.width.output, size.columns),
                   parts, row_step) {}
  RegionGrid(const WindowGeometry& geometry, const RegionSize& size, const ChannelParts& parts, int64_t row_step = 1)
      : RegionGrid(geometry, {0, geometry.height.output}, size, parts, row_step) {}

  int64_t regions_per_image() const { return bands_ * strips_ * parts_.count; }
  OutputRegion operator[](int64_t number) const {
    if (regions_per_image() == 1)
      return {number, rows_.first, rows_.count, 0, width_, 0, parts_.channels};  // needs no division
    const int64_t part = number % parts_.count, place = number / parts_.count;
    const int64_t strip = place % strips_, band = place / strips_ % bands_;
    const int64_t row = first_row(band), column = first(width_, strips_, strip);
    const int64_t channel = part * parts_.size;
    return {.image = place / strips_ / bands_,
            .first_row = row,
            .rows = first_row(band + 1) - row,
            .first_column = column,
            .columns = first(width_, strips_, strip + 1) - column,
            .first_channel = channel,
            .channels = part + 1 < parts_.count ? parts_.size : parts_.channels - channel};
  }

 private:
  static int64_t first(int64_t length, int64_t parts, int64_t part) {
    return length / parts * part + length % parts * part / parts;
  }

  int64_t first_row(int64_t band) const {
    return rows_.first + std::min(first(divide_up(rows_.count, row_step_), bands_, band) * row_step_, rows_.count);
  }

  RowRange rows_;
  int64_t width_, bands_, strips_, row_step_;
  ChannelParts parts_;
};

}  // namespace convstep
