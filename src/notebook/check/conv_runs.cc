// conv_runs.cc: zero_pad, conv_single_step and conv_forward with choices.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "notebook/check/places.h"
#include "notebook/check/run.h"

namespace convstep::check {
namespace {

// The filter (f, f, n_C_prev, n_C) or (f, f, n_C_prev), turned as the choices say.
struct Filters {
  const CheckArray& weights;
  const Choices& choices;

  double at(int64_t i, int64_t j, int64_t c, int64_t o) const {
    const int64_t height = weights.shape[0], width = weights.shape[1], depth = weights.shape[2];
    const int64_t count = weights.shape.size() == 4 ? weights.shape[3] : 1;
    if (choices.rows.reversed) i = height - 1 - i;
    if (choices.columns.reversed) j = width - 1 - j;
    if (choices.sum.transposed) std::swap(i, j);
    if (choices.sum.channels_reversed) c = depth - 1 - c;
    const int64_t tap = (i * width + j) * depth + c, taps = height * width * depth;
    if (choices.sum.order == FilterOrder::kFiltersFirst) return weights.values[static_cast<size_t>(o * taps + tap)];
    if (choices.sum.order == FilterOrder::kChannelsFirst) {
      const int64_t area = height * width;  // place `tap` of (depth, height, width)
      return weights.values[static_cast<size_t>((tap % area * depth + tap / area) * count + o)];
    }
    return weights.values[static_cast<size_t>(tap * count + o)];
  }
};

double product(Product product, double a, double w) {
  switch (product) {
    case Product::kTimes:
      return a * w;
    case Product::kPlus:
      return a + w;
    case Product::kMinus:
      return a - w;
    case Product::kInput:
      return a;
    case Product::kFilter:
      return w;
    case Product::kSquare:
      return a * a;
  }
  return 0;
}

// One window's products, reduced as the choices say.
class Products {
 public:
  explicit Products(Reduce reduce) : reduce_(reduce) {}

  void add(double product) {
    magnitude_ += std::abs(product);
    last_ = product;
    largest_ = count_ == 0 ? product : std::max(largest_, product);
    sum_ += reduce_ == Reduce::kAbsolute ? std::abs(product) : product;
    all_ *= product;
    ++count_;
  }

  double reduced(int64_t area) const {
    switch (reduce_) {
      case Reduce::kSum:
      case Reduce::kAbsolute:
        return sum_;
      case Reduce::kMean:
        return sum_ / static_cast<double>(count_);
      case Reduce::kMeanOfWindow:
        return sum_ / static_cast<double>(area);
      case Reduce::kMax:
        return largest_;
      case Reduce::kLast:
        return last_;
      case Reduce::kProduct:
        return all_;
    }
    return 0;
  }
  int64_t count() const { return count_; }
  double magnitude() const { return std::max(magnitude_, std::abs(all_) * (reduce_ == Reduce::kProduct)); }

 private:
  Reduce reduce_;
  double sum_ = 0, last_ = 0, largest_ = 0, all_ = 1, magnitude_ = 0;
  int64_t count_ = 0;
};

// How often the bias counts beside the sum.
double times_of_bias(Bias bias, int64_t rows, int64_t products, int64_t channels, int64_t images_left) {
  switch (bias) {
    case Bias::kLeftOut:
    case Bias::kFactor:
      return 0;
    case Bias::kInsideSum:
      return static_cast<double>(products);
    case Bias::kSubtracted:
      return -1;
    case Bias::kTwice:
      return 2;
    case Bias::kPerRow:
      return static_cast<double>(rows);
    case Bias::kPerChannel:
      return static_cast<double>(channels);
    case Bias::kForEachImageLeft:
      return static_cast<double>(images_left);
    case Bias::kAdded:
    case Bias::kOfAllFilters:
      return 1;
  }
  return 1;
}

// The products of one window, with element(i, j, c) in it, and of one filter.
template <class Element>
Products window_products(const Choices& choices, const Filters& filters, int64_t filter, int64_t taps_down,
                         int64_t taps_across, Element element) {
  const SumChoices& sum = choices.sum;
  const int64_t depth = filters.weights.shape[2];
  const int64_t first = sum.channels == Channels::kLast ? depth - 1 : 0;
  const int64_t end = sum.channels == Channels::kFirst ? 1 : depth;
  const bool filter_first = sum.channels == Channels::kFilterFirst, input_first = sum.channels == Channels::kInputFirst;
  Products products(sum.reduce);
  for (int64_t i = 0; i < taps_down; ++i)
    for (int64_t j = 0; j < taps_across; ++j)
      for (int64_t c = first; c < end; ++c) {
        const double weight = filters.at(i, j, filter_first ? 0 : c, filter);
        products.add(product(sum.product, element(i, j, input_first ? 0 : c), weight));
      }
  return products;
}

// One output: its window, and which filter and bias belong to it.
struct Output {
  int64_t taps_down, taps_across;
  int64_t channel = 0;  // of the output
  int64_t image = 0;
  int64_t images_left = 1;  // the image itself, too
};

// The sum and the biases together. `products` are those of the output's own filter.
double with_bias(const SumChoices& sum, const Products& products, double reduced, const CheckArray& biases,
                 const Output& output, int64_t depth, double& magnitude) {
  const int64_t own = pick(sum.bias_of, output.channel, static_cast<int64_t>(biases.values.size()));
  double bias = biases.values[static_cast<size_t>(sum.bias_of_image ? output.image : own)];
  if (sum.bias == Bias::kOfAllFilters) bias = std::accumulate(biases.values.begin(), biases.values.end(), 0.0);
  double times = times_of_bias(sum.bias, output.taps_down, products.count(), depth, output.images_left);
  magnitude += products.magnitude() + std::abs(times * bias);
  if (sum.bias == Bias::kInsideSum && sum.reduce == Reduce::kMean) times = 1;
  if (sum.bias == Bias::kFactor) {
    magnitude *= std::abs(bias);
    return reduced * bias;
  }
  return reduced + times * bias;
}

// The output, with element(i, j, c) in its window. Where the sum goes on from filter to filter, the filters before
// its own count, too.
template <class Element>
double window_sum(const Choices& choices, const Filters& filters, const CheckArray& biases, const Output& output,
                  Element element, double& magnitude) {
  const SumChoices& sum = choices.sum;
  const int64_t down = output.taps_down, across = output.taps_across;
  double before = 0;
  for (int64_t k = 0; sum.filters_add_up && k < output.channel; ++k) {
    const Products products = window_products(choices, filters, k, down, across, element);
    before += products.reduced(down * across);
    magnitude += products.magnitude();
  }
  const int64_t own = pick(sum.filter, output.channel, static_cast<int64_t>(biases.values.size()));
  const int64_t filter = sum.filter_of_image ? output.image : own;
  const Products products = window_products(choices, filters, filter, down, across, element);
  const double reduced = before + products.reduced(down * across);
  return with_bias(sum, products, reduced, biases, output, filters.weights.shape[2], magnitude);
}

}  // namespace

bool run_zero_pad(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray& X = one.inputs[0];
  const auto [rows, columns] = make_axes(choices, X, 1, 1, one.pad, 1);
  const PaddedImages padded(X, choices, rows, columns, one.pad);
  const int64_t shape[4] = {padded.count(), rows.padded, columns.padded, padded.channels()};
  return hand_over_volume(choices, shape, shape[3], 1, sink,
                          [&](int64_t n, int64_t y, int64_t x, int64_t c, double& value, double& magnitude) {
                            value = padded.at(n, y, x, c);
                            magnitude = std::abs(value);
                            return true;
                          });
}

bool run_single_step(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray &window = one.inputs[0], &W = one.inputs[1];
  const int64_t height = W.shape[0], width = W.shape[1], depth = W.shape[2];
  if (choices.sum.transposed && height != width) return false;
  if (!sink.begin(0, choices.kept_axes ? std::vector<int64_t>{1, 1, 1} : std::vector<int64_t>{})) return false;
  double magnitude = 0;
  const double Z = window_sum(
      choices, {W, choices}, one.inputs[2], {height, width},
      [&](int64_t i, int64_t j, int64_t c) { return window.values[static_cast<size_t>((i * width + j) * depth + c)]; },
      magnitude);
  return sink.value(finished(choices.after, Z, 1), magnitude, height * width * depth + 1);
}

bool run_conv(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray &A_prev = one.inputs[0], &W = one.inputs[1];
  const int64_t images = A_prev.shape[0], f = W.shape[0], depth = W.shape[2];
  const Axes axes = make_axes(choices, A_prev, f, W.shape[1], one.pad, one.stride);
  const Axis &rows = axes.rows, &columns = axes.columns;
  const PaddedImages padded(A_prev, choices, rows, columns, one.pad);
  if (padded.channels() != depth || (choices.sum.transposed && f != W.shape[1])) return false;
  const int64_t shape[4] = {images, rows.count, columns.count, W.shape[3]};
  const Filters filters{W, choices};
  const auto compute = [&](int64_t n, int64_t y, int64_t x, int64_t o, double& value, double& magnitude) {
    const int64_t h = choices.rows.index_of_other ? x : y, w = choices.columns.index_of_other ? y : x;
    if (!rows.multiplies(h) || !columns.multiplies(w)) return false;
    if ((choices.sum.filter_of_image || choices.sum.bias_of_image) && n >= W.shape[3]) return false;
    const int64_t image = pick(choices.image, n, images), top = rows.begin(h), left = columns.begin(w);
    const bool one_row = !rows.holds(h), one_column = !columns.holds(w);
    const Output output{.taps_down = one_row && rows.inside(h) == 0 ? 0 : rows.taps,
                        .taps_across = one_column && columns.inside(w) == 0 ? 0 : columns.taps,
                        .channel = o,
                        .image = n,
                        .images_left = images - n};
    const auto element = [&](int64_t i, int64_t j, int64_t c) {
      return padded.at(image, top + (one_row ? 0 : i), left + (one_column ? 0 : j), c);
    };
    value = window_sum(choices, filters, one.inputs[2], output, element, magnitude);
    return true;
  };
  return hand_over_volume(choices, shape, depth, f * W.shape[1] * depth + 1, sink, compute);
}

}  // namespace convstep::check
