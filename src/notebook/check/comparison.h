// comparison.h: whether outputs are those of a run, within rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
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
    return output < yours_.size() && yours_[output].shape == shape;
  }
  bool value(double value, double magnitude, int64_t terms) override {
    return close(yours_[output_].values[place_++], value, magnitude, terms);
  }

 private:
  const CheckOutputs& yours_;
  size_t output_ = 0, place_ = 0;
};

// Keeps all that a run of the right choices gives, and where somebody's outputs differ from it.
class Differences : public Sink {
 public:
  explicit Differences(const CheckOutputs& yours) : yours_(yours) {}

  bool begin(size_t output, const std::vector<int64_t>& shape) override {
    right_.push_back({shape, {}});
    magnitudes_.emplace_back();
    terms_.push_back(1);
    shapes_differ_ = shapes_differ_ || output >= yours_.size() || yours_[output].shape != shape;
    return true;
  }
  bool value(double value, double magnitude, int64_t terms) override {
    right_.back().values.push_back(value);
    magnitudes_.back().push_back(magnitude);
    terms_.back() = std::max(terms_.back(), terms);
    return true;
  }

  // After the run: compares. Sums by Fourier transforms have errors of the size of their neighbours, so that a
  // magnitude counts as no less than nine in ten do. (Not as the largest: an outlier would hide everything.)
  void settle() {
    for (size_t output = 0; output < right_.size(); ++output) {
      const std::vector<double>& magnitudes = magnitudes_[output];
      std::vector<bool>& wrong = wrong_.emplace_back(magnitudes.size());
      if (yours_[output].shape != right_[output].shape || magnitudes.empty()) continue;
      std::vector<double> sorted = magnitudes;
      const size_t nine_tenths = sorted.size() * 9 / 10;
      std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(nine_tenths), sorted.end());
      const double usual = sorted[nine_tenths];
      for (size_t place = 0; place < magnitudes.size(); ++place) {
        wrong[place] = !close(yours_[output].values[place], right_[output].values[place],
                              std::max(usual, magnitudes[place]), terms_[output]);
        any_wrong_ = any_wrong_ || wrong[place];
      }
    }
  }

  const CheckOutputs& right() const { return right_; }
  const std::vector<std::vector<bool>>& wrong() const { return wrong_; }  // by output and place
  bool shapes_differ() const { return shapes_differ_; }
  bool any() const { return shapes_differ_ || any_wrong_; }

 private:
  const CheckOutputs& yours_;
  CheckOutputs right_;
  std::vector<std::vector<double>> magnitudes_;
  std::vector<int64_t> terms_;
  std::vector<std::vector<bool>> wrong_;
  bool shapes_differ_ = false, any_wrong_ = false;
};

}  // namespace convstep::check
