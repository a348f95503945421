// pool_strips.cc: pooling with windows that overlap, a few rows of output at a time.
#include <algorithm>
#include <cstdint>

#include "kernels/pool.h"
#include "layers/pool_call.h"

namespace convstep {
namespace {

using kernels::kStripRows;

// The stride that a kernel sees: where there is one position only, it means nothing and may be anything.
int64_t kernel_stride(const WindowAxis& axis) { return axis.output > 1 ? axis.stride : 1; }

template <class T>
kernels::Strip<T> strip_of(const PoolCall<T>& call, const PoolBlock& block, const BlockViews<T>& views) {
  const auto& [height, width] = call.geometry;
  return {.input = views.input,
          .rows = nullptr,
          .pixel_step = views.pixel_step,
          .columns = views.columns,
          .channels = block.channels,
          .window_height = height.window,
          .stride_height = kernel_stride(height),
          .outputs = 0,
          .window_width = width.window,
          .stride_width = kernel_stride(width),
          .before = views.first_column - width.source(block.first_column, 0),
          .output_columns = block.columns,
          .output = nullptr,
          .output_row_step = views.output_row_step,
          .output_pixel_step = views.output_pixel_step,
          .buffer = views.scratch};
}

template <class T>
int64_t row_table_size(int64_t rows) {  // in values of T
  return rows * static_cast<int64_t>(sizeof(int64_t) / sizeof(T));
}

template <class T>
int64_t strip_rows(const PoolCall<T>& call) {
  const WindowAxis& axis = call.geometry.height;
  if (call.options.mode != PoolMode::kMax) return std::min(axis.window, axis.input);
  return axis.window + (kStripRows - 1) * kernel_stride(axis);
}

template <class T>
void run_max(const PoolCall<T>& call, const PoolBlock& block, const BlockViews<T>& views) {
  const WindowAxis& axis = call.geometry.height;
  kernels::Strip<T> strip = strip_of(call, block, views);
  const int64_t count = strip_rows(call);
  int64_t* const rows = reinterpret_cast<int64_t*>(views.scratch);
  strip.rows = rows;
  strip.buffer += row_table_size<T>(count);
  const int64_t end = block.first_row + block.rows;
  const int64_t last_row = views.first_row + views.rows - 1;
  int64_t checked = views.first_row, last_special = -1;  // rows of the input
  for (int64_t y = block.first_row; y < end; y += kStripRows) {
    strip.outputs = std::min(kStripRows, end - y);
    const int64_t start = axis.source(y, 0);
    for (int64_t i = 0; i < count; ++i) {
      rows[i] = (std::clamp(start + i, views.first_row, last_row) - views.first_row) * views.row_step;
    }
    const int64_t read_end = std::min(start + count, last_row + 1);
    for (; checked < read_end; ++checked) {
      const T* row = views.input + (checked - views.first_row) * views.row_step;
      if (!kernels::is_plain_row(row, views.columns, views.pixel_step, block.channels)) last_special = checked;
    }
    strip.output = views.output + (y - block.first_row) * views.output_row_step;
    kernels::max_strip(strip, last_special < std::max(start, views.first_row));
  }
}

template <class T>
void run_sums(const PoolCall<T>& call, const PoolBlock& block, const BlockViews<T>& views) {
  const auto& [height, width] = call.geometry;
  const bool with_padding = call.options.count_include_pad;
  const kernels::SumOptions sum{call.options.mode, call.options.p, 1};
  kernels::Strip<T> strip = strip_of(call, block, views);
  int64_t* const rows = reinterpret_cast<int64_t*>(views.scratch);
  strip.rows = rows;
  T* const divisors = views.scratch + row_table_size<T>(strip_rows(call));
  strip.buffer = divisors + block.columns;
  strip.outputs = 1;
  for (int64_t y = block.first_row; y < block.first_row + block.rows; ++y) {
    const auto taps = height.taps_on_input(y);
    strip.window_height = taps.count();
    for (int64_t i = 0; i < taps.count(); ++i) {
      rows[i] = (height.source(y, taps.first + i) - views.first_row) * views.row_step;
    }
    const T high = static_cast<T>(count_taps(height, y, with_padding));
    for (int64_t x = 0; x < block.columns; ++x) {
      divisors[x] = high * static_cast<T>(count_taps(width, block.first_column + x, with_padding));
    }
    strip.output = views.output + (y - block.first_row) * views.output_row_step;
    kernels::sum_strip(strip, sum, divisors);
  }
}

}  // namespace

template <class T>
int64_t strip_scratch(const PoolCall<T>& call, const BlockSize& size, int64_t columns) {
  const int64_t table = row_table_size<T>(strip_rows(call));
  if (call.options.mode != PoolMode::kMax) return table + size.columns + columns * size.channels;
  const WindowAxis& axis = call.geometry.width;
  kernels::Strip<T> strip{};
  strip.columns = columns;
  strip.window_width = axis.window;
  strip.stride_width = kernel_stride(axis);
  strip.before = std::min(axis.before, axis.window);
  strip.output_columns = size.columns;
  return table + kStripRows * kernels::buffer_columns(strip) * size.channels;
}

template <class T>
void run_strips(const PoolCall<T>& call, const PoolBlock& block, const BlockViews<T>& views) {
  call.options.mode == PoolMode::kMax ? run_max(call, block, views) : run_sums(call, block, views);
}

template int64_t strip_scratch(const PoolCall<float>&, const BlockSize&, int64_t);
template int64_t strip_scratch(const PoolCall<double>&, const BlockSize&, int64_t);
template void run_strips(const PoolCall<float>&, const PoolBlock&, const BlockViews<float>&);
template void run_strips(const PoolCall<double>&, const PoolBlock&, const BlockViews<double>&);

}  // namespace convstep
