// kernel.h: some rows of overlapping windows in two passes, down the columns and along the rows.
#pragma once

#include "pool/runs.h"

namespace convstep::kernels {

// Some rows of output whose windows overlap, worked out in two passes: down the columns into `buffer`, then along it.
template <class T>
struct Strip {
  const T* input;       // column 0
  const int64_t* rows;  // from `input` to each row that is read, top to bottom
  int64_t pixel_step, columns, channels;
  int64_t window_height, stride_height, outputs;  // outputs: rows, at most kStripRows
  int64_t window_width, stride_width, before, output_columns;
  T* output;
  int64_t output_row_step, output_pixel_step;
  T* buffer;  // kStripRows * buffer_columns() * channels elements
  // What one call does: down columns first_column .. end_column - 1; with the last of them also along the rows.
  int64_t first_column, end_column;

  bool is_last() const { return end_column == columns; }
};

inline constexpr int64_t kStripRows = 4;

// Columns of the buffer: the input, what windows read before and after it, and what a last part-filled group of windows
// would read.
template <class T>
int64_t buffer_columns(const Strip<T>& strip) {
  const int64_t groups = (strip.output_columns + kStripRows - 1) / kStripRows;
  const int64_t read = (groups * kStripRows - 1) * strip.stride_width + strip.window_width;
  return read > strip.before + strip.columns ? read : strip.before + strip.columns;
}

// Maxima. `rows` has window_height + (kStripRows - 1) * stride_height entries whatever `outputs` is, and rows beyond
// the image are the nearest one on it: repeating an element of a window changes no maximum. With `is_plain` no element
// is NaN or -0, and a single instruction finds a maximum.
void max_strip(const Target& target, const Strip<float>& strip, bool is_plain);
void max_strip(const Target& target, const Strip<double>& strip, bool is_plain);

// Is no element NaN or -0? With `packed`, also copies the row there, pixel after pixel.
bool is_plain_row(const Target& target, const float* row, int64_t pixels, int64_t pixel_step, int64_t channels,
                  float* packed);
bool is_plain_row(const Target& target, const double* row, int64_t pixels, int64_t pixel_step, int64_t channels,
                  double* packed);

// Sums by column. Row y of output is the sum of rows[begin[y]], ..., rows[end[y] - 1]: the rows of the image under its
// windows; begin and end never fall, and those beyond `outputs` are those of the last. Each column is summed from top
// to bottom, then the columns on the image from left to right. divisors[y * output_columns + x] is that of output (y,
// x).
struct StripRanges {
  int64_t begin[kStripRows], end[kStripRows];
};
void sum_strip(const Target& target, const Strip<float>& strip, const StripRanges& rows, const SumOptions& options,
               const float* divisors);
void sum_strip(const Target& target, const Strip<double>& strip, const StripRanges& rows, const SumOptions& options,
               const double* divisors);

}  // namespace convstep::kernels
