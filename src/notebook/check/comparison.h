// comparison.h: whether outputs are those of a run, within rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "notebook/check/run.h"

namespace convstep::check {

// What may lie between two sums of `terms` terms, in whatever order, in float32 or better, of inputs that were rounded
// to it: gamma(terms + 3) * magnitude for each of the two.
inline double tolerance(double magnitude, int64_t terms) {
  constexpr double kUnitRoundoff = 0x1p-24;
  const double n = static_cast<double>(terms + 3) * kUnitRoundoff;
  return n < 1 ? 2 * n / (1 - n) * magnitude : magnitude;
}

inline bool close(double yours, double value, double magnitude, int64_t terms) {
  if (std::isnan(value) || std::isnan(yours)) return std::isnan(value) && std::isnan(yours);
  return yours == value || std::abs(yours - value) <= tolerance(std::max(magnitude, std::abs(value)), terms);
}

// Compares a run with somebody's outputs, and ends it at the first that differs.
class Comparison : public Sink {
 public:
  explicit Comparison(const CheckOutputs& yours) : yours_(yours) {}

  bool begin(size_t output, const std::vector<int64_t>& shape) override {
    output_ = output;
    place_ = 0;
    shapes_differ_ = output >= yours_.size() || yours_[output].shape != shape;
    return !shapes_differ_;
  }
  bool value(double value, double magnitude, int64_t terms) override {
    if (!close(yours_[output_].values[place_], value, magnitude, terms)) {
      right_ = value;
      return false;
    }
    ++place_;
    return true;
  }

  // After a run that returned false: where it ended.
  size_t output() const { return output_; }
  size_t place() const { return place_; }
  double right() const { return right_; }
  bool shapes_differ() const { return shapes_differ_; }

 private:
  const CheckOutputs& yours_;
  size_t output_ = 0, place_ = 0;
  double right_ = 0;
  bool shapes_differ_ = false;
};

// Keeps all that a run of the right choices gives, and where somebody's outputs differ from it.
class Differences : public Sink {
 public:
  explicit Differences(const CheckOutputs& yours) : yours_(yours) {}

  bool begin(size_t output, const std::vector<int64_t>& shape) override {
    right_.push_back({shape, {}});
    wrong_.emplace_back();
    same_shape_ = output < yours_.size() && yours_[output].shape == shape;
    shapes_differ_ = shapes_differ_ || !same_shape_;
    return true;
  }
  bool value(double value, double magnitude, int64_t terms) override {
    const size_t place = right_.back().values.size();
    right_.back().values.push_back(value);
    wrong_.back().push_back(same_shape_ && !close(yours_[right_.size() - 1].values[place], value, magnitude, terms));
    any_wrong_ = any_wrong_ || wrong_.back().back();
    return true;
  }

  const CheckOutputs& right() const { return right_; }
  const std::vector<std::vector<bool>>& wrong() const { return wrong_; }  // by output and place
  bool shapes_differ() const { return shapes_differ_; }
  bool any() const { return shapes_differ_ || any_wrong_; }

 private:
  const CheckOutputs& yours_;
  CheckOutputs right_;
  std::vector<std::vector<bool>> wrong_;
  bool same_shape_ = true, shapes_differ_ = false, any_wrong_ = false;
};

}  // namespace convstep::check
