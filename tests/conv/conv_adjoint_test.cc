// The identity that makes gradients gradients: <forward(A; W), dZ> = <A, dA> = <W, dW>, for every way to compute them,
// up to the errors that docs/architecture.md promises.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "conv/checks.h"
#include "convstep/conv.h"
#include "tests/support/fma_chain.h"
#include "tests/support/named_layer.h"
#include "tests/support/winograd_gradient_bound.h"

namespace convstep {
namespace {

const NamedLayer kLayers[] = {
    {"direct", {2, 9, 11, 5}, {3, 2, 5, 19}, {.stride = {2, 1}, .padding = {1, 0, 2, 3}}},
    {"direct, rows of several chunks", {1, 3, 300, 3}, {3, 3, 3, 7}, {.padding = 1}},
    {"dilated", {1, 12, 13, 4}, {3, 3, 4, 6}, {.stride = {1, 2}, .padding = {2, 3}, .dilation = {2, 3}}},
    {"SAME", {2, 8, 7, 3}, {4, 4, 3, 5}, {.stride = 3, .padding = Padding::same_upper()}},
    {"7x7, stride 2", {1, 20, 21, 3}, {7, 7, 3, 16}, {.stride = 2, .padding = 3}},
    {"1x1", {2, 7, 7, 40}, {1, 1, 40, 24}, {}},
    {"1x1, stride 2", {2, 7, 8, 3}, {1, 1, 3, 24}, {.stride = 2}},
    {"images of one pixel", {12, 1, 1, 70}, {1, 1, 70, 45}, {}},
    {"groups", {2, 8, 8, 12}, {3, 3, 4, 24}, {.dilation = 2, .groups = 3}},
    {"groups of four", {1, 9, 9, 64}, {3, 3, 4, 64}, {.padding = 1, .groups = 16}},
    {"few outputs", {1, 9, 30, 16}, {3, 3, 16, 1}, {.padding = 1}},
    {"depthwise", {2, 14, 14, 40}, {3, 3, 1, 40}, {.stride = 2, .padding = 1, .groups = 40}},
    {"depthwise, 5x5", {2, 9, 9, 7}, {5, 5, 1, 7}, {.padding = 2, .groups = 7}},
    {"depthwise with a multiplier", {2, 6, 7, 5}, {3, 3, 1, 10}, {.padding = 1, .groups = 5}},
    {"winograd", {2, 13, 14, 36}, {3, 3, 36, 44}, {.padding = 1}},
    {"winograd, several chunks", {1, 34, 33, 33}, {3, 3, 33, 35}, {}},
    {"one column", {2, 9, 3, 4}, {3, 3, 4, 5}, {.padding = {1, 0}}},
};

struct Way {
  const char* name;
  Numerics numerics;
  ConvAlgorithm algorithm;
};
const Way kWays[] = {{"auto", Numerics::kFast, ConvAlgorithm::kAuto},
                     {"direct", Numerics::kFast, ConvAlgorithm::kDirect},
                     {"winograd", Numerics::kFast, ConvAlgorithm::kWinograd},
                     {"NumPy's order", Numerics::kNumpy, ConvAlgorithm::kAuto},
                     {"reference", Numerics::kNumpy, ConvAlgorithm::kReference}};

double gamma(double n, double unit) { return n * unit / (1 - n * unit); }

template <class T, int Rank>
long double inner_product(const Tensor<T, Rank>& a, const Tensor<T, Rank>& b) {
  long double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += static_cast<long double>(a.data()[i]) * b.data()[i];
  return sum;
}

template <class T>
class ConvAdjointTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void make(const NamedLayer& layer) {
    problem_ = check_problem(layer.input, layer.weights, layer.options);
    input_ = random_tensor<T, 4>(layer.input, 1);
    weights_ = random_tensor<T, 4>(layer.weights, 2);
    grad_ = random_tensor<T, 4>(output_shape(layer.input[0], problem_), 3);
    const auto [direct, winograd] = bounds();
    direct_bound_ = direct;
    winograd_bound_ = winograd;
  }

  void check(const ConvOptions& options, const std::string& what) const {
    Tensor<T, 4> output(grad_.shape()), input_grad(input_.shape()), weights_grad(weights_.shape());
    conv_forward(input_, weights_, {}, output, options);
    conv_backward(grad_, input_, weights_, input_grad, weights_grad, {}, options);
    const long double forward = inner_product(output, grad_);
    const bool may_be_winograds = options.numerics == Numerics::kFast && options.algorithm != ConvAlgorithm::kDirect;
    const Bounds& bound = may_be_winograds ? winograd_bound_ : direct_bound_;
    EXPECT_LE(std::abs(forward - inner_product(input_, input_grad)), bound.forward + bound.input) << what << ", input";
    EXPECT_LE(std::abs(forward - inner_product(weights_, weights_grad)), bound.forward + bound.weights)
        << what << ", weights";
  }

 private:
  // What the errors of each array can make of its inner product, with some units for that in long double.
  struct Bounds {
    double forward, input, weights;
  };
  struct AllBounds {
    Bounds direct, winograd;  // winograd: of either method
  };

  // Calls visit(n, y, x, o, row, column, i, j, c, channel) for all products whose tap lies on the image.
  template <class Visit>
  void for_each_product(const Visit& visit) const {
    const auto& [height, width] = problem_.geometry;
    for (int64_t n = 0; n < grad_.shape(0); ++n) {
      for (int64_t y = 0; y < height.output; ++y) {
        for (int64_t x = 0; x < width.output; ++x) {
          for (int64_t i = 0; i < height.window; ++i) {
            for (int64_t j = 0; j < width.window; ++j) {
              const int64_t row = height.source(y, i), column = width.source(x, j);
              if (!height.is_inside(row) || !width.is_inside(column)) continue;
              for (int64_t o = 0; o < problem_.outputs; ++o) {
                const int64_t first = o / problem_.group_outputs() * problem_.group_channels();
                for (int64_t c = 0; c < problem_.group_channels(); ++c) visit(n, y, x, o, row, column, i, j, c, first);
              }
            }
          }
        }
      }
    }
  }

  // Direct: each sum of n products is off by gamma(n + 1) times its magnitudes at most, and the magnitudes of all three
  // inner products add up to the same.
  AllBounds bounds() const {
    double magnitudes = 0;
    for_each_product([&](int64_t n, int64_t y, int64_t x, int64_t o, int64_t row, int64_t column, int64_t i, int64_t j,
                         int64_t c, int64_t first) {
      magnitudes += std::abs(double(input_(n, row, column, first + c)) * double(weights_(i, j, c, o)) *
                             double(grad_(n, y, x, o)));
    });
    const double unit = std::numeric_limits<T>::epsilon() / 2;
    const double taps = double(problem_.geometry.height.window) * double(problem_.geometry.width.window);
    const double pixels = double(grad_.size()) / double(problem_.outputs);
    const double slack = 1e-18 * double(input_.size() + grad_.size() + weights_.size()) * magnitudes;
    const Bounds direct{gamma(double(problem_.window_size()) + 1, unit) * magnitudes + slack,
                        gamma(taps * double(problem_.group_outputs()) + 1, unit) * magnitudes + slack,
                        gamma(pixels + 2, unit) * magnitudes + slack};
    Bounds either = direct;
    const auto& [height, width] = problem_.geometry;
    if (taps == 9 && height.stride == 1 && width.stride == 1 && problem_.groups == 1) {
      either.forward += winograd_forward_bound(unit);
      either.input += winograd_input_bound(unit);
      either.weights += winograd_weights_bound(unit);
    }
    return {direct, either};
  }

  static constexpr double kGrowth = 11264;  // convstep/conv.h

  double winograd_forward_bound(double unit) const {
    Tensor<double, 4> largest(grad_.shape());
    for_each_product([&](int64_t n, int64_t y, int64_t x, int64_t o, int64_t row, int64_t column, int64_t, int64_t,
                         int64_t c, int64_t first) {
      largest(n, y, x, o) = std::max(largest(n, y, x, o), std::abs(double(input_(n, row, column, first + c))));
    });
    return gamma(2 * double(problem_.channels) + 74, unit) * kGrowth * sum_of(largest, grad_, filter_magnitudes(3));
  }
  double winograd_input_bound(double unit) const {
    Tensor<double, 4> largest(input_.shape());
    for_each_product([&](int64_t n, int64_t y, int64_t x, int64_t o, int64_t row, int64_t column, int64_t, int64_t,
                         int64_t c, int64_t first) {
      double& value = largest(n, row, column, first + c);
      value = std::max(value, std::abs(double(grad_(n, y, x, o))));
    });
    return gamma(2 * double(problem_.outputs) + 74, unit) * kGrowth * sum_of(largest, input_, filter_magnitudes(2));
  }
  double winograd_weights_bound(double unit) const {
    double sum = 0;
    for (int64_t c = 0; c < problem_.channels; ++c) {
      for (int64_t o = 0; o < problem_.outputs; ++o) {
        double taps = 0;
        for (int64_t tap = 0; tap < 9; ++tap) taps += std::abs(double(weights_(tap / 3, tap % 3, c, o)));
        sum += taps * winograd_gradient_scale<T>(problem_, input_, grad_, c, o);
      }
    }
    return gamma(winograd_gradient_roundings(problem_, input_.shape(0)), unit) * winograd_gradient_growth() * sum;
  }
  // The sums of magnitudes of the weights for each index of one of the last two axes.
  Tensor<double, 1> filter_magnitudes(int axis) const {
    Tensor<double, 1> sums({weights_.shape(axis)});
    const int64_t O = problem_.outputs, C = problem_.channels;
    for (int64_t k = 0; k < weights_.size(); ++k) sums(axis == 3 ? k % O : k / O % C) += std::abs(weights_.data()[k]);
    return sums;
  }
  // Of products of three; `factors` go with the last axis.
  static double sum_of(const Tensor<double, 4>& largest, const Tensor<T, 4>& other, const Tensor<double, 1>& factors) {
    double sum = 0;
    for (int64_t i = 0; i < largest.size(); ++i) {
      sum += largest.data()[i] * std::abs(double(other.data()[i])) * factors(i % factors.size());
    }
    return sum;
  }

  ConvProblem problem_{};
  Tensor<T, 4> input_, weights_, grad_;
  Bounds direct_bound_{}, winograd_bound_{};
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvAdjointTest, Scalars);

TYPED_TEST(ConvAdjointTest, HoldsForEveryWay) {
  for (const NamedLayer& layer : kLayers) {
    this->make(layer);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      for (const Way& way : kWays) {
        ConvOptions options = layer.options;
        options.numerics = way.numerics;
        options.algorithm = way.algorithm;
        for (const int64_t threads : {1, 3}) {
          options.threads = threads;
          this->check(options, std::string(layer.name) + ", " + way.name + ", " + target);
        }
      }
    }
  }
}

}  // namespace
}  // namespace convstep
