// small_runs.cc: create_mask_from_window and distribute_value with choices.
#include <algorithm>
#include <cmath>
#include <vector>

#include "notebook/check/places.h"
#include "notebook/check/run.h"

namespace convstep::check {
namespace {

struct Extremes {
  double largest, smallest, absolute, mean;
};

// Of the elements from `first` on, each `step` apart.
Extremes extremes(const std::vector<double>& values, size_t first, size_t count, size_t step) {
  Extremes it{values[first], values[first], std::abs(values[first]), 0};
  for (size_t k = 0; k < count; ++k) {
    const double value = values[first + k * step];
    it.largest = std::max(it.largest, value);
    it.smallest = std::min(it.smallest, value);
    it.absolute = std::max(it.absolute, std::abs(value));
    it.mean += value / static_cast<double>(count);
  }
  return it;
}

double mask_of(Mask mask, double x, const Extremes& of) {
  switch (mask) {
    case Mask::kMax:
    case Mask::kByRow:
    case Mask::kByColumn:
    case Mask::kTransposed:
    case Mask::kFlat:
      return x == of.largest;
    case Mask::kMin:
      return x == of.smallest;
    case Mask::kMaxOfAbsolutes:
      return std::abs(x) == of.absolute;
    case Mask::kNotMax:
      return x != of.largest;
    case Mask::kValues:
      return of.largest;
    case Mask::kAboveMean:
      return x >= of.mean;
    case Mask::kPositive:
      return x > 0;
    case Mask::kAll:
      return 1;
    case Mask::kMaxFromZero:
      return x == std::max(0.0, of.largest);
    case Mask::kValueAtMax:
      return x == of.largest ? x : 0;
    case Mask::kNone:
      return 0;
  }
  return 0;
}

}  // namespace

bool run_mask(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray& x = one.inputs[0];
  const int64_t height = x.shape[0], width = x.shape[1];
  const size_t across = static_cast<size_t>(width);
  const bool turned = choices.mask == Mask::kTransposed;
  std::vector<int64_t> shape = turned ? std::vector<int64_t>{width, height} : x.shape;
  if (choices.mask == Mask::kFlat) shape = {height * width};
  if (choices.mask == Mask::kValues) shape = {};
  if (!sink.begin(0, shape)) return false;
  const Extremes all = extremes(x.values, 0, x.values.size(), 1);
  if (choices.mask == Mask::kValues) return sink.value(all.largest, std::abs(all.largest), 1);
  for (size_t k = 0; k < x.values.size(); ++k) {
    const size_t place = turned ? (k % static_cast<size_t>(height)) * across + k / static_cast<size_t>(height) : k;
    Extremes of = all;
    if (choices.mask == Mask::kByRow) of = extremes(x.values, place / across * across, across, 1);
    if (choices.mask == Mask::kByColumn) of = extremes(x.values, place % across, static_cast<size_t>(height), across);
    const double value = finished(choices.after, mask_of(choices.mask, x.values[place], of), 1);
    if (!sink.value(value, 1, 1)) return false;
  }
  return true;
}

bool run_share(const CheckCase& one, const Choices& choices, Sink& sink) {
  const double dz = one.inputs[0].values[0], height = one.inputs[1].values[0], width = one.inputs[1].values[1];
  double value = dz / (height * width);
  if (choices.share == Share::kWhole) value = dz;
  if (choices.share == Share::kFour) value = dz / 4;
  if (choices.share == Share::kHeight) value = dz / height;
  if (choices.share == Share::kWidth) value = dz / width;
  if (choices.share == Share::kPerimeter) value = dz / (height + width);
  if (choices.share == Share::kHeightSquared) value = dz / (height * height);
  if (choices.share == Share::kOne) value = 1;
  if (choices.share == Share::kShareOfOne) value = 1 / (height * width);
  if (choices.share == Share::kTimesArea) value = dz * height * width;
  if (choices.share == Share::kFloor) value = std::floor(value);
  if (choices.share == Share::kZero) value = 0;
  if (choices.share == Share::kInverse) value = height * width / dz;
  value = finished(choices.after, value, 1);
  std::vector<int64_t> shape{static_cast<int64_t>(height), static_cast<int64_t>(width)};
  if (choices.shape_transposed) std::swap(shape[0], shape[1]);
  if (choices.shape_flat) shape = {shape[0] * shape[1]};
  if (choices.one_number) shape = {};
  if (!sink.begin(0, shape)) return false;
  int64_t count = 1;
  for (const int64_t length : shape) count *= length;
  for (int64_t k = 0; k < count; ++k) {
    if (!sink.value(value, std::abs(value), 1)) return false;
  }
  return true;
}

}  // namespace convstep::check
