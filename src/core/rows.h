// rows.h: some rows of images.
#pragma once

#include <string>

#include "convstep/error.h"
#include "convstep/tensor.h"
#include "core/window_axis.h"

namespace convstep {

// The rows of the input that these rows of the output read: all of it, for all of the output.
inline RowRange rows_read(const WindowAxis& height, const RowRange& rows) {
  return rows.count == height.output ? RowRange{0, height.input} : height.read_by(rows);
}

template <class T>
View<T, 4> some_rows(const View<T, 4>& images, const RowRange& rows) {
  if (!images || rows.count == images.shape(1)) return images;
  T* first = images.data() ? images.data() + rows.first * images.stride(1) : nullptr;
  return {first, {images.shape(0), rows.count, images.shape(2), images.shape(3)}, images.strides()};
}

// Some of so many rows, in whole steps, the last of which may be shorter: 0 if there are no steps. Throws
// ParameterError.
inline void check_rows(const RowRange& rows, int64_t step, int64_t height) {
  const auto written = [](int64_t first, int64_t count) {
    return "rows " + std::to_string(first) + " to " + std::to_string(first + count - 1);
  };
  if (rows.first < 0 || rows.count < 1 || rows.first >= height || rows.count > height - rows.first) {
    throw ParameterError("rows", std::to_string(rows.count) + " from row " + std::to_string(rows.first),
                         "some of " + written(0, height));
  }
  if (rows == RowRange{0, height}) return;
  if (step == 0) throw ParameterError("rows", written(rows.first, rows.count), written(0, height) + ", all at once");
  if (rows.first % step == 0 && (rows.count % step == 0 || rows.end() == height)) return;
  throw ParameterError("rows", written(rows.first, rows.count), "whole steps of " + std::to_string(step) + " rows");
}

}  // namespace convstep
