// gradient.h: gradients that loops over the outputs add to.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "notebook/check/places.h"
#include "notebook/check/run.h"

namespace convstep::check {

// A gradient to which terms are added, or, with = for +=, of which the last one stays.
class Gradient {
 public:
  Gradient(std::vector<int64_t> shape, bool assigned) : shape_(std::move(shape)), assigned_(assigned) {
    size_t count = 1;
    for (const int64_t length : shape_) count *= static_cast<size_t>(length);
    values_.resize(count);
    magnitudes_.resize(count);
    terms_.resize(count, 1);
  }

  void add(int64_t n, int64_t y, int64_t x, int64_t c, double term) {
    const size_t place = place_of(n, y, x, c);
    values_[place] = assigned_ ? term : values_[place] + term;
    magnitudes_[place] += std::abs(term);
    ++terms_[place];
  }
  void divide(double by) {
    for (double& value : values_) value /= by;
  }
  void forget() { std::fill(values_.begin(), values_.end(), 0.0); }

  double value(int64_t n, int64_t y, int64_t x, int64_t c) const { return values_[place_of(n, y, x, c)]; }
  double magnitude(int64_t n, int64_t y, int64_t x, int64_t c) const { return magnitudes_[place_of(n, y, x, c)]; }
  int64_t terms(int64_t n, int64_t y, int64_t x, int64_t c) const { return terms_[place_of(n, y, x, c)]; }
  const std::vector<int64_t>& shape() const { return shape_; }

  bool hand_over(size_t output, const std::vector<int64_t>& shape, const Choices& choices, int64_t images,
                 Sink& sink) const {
    if (!sink.begin(output, shape)) return false;
    for (size_t k = 0; k < values_.size(); ++k) {
      if (!sink.value(finished(choices.after, values_[k], images), magnitudes_[k], terms_[k])) return false;
    }
    return true;
  }

 private:
  size_t place_of(int64_t n, int64_t y, int64_t x, int64_t c) const {
    return static_cast<size_t>(((n * shape_[1] + y) * shape_[2] + x) * shape_[3] + c);
  }

  std::vector<int64_t> shape_;
  bool assigned_;
  std::vector<double> values_, magnitudes_;
  std::vector<int64_t> terms_;
};

inline double at(const CheckArray& array, int64_t n, int64_t y, int64_t x, int64_t c) {
  const auto& shape = array.shape;
  return array.values[static_cast<size_t>(((n * shape[1] + y) * shape[2] + x) * shape[3] + c)];
}

// The gradient that arrives from one output; false where its index would be out of range.
inline bool given_gradient(const CheckArray& grad, Given given, const Axis& rows, const Axis& columns, int64_t n,
                           int64_t h, int64_t w, int64_t c, double& value) {
  const auto& shape = grad.shape;
  if (given == Given::kByStart) h = rows.begin(h), w = columns.begin(w);
  if (given == Given::kFirstChannel) c = 0;
  if (given == Given::kFirstImage) n = 0;
  if (h < 0 || w < 0 || h >= shape[1] || w >= shape[2]) return false;
  value = at(grad, n, h, w, c);
  if (given == Given::kOne) value = 1;
  if (given == Given::kMean) {
    value = 0;
    for (const double one : grad.values) value += one / static_cast<double>(grad.values.size());
  }
  return true;
}

// Does the loop that computes gradients come here?
inline bool comes_to(const Choices& choices, const CheckArray& grad, int64_t n, int64_t h, int64_t w, int64_t c,
                     int64_t input_channels) {
  return is_computed(choices.computed, {n, h, w, c}, {grad.shape[0], grad.shape[1], grad.shape[2], grad.shape[3]},
                     input_channels);
}

}  // namespace convstep::check
