// kernel.h: windows one by one, each from its taps.
#pragma once

#include "pool/runs.h"

namespace convstep::kernels {

// The IEEE 754-2019 maximum over the taps; with `accumulate` also over what the output holds.
void max_run(const Target& target, const PixelRun<float>& run, const Taps& taps, bool accumulate);
void max_run(const Target& target, const PixelRun<double>& run, const Taps& taps, bool accumulate);

// A sum of so many taps is the most that one call takes: longer ones are put together from parts (see pairwise_half).
inline constexpr int64_t kMostTaps = 1024;

// NumPy's pairwise sums: up to so many terms go into as many running sums as these; more are halved.
inline constexpr int64_t kRunningSums = 8, kLongestBlock = 128;

// The length of the first half of a pairwise sum of more than kLongestBlock terms.
constexpr int64_t pairwise_half(int64_t n) { return n / 2 - n / 2 % 8; }

// Sums in NumPy's pairwise order (see src/reference/pairwise_sum.h), then the mean or the norm; with finish = false the
// bare sums.
void sum_run(const Target& target, const PixelRun<float>& run, const Taps& taps, const SumOptions& options,
             bool finish);
void sum_run(const Target& target, const PixelRun<double>& run, const Taps& taps, const SumOptions& options,
             bool finish);

// Sums to means or norms, in place.
void finish_sums(const Target& target, float* sums, int64_t count, const SumOptions& options);
void finish_sums(const Target& target, double* sums, int64_t count, const SumOptions& options);

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
