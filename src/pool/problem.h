// problem.h: a pooling layer and one image size.
#pragma once

#include "convstep/pool.h"
#include "core/window_axis.h"

namespace convstep {

// A layer and one image size, checked and resolved. Whatever is chosen is chosen from this and the dtype alone, so that
// the bits of the result depend on nothing else. The options are those that it was made of: a copy would take a tenth
// of the time of a tiny pooling.
struct PoolProblem {
  WindowGeometry geometry;  // of the taps that windows read
  WindowGeometry given;     // with those on padding, too, where they are counted
  int64_t channels;
  const PoolOptions& options;
};

// How many taps of the window at position o count in an average.
inline int64_t count_taps(const WindowAxis& axis, int64_t o, bool include_padding) {
  return (include_padding ? axis.taps_on_padded_input(o) : axis.taps_on_input(o)).count();
}

// What the sum of the window at (y, x) is divided by for its mean, as it is in T. (A product of integers could
// overflow.)
template <class T>
double mean_divisor(const PoolProblem& problem, int64_t y, int64_t x) {
  const bool include_padding = problem.options.count_include_pad;
  return static_cast<double>(static_cast<T>(count_taps(problem.given.height, y, include_padding)) *
                             static_cast<T>(count_taps(problem.given.width, x, include_padding)));
}

// Do neighbouring windows read the same elements?
inline bool overlaps(const WindowAxis& axis) { return axis.output > 1 && axis.window > axis.stride; }

// The elements from the first to the last that `outputs` neighbouring windows can read.
inline int64_t longest_span(const WindowAxis& axis, int64_t outputs) {
  const int64_t reach = axis.reach_on_input();
  if (outputs - 1 > (axis.input - reach) / axis.stride) return axis.input;
  return (outputs - 1) * axis.stride + reach;
}

}  // namespace convstep
