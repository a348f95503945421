// staging.h: copies between a caller's view and what kernels like: pixels whose channels lie side by side, and no
// padding to think of.
#pragma once

#include "convstep/tensor.h"
#include "core/pixel_view.h"

namespace convstep {

// Do the channels of a pixel lie side by side?
template <class T>
bool has_dense_pixels(const View<T, 4>& view) {
  return view.shape(3) == 1 || view.stride(3) == 1;
}

// Channels first .. first + count - 1 of an image.
template <class T>
View<T, 3> some_channels(const View<T, 3>& image, int64_t first, int64_t count) {
  return {image.data() + first * image.stride(2), {image.shape(0), image.shape(1), count}, image.strides()};
}

// Copies the rectangle [first_row, first_row + rows) x [first_column, first_column + columns) of an image, all
// channels, to `packed`, whose pixels lie `gap` values apart, of whatever value. Rows and columns outside the image are
// zeros.
template <class T>
void copy_padded(View<const T, 3> image, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                 T* packed, int64_t gap = 0);

// Copies an array, whose pixels lie `gap` values apart, to a part of an image with other strides; or adds it to what is
// there.
template <class T>
void scatter(const T* packed, const View<T, 3>& to, int64_t gap = 0, bool adds = false);

}  // namespace convstep
