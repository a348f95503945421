// pool_average.cc: averages of 3x3 windows at stride 1, two rows of output at a time.
#include <algorithm>
#include <cstdint>

#include "kernels/pool.h"
#include "layers/pool_call.h"

namespace convstep {

template <class T>
int64_t average_scratch(const BlockSize& size) {
  return size.channels + 3 * size.columns;
}

template <class T>
void run_averages(const PoolCall<T>& call, const PoolBlock& block, const BlockViews<T>& views) {
  const auto& [height, width] = call.geometry;
  const bool with_padding = call.options.count_include_pad;
  T* const beyond = views.scratch;  // a pixel of the rows above and below the image
  T* const divisors = beyond + block.channels;
  T* const wide = divisors + 2 * block.columns;  // columns that count, for each window
  std::fill_n(beyond, block.channels, T(-0.0));
  for (int64_t x = 0; x < block.columns; ++x) {
    wide[x] = static_cast<T>(count_taps(width, block.first_column + x, with_padding));
  }
  kernels::AverageRows<T> rows{.input = {},
                               .steps = {},
                               .columns = views.columns,
                               .channels = block.channels,
                               .before = views.first_column - width.source(block.first_column, 0),
                               .output = nullptr,
                               .output_row_step = views.output_row_step,
                               .output_pixel_step = views.output_pixel_step,
                               .output_columns = block.columns,
                               .divisors = divisors};
  for (int64_t y = 0; y < block.rows; y += 2) {
    const bool is_alone = y + 1 == block.rows;
    rows.output = views.output + y * views.output_row_step;
    int64_t start = height.source(block.first_row + y, 0) - views.first_row;
    // The last of an odd number of rows is the second of two that are written to one place.
    if (is_alone) start -= 1, rows.output_row_step = 0;
    for (int64_t i = 0; i < 4; ++i) {
      const bool is_on_input = 0 <= start + i && start + i < views.rows;
      rows.input[i] = is_on_input ? views.input + (start + i) * views.row_step : beyond;
      rows.steps[i] = is_on_input ? views.pixel_step : 0;
    }
    for (int64_t i = 0; i < 2; ++i) {
      const int64_t row = block.first_row + (is_alone ? y : y + i);
      const T high = static_cast<T>(count_taps(height, row, with_padding));
      for (int64_t x = 0; x < block.columns; ++x) divisors[i * block.columns + x] = high * wide[x];
    }
    kernels::average_rows(rows);
  }
}

template int64_t average_scratch<float>(const BlockSize&);
template int64_t average_scratch<double>(const BlockSize&);
template void run_averages(const PoolCall<float>&, const PoolBlock&, const BlockViews<float>&);
template void run_averages(const PoolCall<double>&, const PoolBlock&, const BlockViews<double>&);

}  // namespace convstep
