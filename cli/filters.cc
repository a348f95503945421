#include "cli/filters.h"

#include <algorithm>
#include <cmath>

#include "convstep/pad.h"

namespace convstep::cli {
namespace {

constexpr ValueRange kBrightness{0, 1}, kDifference{-1, 1};  // a difference of 0 is the grey between

std::vector<double> scaled(std::vector<double> taps, double divisor) {
  for (double& tap : taps) tap /= divisor;
  return taps;
}

// Every product of a tap down and a tap across.
std::vector<double> outer(const std::vector<double>& down, const std::vector<double>& across) {
  std::vector<double> taps;
  for (const double a : down) {
    for (const double b : across) taps.push_back(a * b);
  }
  return taps;
}

std::vector<NamedFilter> make_filters() {
  const std::vector<double> hill{1, 2, 1}, slope{-1, 0, 1}, binomial{1, 4, 6, 4, 1};
  constexpr double kSobel = 4;  // the slope of a step from 0 to 1 is 1
  const double both = kSobel * std::sqrt(2.0);
  return {
      {"blur", "the mean of 5x5 pixels", {std::vector<double>(25, 1.0 / 25)}, kBrightness},
      {"gaussian", "a softer blur: binomial weights, 5x5", {scaled(outer(binomial, binomial), 256)}, kBrightness},
      {"sharpen", "more contrast with the neighbours", {{0, -1, 0, -1, 5, -1, 0, -1, 0}}, kBrightness},
      {"emboss", "as if lit from the lower right", {{-2, -1, 0, -1, 1, 1, 0, 1, 2}}, kBrightness},
      {"outline", "how far a pixel is above its eight neighbours", {{-1, -1, -1, -1, 8, -1, -1, -1, -1}}, kBrightness},
      {"laplacian", "the second derivative", {{0, 1, 0, 1, -4, 1, 0, 1, 0}}, kDifference},
      {"sobel",
       "how steep edges are",
       {scaled(outer(hill, slope), both), scaled(outer(slope, hill), both)},
       kBrightness},
      {"sobel-x", "how steep they are to the right", {scaled(outer(hill, slope), kSobel)}, kDifference},
      {"sobel-y", "how steep they are downwards", {scaled(outer(slope, hill), kSobel)}, kDifference},
  };
}

}  // namespace

int64_t NamedFilter::side() const { return std::lround(std::sqrt(static_cast<double>(taps.front().size()))); }

std::span<const NamedFilter> named_filters() {
  static const std::vector<NamedFilter> filters = make_filters();
  return filters;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const NamedFilter& filter : named_filters()) names.emplace_back(filter.name);
  return names;
}

const NamedFilter* find_filter(std::string_view name) {
  for (const NamedFilter& filter : named_filters()) {
    if (filter.name == name) return &filter;
  }
  return nullptr;
}

template <class T>
Tensor<T, 4> filter_weights(const NamedFilter& filter, int64_t channels, bool alpha) {
  const int64_t side = filter.side(), count = static_cast<int64_t>(filter.taps.size());
  Tensor<T, 4> weights({side, side, 1, channels * count});
  for (int64_t o = 0; o < channels * count; ++o) {
    if (alpha && o / count == channels - 1) {  // (alpha^2 + 0^2)^(1/2) is alpha
      weights(side / 2, side / 2, 0, o) = o % count == 0 ? T{1} : T{0};
      continue;
    }
    for (int64_t k = 0; k < side * side; ++k) {
      weights(k / side, k % side, 0, o) =
          static_cast<T>(filter.taps[static_cast<size_t>(o % count)][static_cast<size_t>(k)]);
    }
  }
  return weights;
}

template <class T>
Tensor<T, 4> repeat_border(const Tensor<T, 4>& images, int64_t rows, int64_t columns) {
  const auto [count, height, width, channels] = images.shape();
  auto larger = Tensor<T, 4>::uninitialized(pad_output_shape(images.shape(), {rows, rows, columns, columns}));
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t y = 0; y < larger.shape(1); ++y) {
      for (int64_t x = 0; x < larger.shape(2); ++x) {
        const T* pixel =
            &images(n, std::clamp<int64_t>(y - rows, 0, height - 1), std::clamp<int64_t>(x - columns, 0, width - 1), 0);
        std::copy(pixel, pixel + channels, &larger(n, y, x, 0));
      }
    }
  }
  return larger;
}

template <class T>
Tensor<T, 4> lengths_of_pairs(const Tensor<T, 4>& pairs) {
  auto lengths = Tensor<T, 4>::uninitialized({pairs.shape(0), pairs.shape(1), pairs.shape(2), pairs.shape(3) / 2});
  for (int64_t k = 0; k < lengths.size(); ++k) {
    lengths.data()[k] = std::hypot(pairs.data()[2 * k], pairs.data()[2 * k + 1]);
  }
  return lengths;
}

template Tensor<float, 4> filter_weights(const NamedFilter&, int64_t, bool);
template Tensor<double, 4> filter_weights(const NamedFilter&, int64_t, bool);
template Tensor<float, 4> repeat_border(const Tensor<float, 4>&, int64_t, int64_t);
template Tensor<double, 4> repeat_border(const Tensor<double, 4>&, int64_t, int64_t);
template Tensor<float, 4> lengths_of_pairs(const Tensor<float, 4>&);
template Tensor<double, 4> lengths_of_pairs(const Tensor<double, 4>&);

}  // namespace convstep::cli
