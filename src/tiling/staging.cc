#include "tiling/staging.h"

#include <algorithm>
#include <cstring>

#include "runtime/targets.h"
#include "tiling/transpose_kernel.h"

namespace convstep {
namespace {

// Values of a patch so small that clearing it whole takes less time than a call for each of its margins.
constexpr int64_t kClearedAtOnce = 1024;

template <class T>
void clear(T* to, int64_t count) {
  std::memset(to, 0, static_cast<size_t>(count) * sizeof(T));
}

// One row of pixels, n of them, to pixels that lie `step` apart and whose channels are side by side.
template <class T>
void copy_row(const T* from, int64_t pixel_stride, int64_t channel_stride, int64_t n, int64_t channels, T* to,
              int64_t step) {
  if (channel_stride == 1 && pixel_stride == channels && step == channels) {
    std::memcpy(to, from, static_cast<size_t>(n * channels) * sizeof(T));
    return;
  }
  if (channel_stride == 1) {
    for (int64_t x = 0; x < n; ++x) {
      std::memcpy(to + x * step, from + x * pixel_stride, static_cast<size_t>(channels) * sizeof(T));
    }
    return;
  }
  if (pixel_stride == 1) {  // as NCHW arrays lie
    kernels::transpose(kernels::chosen_target(), from, channel_stride, channels, n, to, step);
    return;
  }
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t x = 0; x < n; ++x) to[x * step + c] = from[x * pixel_stride + c * channel_stride];
  }
}

}  // namespace

template <class T>
void copy_padded(View<const T, 3> image, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                 T* packed, int64_t gap) {
  const int64_t height = image.shape(0), width = image.shape(1), channels = image.shape(2), step = channels + gap;
  const int64_t left = std::clamp<int64_t>(-first_column, 0, columns), row_values = columns * step;
  const int64_t inside = std::max<int64_t>(std::min(first_column + columns, width) - (first_column + left), 0);
  const int64_t right = columns - left - inside;
  const int64_t top = inside > 0 ? std::clamp<int64_t>(-first_row, 0, rows) : rows;
  const int64_t end = std::clamp<int64_t>(height - first_row, top, rows);
  const bool is_small = rows * row_values <= kClearedAtOnce;
  clear(packed, is_small ? rows * row_values : top * row_values);
  if (!is_small) clear(packed + end * row_values, (rows - end) * row_values);
  if (top == end) return;
  const T* from = &image(first_row + top, first_column + left, 0);
  T* to = packed + top * row_values;
  for (int64_t r = top; r < end; ++r, from += image.stride(0), to += row_values) {
    if (!is_small) clear(to, left * step);
    copy_row(from, image.stride(1), image.stride(2), inside, channels, to + left * step, step);
    if (!is_small) clear(to + (left + inside) * step, right * step);
  }
}

template <class T>
void scatter(const T* packed, const View<T, 3>& to, int64_t gap, bool adds) {
  const auto [rows, columns, channels] = to.shape();
  const auto [row_step, pixel_step, channel_step] = to.strides();
  const int64_t step = channels + gap;
  for (int64_t r = 0; r < rows; ++r, packed += columns * step) {
    T* row = to.data() + r * row_step;
    if (pixel_step == 1 && !adds) {  // as NCHW arrays lie
      kernels::transpose(kernels::chosen_target(), packed, step, columns, channels, row, channel_step);
      continue;
    }
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t x = 0; x < columns; ++x) {
        T& value = row[x * pixel_step + c * channel_step];
        value = adds ? value + packed[x * step + c] : packed[x * step + c];
      }
    }
  }
}

template void copy_padded(View<const float, 3>, int64_t, int64_t, int64_t, int64_t, float*, int64_t);
template void copy_padded(View<const double, 3>, int64_t, int64_t, int64_t, int64_t, double*, int64_t);
template void scatter(const float*, const View<float, 3>&, int64_t, bool);
template void scatter(const double*, const View<double, 3>&, int64_t, bool);
template void scatter(const int64_t*, const View<int64_t, 3>&, int64_t, bool);

}  // namespace convstep
