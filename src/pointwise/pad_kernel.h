// pad_kernel.h: zero padding, one row at a time, in plain signatures.
#pragma once

#include <cstdint>

namespace convstep::kernels {

// A row of pixels: steps count elements.
template <class T>
struct PixelRow {
  T* data;
  int64_t pixel_step, channel_step;
};

// `left` pixels of zeros, the `columns` pixels of `from`, `right` pixels of zeros. A row of zeros has columns = 0.
void pad_row(const PixelRow<const float>& from, int64_t columns, int64_t left, int64_t right, int64_t channels,
             const PixelRow<float>& to);
void pad_row(const PixelRow<const double>& from, int64_t columns, int64_t left, int64_t right, int64_t channels,
             const PixelRow<double>& to);

}  // namespace convstep::kernels
