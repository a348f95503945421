// backward_runs.cc: the notebook's gradients with choices.
#include <algorithm>
#include <cmath>
#include <vector>

#include "notebook/check/places.h"
#include "notebook/check/run.h"

namespace convstep::check {
namespace {

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

double at(const CheckArray& array, int64_t n, int64_t y, int64_t x, int64_t c) {
  const auto& shape = array.shape;
  return array.values[static_cast<size_t>(((n * shape[1] + y) * shape[2] + x) * shape[3] + c)];
}

// The gradient that arrives from one output; false where its index would be out of range.
bool given_gradient(const CheckArray& grad, Given given, const Axis& rows, const Axis& columns, int64_t n, int64_t h,
                    int64_t w, int64_t c, double& value) {
  const auto& shape = grad.shape;
  if (given == Given::kByStart) h = rows.begin(h), w = columns.begin(w);
  if (given == Given::kFirstChannel) c = 0;
  if (given == Given::kFirstImage) n = 0;
  if (given == Given::kLastPosition) h = shape[1] - 1, w = shape[2] - 1;
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
bool comes_to(const Choices& choices, const CheckArray& grad, int64_t n, int64_t h, int64_t w, int64_t c) {
  return is_computed(choices.computed, {n, h, w, c}, {grad.shape[0], grad.shape[1], grad.shape[2], grad.shape[3]});
}

// dA_prev out of the gradient of the padded input.
class Cropped {
 public:
  Cropped(const Gradient& padded, Crop crop, const CheckArray& input, int64_t pad)
      : padded_(padded), crop_(crop), input_(input), pad_(pad) {}

  std::vector<int64_t> shape() const {
    if (crop_ == Crop::kNone) return padded_.shape();
    if (crop_ == Crop::kEmptyWithoutPad && pad_ == 0) return {input_.shape[0], 0, 0, input_.shape[3]};
    return input_.shape;
  }
  bool hand_over(size_t output, const Choices& choices, Sink& sink) const {
    const std::vector<int64_t> axes = shape();
    if (!sink.begin(output, axes)) return false;
    int64_t from = pad_;
    if (crop_ == Crop::kNone || crop_ == Crop::kFromStart) from = 0;
    if (crop_ == Crop::kFromEnd) from = 2 * pad_;
    if (axes[1] + from > padded_.shape()[1] || axes[2] + from > padded_.shape()[2]) return false;
    for (int64_t n = 0; n < axes[0]; ++n)
      for (int64_t y = 0; y < axes[1]; ++y)
        for (int64_t x = 0; x < axes[2]; ++x)
          for (int64_t c = 0; c < axes[3]; ++c) {
            const bool kept = crop_ != Crop::kLastImage || n == axes[0] - 1;
            const double value = kept ? padded_.value(n, y + from, x + from, c) : 0;
            const double magnitude = padded_.magnitude(n, y + from, x + from, c);
            const int64_t terms = padded_.terms(n, y + from, x + from, c);
            if (!sink.value(finished(choices.after, value, axes[0]), magnitude, terms)) return false;
          }
    return true;
  }

 private:
  const Gradient& padded_;
  Crop crop_;
  const CheckArray& input_;
  int64_t pad_;
};

}  // namespace

bool run_conv_backward(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray &dZ = one.inputs[0], &A_prev = one.inputs[1], &W = one.inputs[2];
  const GradientChoices& how = choices.gradient;
  const int64_t m = A_prev.shape[0], f = W.shape[0], f_across = W.shape[1], channels = W.shape[2], filters = W.shape[3];
  const Axis rows = make_axis(choices.rows, A_prev.shape[1], A_prev.shape[2], f, one.pad, one.stride);
  const Axis columns = make_axis(choices.columns, A_prev.shape[2], A_prev.shape[1], f_across, one.pad, one.stride);
  const PaddedImages padded(A_prev, choices, rows, columns, one.pad);
  if (padded.channels() != channels) return false;
  Gradient input({m, rows.padded, columns.padded, channels}, how.assign_input);
  Gradient weights(W.shape, how.assign_weights), bias({1, 1, 1, filters}, how.assign_bias);
  for (int64_t n = 0; n < m; ++n)
    for (int64_t h = 0; h < dZ.shape[1]; ++h)
      for (int64_t w = 0; w < dZ.shape[2]; ++w)
        for (int64_t o = 0; o < filters; ++o) {
          double dz = 0;
          if (!comes_to(choices, dZ, n, h, w, o)) continue;
          if (!given_gradient(dZ, how.given, rows, columns, n, h, w, o, dz)) return false;
          if (!rows.holds(h) || !columns.holds(w)) return false;
          const int64_t image = pick(choices.image, n, m), filter = pick(choices.sum.filter, o, filters);
          double window_sum = 0;
          for (int64_t i = 0; i < rows.taps; ++i)
            for (int64_t j = 0; j < columns.taps; ++j)
              for (int64_t c = 0; c < channels; ++c) {
                const int64_t y = rows.begin(h) + i, x = columns.begin(w) + j;
                const double pixel = padded.at(image, y, x, c);
                const int64_t wi = choices.rows.reversed ? f - 1 - i : i;
                const int64_t wj = choices.columns.reversed ? f_across - 1 - j : j;
                const double weight = at(W, wi, wj, c, filter);
                const auto factor = [](Factor which, double right, double other) {
                  return which == Factor::kRight ? right : which == Factor::kOther ? other : 1;
                };
                input.add(n, y, x, c, factor(how.input_factor, weight, pixel) * dz);
                weights.add(wi, wj, c, o, factor(how.weights_factor, pixel, weight) * dz);
                window_sum += pixel;
              }
          const bool right = how.bias_factor == Factor::kRight;
          bias.add(0, 0, 0, o, right ? dz : how.bias_factor == Factor::kOther ? window_sum * dz : 1);
        }
  if (how.mean) {
    weights.divide(static_cast<double>(m));
    bias.divide(static_cast<double>(m));
  }
  if (how.bias_mean) bias.divide(static_cast<double>(m * dZ.shape[1] * dZ.shape[2]));
  if (how.input_forgotten) input.forget();
  if (how.weights_forgotten) weights.forget();
  if (how.bias_forgotten) bias.forget();
  const Cropped cropped(input, how.crop, A_prev, one.pad);
  const bool first_two = how.swapped
                             ? weights.hand_over(0, W.shape, choices, m, sink) && cropped.hand_over(1, choices, sink)
                             : cropped.hand_over(0, choices, sink) && weights.hand_over(1, W.shape, choices, m, sink);
  return first_two && bias.hand_over(2, how.bias_flat ? std::vector<int64_t>{filters} : bias.shape(), choices, m, sink);
}

bool run_pool_backward(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray &dA = one.inputs[0], &A_prev = one.inputs[1];
  const GradientChoices& how = choices.gradient;
  const int64_t m = A_prev.shape[0], channels = A_prev.shape[3];
  const Axis rows = make_axis(choices.rows, A_prev.shape[1], A_prev.shape[2], one.f, 0, one.stride);
  const Axis columns = make_axis(choices.columns, A_prev.shape[2], A_prev.shape[1], one.f, 0, one.stride);
  Gradient input(A_prev.shape, how.assign_input);
  const Pooled how_shared = one.average ? how.average : how.max;
  for (int64_t n = 0; n < m; ++n)
    for (int64_t h = 0; h < dA.shape[1]; ++h)
      for (int64_t w = 0; w < dA.shape[2]; ++w)
        for (int64_t c = 0; c < channels; ++c) {
          double da = 0;
          if (!comes_to(choices, dA, n, h, w, c)) continue;
          if (!given_gradient(dA, how.given, rows, columns, n, h, w, c, da)) return false;
          if (!rows.holds(h) || !columns.holds(w)) return false;
          const int64_t image = pick(how.mask_of, n, m), top = rows.begin(h), left = columns.begin(w);
          const int64_t channel = choices.pool.channels == Channels::kFirst ? 0 : c;
          double largest = at(A_prev, image, top, left, channel), smallest = largest, absolute = std::abs(largest);
          for (int64_t i = 0; i < rows.taps; ++i)
            for (int64_t j = 0; j < columns.taps; ++j) {
              const double pixel = at(A_prev, image, top + i, left + j, channel);
              largest = std::max(largest, pixel);
              smallest = std::min(smallest, pixel);
              absolute = std::max(absolute, std::abs(pixel));
            }
          for (int64_t i = 0; i < rows.taps; ++i)
            for (int64_t j = 0; j < columns.taps; ++j) {
              const double pixel = at(A_prev, image, top + i, left + j, channel);
              double share = 0;
              if (how_shared == Pooled::kMax) share = pixel == largest;
              if (how_shared == Pooled::kMin) share = pixel == smallest;
              if (how_shared == Pooled::kMaxOfAbsolutes) share = std::abs(pixel) == absolute;
              if (how_shared == Pooled::kFirst) share = i == 0 && j == 0;
              if (how_shared == Pooled::kSum) share = 1;
              if (how_shared == Pooled::kMean) share = 1 / static_cast<double>(one.f * one.f);
              if (how_shared == Pooled::kMeanOverF) share = 1 / static_cast<double>(one.f);
              if (how.mask_times_window && !one.average) share *= pixel;
              input.add(n, top + i, left + j, c, share * da);
            }
        }
  if (how.mean) input.divide(static_cast<double>(m));
  if (how.input_forgotten) input.forget();
  return input.hand_over(0, input.shape(), choices, m, sink);
}

}  // namespace convstep::check
