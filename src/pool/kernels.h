// kernels.h: the parts of pooling that the CPU spends its time in, in plain signatures.
//
// A kernel works on pixels whose channels lie side by side; lanes run across channels, so every channel is computed as
// if it were alone. src/layers/ decides which taps a window reads, copies what lies otherwise, and cuts work into
// parts. All steps and offsets count elements.
#pragma once

#include <cstdint>

#include "convstep/pool.h"
#include "runtime/targets.h"

namespace convstep::kernels {

// Output pixels with windows of one form: `pixels` of them, input_step apart in the input and output_step in the
// output. `input` is where the first window's tap of offset 0 lies.
template <class T>
struct PixelRun {
  const T* input;
  int64_t input_step;
  T* output;
  int64_t output_step;
  int64_t pixels, channels;
};

// The taps of a window, in row order, at least one.
struct Taps {
  const int64_t* offsets;
  int64_t count;
};

// The IEEE 754-2019 maximum over the taps; with `accumulate` also over what the output holds.
void max_run(const Target& target, const PixelRun<float>& run, const Taps& taps, bool accumulate);
void max_run(const Target& target, const PixelRun<double>& run, const Taps& taps, bool accumulate);

// What is summed, and what becomes of the sum.
struct SumOptions {
  PoolMode mode;   // kAverage or kLp
  double p;        // of kLp
  double divisor;  // of kAverage: how many elements count
};

// A sum of so many taps is the most that one call takes: longer ones are put together from parts (see pairwise_half).
inline constexpr int64_t kMostTaps = 1024;

// Sums in NumPy's pairwise order (see src/reference/pairwise_sum.h), then the mean or the norm; with finish = false the
// bare sums.
void sum_run(const Target& target, const PixelRun<float>& run, const Taps& taps, const SumOptions& options,
             bool finish);
void sum_run(const Target& target, const PixelRun<double>& run, const Taps& taps, const SumOptions& options,
             bool finish);

// Sums to means or norms, in place.
void finish_sums(const Target& target, float* sums, int64_t count, const SumOptions& options);
void finish_sums(const Target& target, double* sums, int64_t count, const SumOptions& options);

// Are all of these norms finite and at least so large? (See src/reference/lp_norm.h.)
bool norms_are_sound(const Target& target, const float* norms, int64_t count, float least);
bool norms_are_sound(const Target& target, const double* norms, int64_t count, double least);

// Are those of one pixel, in run.output, right: sound, NaN, or 0 because all that its window reads is 0?
bool norms_are_right(const Target& target, const PixelRun<float>& run, const Taps& taps, float least);
bool norms_are_right(const Target& target, const PixelRun<double>& run, const Taps& taps, double least);

// The length of the first half of a pairwise sum of n > 128 terms.
constexpr int64_t pairwise_half(int64_t n) { return n / 2 - n / 2 % 8; }

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

// As many channels as a vector of any target has lanes.
inline constexpr int64_t kLeastPairChannels = 16;
inline constexpr int64_t kPairRows = 2;

// Two rows of output whose windows are 3x3, of at least so many channels, and all that they read.
template <class T>
struct RowPair {
  // The rows under the windows from top to bottom, 3 + stride of them, each at its first column, and the steps between
  // their pixels. What lies beyond the image is one pixel that changes no result, with a step of 0.
  const T* input[5];
  int64_t steps[5];
  int64_t columns, channels, before;  // the first window begins `before` columns before the first
  T* output;
  int64_t output_row_step, output_pixel_step, output_columns;
};

// Averages at stride 1, summed by column as above, with divisors as there. Beyond the image is -0.
void average_rows(const Target& target, const RowPair<float>& rows, const float* divisors);
void average_rows(const Target& target, const RowPair<double>& rows, const double* divisors);

// Maxima at stride 1 or 2. Beyond the image is -infinity. False where the input has, or may have, numbers that take
// more than one instruction for a maximum (NaN, -0): the output is then not right.
bool max_rows(const Target& target, const RowPair<float>& rows, int64_t stride);
bool max_rows(const Target& target, const RowPair<double>& rows, int64_t stride);

// Maxima and where they are: the first among equals, the first NaN. Tap t of pixel x is at
// first_position + x * position_step + positions[t]; positions[t] is not negative and fits in 31 bits.
struct IndexRun {
  const int64_t* positions;
  int64_t first_position, position_step;
  int64_t* output;
  int64_t output_step;
};
void max_index_run(const Target& target, const PixelRun<float>& run, const Taps& taps, const IndexRun& indices,
                   bool accumulate);
void max_index_run(const Target& target, const PixelRun<double>& run, const Taps& taps, const IndexRun& indices,
                   bool accumulate);

}  // namespace convstep::kernels
