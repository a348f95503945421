// sum_order.h: which averages and norms are summed by column.
#pragma once

#include "pool/problem.h"
#include "pool/row_pair/kernel.h"

namespace convstep {

// Windows that pairs of rows take: averages at stride 1, and maxima at stride 1 or 2.
inline constexpr int64_t kPairWindow = 3;

// The rule of pool.h, but for windows that reach too far.
inline bool is_summed_by_column(const PoolProblem& problem) {
  // A window at least so many times as wide as its stride, and so high.
  constexpr int64_t kColumnSumOverlap = 5;
  const PoolOptions& options = problem.options;
  if (options.mode == PoolMode::kMax || options.numerics == Numerics::kNumpy || options.dilation != Size2{1, 1}) {
    return false;
  }
  if (options.mode == PoolMode::kAverage && options.window == Size2{kPairWindow, kPairWindow} &&
      options.stride == Size2{1, 1} && problem.channels >= kernels::kLeastPairChannels) {
    return true;
  }
  const auto& [height, width] = problem.given;
  return width.output > 1 && width.window / kColumnSumOverlap >= width.stride && height.window >= kColumnSumOverlap;
}

}  // namespace convstep
