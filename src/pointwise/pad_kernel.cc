// pad_kernel.cc: rows of pixels copied between zeros. There is nothing to compute, so memcpy and memset, whose makers
// know the CPU, are the kernel. (Stores past the cache, which could save reading what is overwritten, are left to
// memcpy as well: it takes them for long runs.)
#include "pointwise/pad_kernel.h"

#include <algorithm>
#include <cstring>

namespace convstep::kernels {
namespace {

template <class T>
size_t bytes(int64_t count) {
  return static_cast<size_t>(count) * sizeof(T);
}

// Runs of numbers with steps; a memcpy where they lie side by side in both.
template <class T>
void copy_run(const T* from, int64_t from_step, int64_t count, T* to, int64_t to_step) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, bytes<T>(count));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * to_step] = from[i * from_step];
  }
}

template <class T>
void zero_run(T* to, int64_t count, int64_t step) {
  if (step == 1) {
    std::memset(to, 0, bytes<T>(count));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * step] = 0;
  }
}

template <class T>
void zero_pixels(const PixelRow<T>& to, int64_t first, int64_t columns, int64_t channels) {
  if (columns == 0) return;  // there may be no place `first` steps on
  T* data = to.data + first * to.pixel_step;
  if (to.channel_step == 1 && to.pixel_step == channels) {
    zero_run(data, columns * channels, 1);
  } else if (to.pixel_step == 1) {
    for (int64_t c = 0; c < channels; ++c) zero_run(data + c * to.channel_step, columns, 1);
  } else {
    for (int64_t x = 0; x < columns; ++x) zero_run(data + x * to.pixel_step, channels, to.channel_step);
  }
}

template <class T>
void copy_pixels(const PixelRow<const T>& from, int64_t columns, int64_t channels, const PixelRow<T>& to,
                 int64_t first) {
  T* data = to.data + first * to.pixel_step;
  if (from.channel_step == 1 && to.channel_step == 1 && from.pixel_step == channels && to.pixel_step == channels) {
    copy_run(from.data, 1, columns * channels, data, 1);
  } else if (to.pixel_step == 1) {  // planes outside, as the output lies
    for (int64_t c = 0; c < channels; ++c) {
      copy_run(from.data + c * from.channel_step, from.pixel_step, columns, data + c * to.channel_step, 1);
    }
  } else {
    for (int64_t x = 0; x < columns; ++x) {
      copy_run(from.data + x * from.pixel_step, from.channel_step, channels, data + x * to.pixel_step, to.channel_step);
    }
  }
}

template <class T>
void pad_any_row(const PixelRow<const T>& from, int64_t columns, int64_t left, int64_t right, int64_t channels,
                 PixelRow<T> to) {
  if (channels == 1) to.channel_step = 1;
  zero_pixels(to, 0, left, channels);
  if (columns > 0) {
    PixelRow<const T> source = from;
    if (channels == 1) source.channel_step = 1;
    copy_pixels(source, columns, channels, to, left);
  }
  zero_pixels(to, left + columns, right, channels);
}

}  // namespace

void pad_row(const PixelRow<const float>& from, int64_t columns, int64_t left, int64_t right, int64_t channels,
             const PixelRow<float>& to) {
  pad_any_row(from, columns, left, right, channels, to);
}
void pad_row(const PixelRow<const double>& from, int64_t columns, int64_t left, int64_t right, int64_t channels,
             const PixelRow<double>& to) {
  pad_any_row(from, columns, left, right, channels, to);
}

}  // namespace convstep::kernels
