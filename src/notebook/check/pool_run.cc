// pool_run.cc: the notebook's pool_forward with choices.
#include <algorithm>
#include <cmath>
#include <vector>

#include "notebook/check/places.h"
#include "notebook/check/run.h"

namespace convstep::check {
namespace {

// The middle number, or the mean of the two in the middle, as np.median has it.
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double pooled(Pooled how, const std::vector<double>& window, int64_t f) {
  double sum = 0, largest = window.front(), smallest = window.front(), absolute = 0;
  for (const double value : window) {
    sum += value;
    largest = std::max(largest, value);
    smallest = std::min(smallest, value);
    absolute = std::max(absolute, std::abs(value));
  }
  switch (how) {
    case Pooled::kMax:
      return largest;
    case Pooled::kMean:
      return sum / static_cast<double>(window.size());
    case Pooled::kMin:
      return smallest;
    case Pooled::kSum:
      return sum;
    case Pooled::kMaxFromZero:
      return std::max(0.0, largest);
    case Pooled::kMaxOfAbsolutes:
      return absolute;
    case Pooled::kMeanOverF:
      return sum / static_cast<double>(f);
    case Pooled::kMedian:
      return median(window);
    case Pooled::kFirst:
      return window.front();
    case Pooled::kLast:
      return window.back();
    case Pooled::kMeanOfFour:
      return sum / 4;
    case Pooled::kZero:
    case Pooled::kMaxShare:  // of gradients
    case Pooled::kMeanOverOutputs:
    case Pooled::kPositive:
      return 0;
  }
  return 0;
}

// First and end of some indices.
struct Range {
  int64_t first, end;
};

Range image_range(const Choices& choices, int64_t n, int64_t images) {
  if (choices.pool.all_images) return {0, images};
  const int64_t image = pick(choices.image, n, images);
  return {image, image + 1};
}

Range channel_range(const Choices& choices, int64_t o, int64_t channels) {
  if (choices.pool.channels == Channels::kAll) return {0, channels};
  if (choices.pool.channels == Channels::kFirst) return {0, 1};
  if (choices.pool.channels == Channels::kLast) return {channels - 1, channels};
  return {o, o + 1};
}

// A slice, which ends where the array does, as NumPy's do.
Range slice(const Axis& axis, int64_t k) { return {axis.begin(k), std::min(axis.begin(k) + axis.taps, axis.length)}; }

}  // namespace

bool run_pool(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray& A_prev = one.inputs[0];
  const int64_t m = A_prev.shape[0], channels = A_prev.shape[3];
  const Axes axes = make_axes(choices, A_prev, one.f, one.f, 0, one.stride);
  const PaddedImages input(A_prev, choices, axes.rows, axes.columns, 0);
  const int64_t shape[4] = {m, axes.rows.count, axes.columns.count, channels};
  const Pooled how = one.average ? choices.pool.average : choices.pool.max;
  std::vector<double> window;
  const auto compute = [&](int64_t n, int64_t y, int64_t x, int64_t o, double& value, double& magnitude) {
    const Range images = image_range(choices, n, m), depth = channel_range(choices, o, channels);
    const Range rows = slice(axes.rows, choices.rows.index_of_other ? x : y);
    const Range columns = slice(axes.columns, choices.columns.index_of_other ? y : x);
    if (rows.first < 0 || columns.first < 0) return false;
    window.clear();
    for (int64_t k = images.first; k < images.end; ++k)
      for (int64_t i = rows.first; i < rows.end; ++i)
        for (int64_t j = columns.first; j < columns.end; ++j)
          for (int64_t c = depth.first; c < depth.end; ++c) window.push_back(input.at(k, i, j, c));
    if (window.empty()) return false;
    value = pooled(how, window, one.f);
    for (const double element : window) magnitude += std::abs(element);
    return true;
  };
  return hand_over_volume(choices, shape, channels, one.f * one.f + 1, sink, compute);
}

}  // namespace convstep::check
