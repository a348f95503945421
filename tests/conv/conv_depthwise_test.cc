#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "conv/methods.h"
#include "tests/conv/depthwise_layer.h"

namespace convstep {
namespace {

template <class T>
class ConvDepthwiseTest : public DepthwiseLayer<T> {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvDepthwiseTest, Types);

TYPED_TEST(ConvDepthwiseTest, ChannelsFromOneToMoreThanTwoVectors) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t C = 2; C <= 35; ++C) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
        const Shape<4> shape{1, 4, 9, C};
        this->make_layer(shape, {3, 3}, options);
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {3, 3}, options)));
        this->make_layer(shape, {2, 3}, options);
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {2, 3}, options)));
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, SlidingWindowsOnAllSmallImages) {
  const Padding paddings[] = {{}, Padding::all(1), {0, 1, 0, 1}, {1, 0, 1, 0}, {3, 2, 1, 1}, {1, 1, 2, 0}};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    const int64_t C = target == "scalar" ? 2 : 17;
    for (int64_t H = 1; H <= 12; ++H) {
      for (int64_t W = 1; W <= 17; W += H < 6 ? 1 : 5) {
        for (const Padding& padding : paddings) {
          for (const int64_t stride : {1, 2}) {
            const ConvOptions options{.stride = {stride, stride}, .padding = padding};
            const Shape<4> shape{1, H, W, C};
            if (!exists(shape, {3, 3}, options)) continue;
            this->make_layer(shape, {3, 3}, options);
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {3, 3}, options)));
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, WindowsStridesAndDilations) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Size2& window : {Size2{1, 1}, {1, 3}, {5, 5}, {7, 7}, {2, 4}, {3, 3}}) {
      for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 2}, {3, 3}, {65536, 1}}) {
        for (const Size2& dilation : {Size2{1, 1}, {2, 2}, {1, 3}}) {
          for (const Padding& padding : {Padding{}, Padding::all(2), Padding{0, 1, 3, 0}}) {
            const ConvOptions options{.stride = stride, .padding = padding, .dilation = dilation};
            const Shape<4> shape{1, 9, 11, 19};
            if (!exists(shape, window, options)) continue;
            this->make_layer(shape, window, options);
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, window, options)));
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, ThreadsAndBatchesChangeNoBit) {
  for (const Size2& window : {Size2{3, 3}, {5, 5}}) {
    for (const int64_t stride : {1, 2}) {
      const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(window.height / 2)};
      this->make_layer({3, 40, 40, 71}, window, options);
      for (const int threads : {1, 2, 3, 8}) {
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "threads " + std::to_string(threads), threads));
      }
    }
  }
  // Pixels of 4 KB.
  const int64_t C = 2 * this->kCollidingStep;
  this->make_layer({2, 28, 28, C}, {3, 3}, {.stride = {2, 2}, .padding = Padding::all(1)});
  for (const int threads : {1, 2, 3, 8}) {
    ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "4 KB, " + std::to_string(threads), threads));
  }
}

TYPED_TEST(ConvDepthwiseTest, ResidualsApartAndInPlaceWithEveryActivation) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t C : {3, 16, 21}) {
      for (const int64_t window : {3, 5}) {
        for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                            Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
          this->make_layer({1, 7, 9, C}, {window, window}, {.padding = Padding::all(1), .activation = activation});
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right_with_residuals(target));
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  for (const int64_t window : {3, 4}) {
    for (const int64_t stride : {1, 2}) {
      this->make_layer({1, 5, 6, 18}, {window, window}, {.stride = {stride, stride}, .padding = Padding::all(1)});
      for (const T bad : {this->kNan, this->kInfinity}) {
        for (int64_t i = 0; i < this->input_.size();
             i += 7) {  // 7 and 18 share no factor: all channels have their turn
          T& value = this->input_.data()[i];
          const T good = std::exchange(value, bad);
          this->update();
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "input " + std::to_string(i)));
          value = good;
        }
        for (int64_t i = 0; i < this->weights_.size(); ++i) {
          T& value = this->weights_.data()[i];
          const T good = std::exchange(value, bad);
          this->update();
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "weight " + std::to_string(i)));
          value = good;
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, WindowsFarIntoThePaddingSeeZeros) {
  const int64_t pad = int64_t{1} << 24;
  for (const int64_t window : {1, 3}) {
    this->make_layer({1, 1, 1, 20}, {window, window}, {.stride = {pad, pad}, .padding = Padding::all(pad)});
    ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "window " + std::to_string(window)));
  }
}

TYPED_TEST(ConvDepthwiseTest, ThePlanTakesIt) {
  using T = TypeParam;
  this->make_layer({2, 9, 9, 20}, {3, 3}, {.padding = Padding::all(1)});
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kAuto, ConvAlgorithm::kDirect}) {
    this->options_.algorithm = algorithm;
    const ConvPlan<T> plan(this->input_.shape(), this->weights_, this->bias_, this->options_);
    EXPECT_NE(plan.describe().find("depthwise"), std::string::npos) << plan.describe();
    Tensor<T, 4> output(this->expected_.shape());
    plan.run(this->input_, output);
    ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "plan"));
  }
}

TEST(ConvDepthwiseFitsTest, OneFilterPerChannelAlone) {
  const auto problem = [](const Shape<4>& input, const Shape<4>& weights, int64_t groups, Size2 dilation = {}) {
    const ConvOptions options{.padding = Padding::all(1 << 20), .dilation = dilation, .groups = groups};
    return check_problem(input, weights, options);
  };
  EXPECT_TRUE(DepthwiseMethod<double>::kKind.fits(problem({1, 9, 9, 4}, {3, 3, 1, 4}, 4)));
  EXPECT_FALSE(DepthwiseMethod<double>::kKind.fits(problem({1, 9, 9, 4}, {3, 3, 1, 8}, 4)));
  EXPECT_FALSE(DepthwiseMethod<double>::kKind.fits(problem({1, 9, 9, 1}, {3, 3, 1, 1}, 1)));
  EXPECT_FALSE(DepthwiseMethod<double>::kKind.fits(problem({1, 9, 9, 4}, {3, 3, 2, 4}, 2)));
  EXPECT_FALSE(DepthwiseMethod<double>::kKind.fits(problem({1, 9, 9, 4}, {3, 3, 1, 4}, 4, {1000, 1000})));
}

}  // namespace
}  // namespace convstep
