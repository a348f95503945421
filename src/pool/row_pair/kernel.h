// kernel.h: 3x3 windows, two rows of output at a time.
#pragma once

#include "pool/runs.h"

namespace convstep::kernels {

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

}  // namespace convstep::kernels
