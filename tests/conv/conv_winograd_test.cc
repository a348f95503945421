#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "convstep/conv.h"
#include "tests/conv/winograd_bound.h"
#include "tests/conv/winograd_case.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

using Layer = WinogradLayer;
template <class T>
using Case = WinogradCase<T>;

template <class T>
class ConvWinogradTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void check(const Layer& layer) {
    check_one(layer);
    if (!HasFatalFailure()) check_one(layer.with_5x5());
  }
  // All targets within the bound, and those with fused multiply-add with the same bits.
  void check_one(const Layer& layer) {
    const Case<T> c(layer);
    set_simd_target("");
    const BoundedConv<T> exact = bounded_winograd<T>(c.x, c.w, c.b, layer.padding, c.m());
    Tensor<T, 4> first;
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      const Tensor<T, 4> y = c.run();
      ASSERT_EQ(exact.count_beyond(y), 0)
          << target << ", " << layer.window << ", " << to_string(layer.input) << " to " << layer.outputs << ", padding "
          << layer.padding.top << " " << layer.padding.bottom << " " << layer.padding.left << " "
          << layer.padding.right;
      if (target == "sse4" || target == "emulated" || target == "scalar") continue;  // no fused multiply-add
      if (first.size() == 0) first = y;
      ASSERT_TRUE(same_bits(y, first)) << target;
    }
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvWinogradTest, Types);

TYPED_TEST(ConvWinogradTest, EverySmallImage) {
  for (int64_t H = 1; H <= 11; ++H) {
    for (int64_t W = 1; W <= 11; ++W) {
      const Padding padding{H % 3, W % 3, (H + W) % 3, (H * W) % 4};
      if (H + padding.top + padding.bottom < 3 || W + padding.left + padding.right < 3) continue;
      this->check({{1 + H % 2, H, W, 1 + (H * W) % 5}, 1 + (H + 3 * W) % 6, padding});
    }
  }
}

TYPED_TEST(ConvWinogradTest, EveryTailOfTheChannels) {
  const int64_t lanes = 64 / static_cast<int64_t>(sizeof(TypeParam));
  for (int64_t count = 1; count <= 2 * lanes + 1; ++count) {
    this->check({{1, 6, 5, count}, 3});
    this->check({{1, 6, 5, 3}, count});
  }
  for (const int64_t count : {3 * lanes, 4 * lanes - 1, 4 * lanes + 1, 5 * lanes, 9 * lanes + 3}) {
    this->check({{1, 4, 9, 5}, count});
  }
}

TYPED_TEST(ConvWinogradTest, ManyTilesAndPaddingWiderThanATile) {
  this->check({{2, 30, 31, 17}, 9});
  this->check({{1, 3, 3, 2}, 3, {9, 7, 0, 14}});
  this->check({{1, 9, 8, 150}, 33, Padding::all(0)});
}

// So many that a block of tiles takes them in several goes.
TYPED_TEST(ConvWinogradTest, ManyChannels) {
  this->check({{1, 6, 5, 1000}, 3});
  this->check({{1, 5, 4, 777}, 150});
}

// The promise of docs/performance.md: relative L2 error of 512 channels. Tiles of 4; the last of a row are 4, 2, 1 and
// 3 wide.
TYPED_TEST(ConvWinogradTest, ErrorGate) {
  for (const int64_t size : {24, 14, 13, 15}) {
    const Layer layer{{1, size, size, 512}, 8};
    for (const Layer& each : {layer, layer.with_5x5()}) {
      const Case<TypeParam> c(each);
      ASSERT_EQ(c.m(), each.window == 3 ? 4 : 2);
      const BoundedConv<TypeParam> exact = bounded_winograd<TypeParam>(c.x, c.w, c.b, each.padding, c.m());
      const double error = exact.relative_error(c.run());
      EXPECT_LE(error, sizeof(TypeParam) == 4 ? 2.4e-6 : 2e-14) << size;
      const std::string name = "relative_error_" + std::to_string(each.window) + "_" + std::to_string(size);
      testing::Test::RecordProperty(name, std::to_string(error * 1e9));
    }
  }
}

TYPED_TEST(ConvWinogradTest, ThreadsDoNotChangeTheBits) {
  for (const Layer& layer :
       {Layer{{3, 29, 30, 40}, 70}, Layer{{1, 14, 14, 64}, 200}, Layer{{3, 29, 30, 40}, 70}.with_5x5()}) {
    const Case<TypeParam> c(layer);
    ConvOptions options = layer.options();
    options.threads = 1;
    const Tensor<TypeParam, 4> one = c.run(options);
    for (const int threads : {2, 3, 8}) {
      options.threads = threads;
      EXPECT_TRUE(same_bits(c.run(options), one)) << threads;
    }
  }
}

TYPED_TEST(ConvWinogradTest, ThePlaceInTheBatchDoesNotChangeTheBits) {
  for (const bool is_5x5 : {false, true}) {
    const Layer layer{{5, 9, 10, 33}, 20};
    const Case<TypeParam> c(is_5x5 ? layer.with_5x5() : layer);
    const ConvPlan<TypeParam> plan({1, 9, 10, 33}, c.w, c.b, c.layer.options());
    const Tensor<TypeParam, 4> all = c.run();
    Tensor<TypeParam, 4> one(plan.workspace_bytes() > 0 ? Shape<4>{1, 9, 10, 20} : Shape<4>{});
    for (int64_t n = 0; n < 5; ++n) {
      plan.run({c.x.data() + n * 9 * 10 * 33, {1, 9, 10, 33}}, one);
      EXPECT_EQ(std::memcmp(one.data(), &all(n, 0, 0, 0), static_cast<size_t>(one.size()) * sizeof(TypeParam)), 0) << n;
    }
  }
}

// Gaps between rows, pixels and channels, reversed axes, an address that is no multiple of a vector.
TYPED_TEST(ConvWinogradTest, StridesDoNotChangeTheBits) {
  for (const bool is_5x5 : {false, true}) {
    using T = TypeParam;
    const Layer layer{{2, 9, 7, 5}, 6};
    const Case<T> c(is_5x5 ? layer.with_5x5() : layer);
    const auto residual = normals<T, 4>(c.layer.output(), 4);
    ConvOptions options = c.layer.options();
    options.activation = Activation::kTanh;
    auto dense = Tensor<T, 4>::uninitialized(c.layer.output());
    conv_forward(c.x, c.w, c.b, dense, options, residual);
    const auto odd_view = [](const Tensor<T, 4>& tensor, Tensor<T, 1>& memory, int layout) {
      const auto [N, H, W, C] = tensor.shape();
      const Shape<4> nchw{C * H * W, W, 1, H * W}, gaps{H * (W * (C + 1) + 2), W * (C + 1) + 2, C + 1, 1};
      Shape<4> strides = layout == 0 ? nchw : gaps;
      int64_t first = 1;
      if (layout == 2) {  // rows from the bottom
        first += (H - 1) * strides[1];
        strides[1] = -strides[1];
      }
      memory = filled<T, 1>({N * H * (W * (C + 1) + 2) + 1}, T(kPoison));
      const View<T, 4> view(memory.data() + first, tensor.shape(), strides);
      for (int64_t i = 0; i < tensor.size(); ++i) {
        view(i / (H * W * C), i / (W * C) % H, i / C % W, i % C) = tensor.data()[i];
      }
      return view;
    };
    for (int layout = 0; layout < 27; ++layout) {
      Tensor<T, 1> memory[3];
      const View<T, 4> x = odd_view(c.x, memory[0], layout % 3), r = odd_view(residual, memory[1], layout / 3 % 3);
      const View<T, 4> y = odd_view(residual, memory[2], layout / 9);
      const bool in_place = layout % 3 == layout / 3 % 3;
      conv_forward(x, c.w, c.b, y, options, in_place ? y : r);
      int64_t wrong = 0;
      const auto [N, H, W, O] = dense.shape();
      for (int64_t i = 0; i < dense.size(); ++i) {
        wrong += y(i / (H * W * O), i / (W * O) % H, i / O % W, i % O) != dense.data()[i];
      }
      EXPECT_EQ(wrong, 0) << layout;
      int64_t beside = 0;
      for (int64_t i = 0; i < memory[2].size(); ++i) beside += memory[2].data()[i] == T(kPoison);
      EXPECT_EQ(beside, memory[2].size() - dense.size()) << "memory between the outputs was written, " << layout;
    }
  }
}

TYPED_TEST(ConvWinogradTest, ResidualAndActivation) {
  for (const bool is_5x5 : {false, true}) {
    using T = TypeParam;
    const Layer layer{{1, 6, 7, 4}, 19};
    const Case<T> c(is_5x5 ? layer.with_5x5() : layer);
    const Tensor<T, 4> sums = c.run(), residual = normals<T, 4>(c.layer.output(), 5);
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                        Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
      ConvOptions options = c.layer.options();
      options.activation = activation;
      Tensor<T, 4> y = residual, expected = sums;
      for (int64_t i = 0; i < expected.size(); ++i) expected.data()[i] += residual.data()[i];
      activation_forward(expected, expected, activation, options.slope);
      conv_forward(c.x, c.w, c.b, y, options, y);
      for (int64_t i = 0; i < y.size(); ++i) {
        ASSERT_NEAR(y.data()[i], expected.data()[i], 8 * std::numeric_limits<T>::epsilon());
      }
    }
  }
}

// Where the reference has NaN or an infinity, so has the output, and nowhere else.
template <class T>
void expect_same_kinds(const Case<T>& c, View<const T, 1> bias, const std::string& where) {
  ConvOptions options = c.layer.options();
  auto y = Tensor<T, 4>::uninitialized(c.layer.output()), expected = y;
  conv_forward(c.x, c.w, bias, y, options);
  options.algorithm = ConvAlgorithm::kReference;
  conv_forward(c.x, c.w, bias, expected, options);
  for (int64_t i = 0; i < y.size(); ++i) {
    const T got = y.data()[i], want = expected.data()[i];
    const bool same = std::isnan(want)   ? std::isnan(got)
                      : std::isinf(want) ? got == want
                                         : std::abs(got - want) <= 1e3 * std::numeric_limits<T>::epsilon();
    ASSERT_TRUE(same) << where << ", output " << i << ": " << got << ", expected " << want;
  }
}

TYPED_TEST(ConvWinogradTest, NanAndInfinityReachWhatReadsThem) {
  for (const bool is_5x5 : {false, true}) {
    using T = TypeParam;
    constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();
    const Layer layer{{1, 7, 6, is_5x5 ? 2 : 3}, 17};
    Case<T> c(is_5x5 ? layer.with_5x5() : layer);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      for (const T odd : {kNan, kInfinity, -kInfinity}) {
        for (int64_t i = 0; i < c.x.size(); ++i) {
          const T before = std::exchange(c.x.data()[i], odd);
          expect_same_kinds<T>(c, c.b, target + ", input " + std::to_string(i));
          c.x.data()[i] = before;
        }
        for (int64_t i = 0; i < c.w.size(); ++i) {
          const T before = std::exchange(c.w.data()[i], odd);
          expect_same_kinds<T>(c, {}, target + ", weight " + std::to_string(i));
          c.w.data()[i] = before;
        }
        for (int64_t i = 0; i < c.b.size(); ++i) {
          const T before = std::exchange(c.b.data()[i], odd);
          expect_same_kinds<T>(c, c.b, target + ", bias " + std::to_string(i));
          c.b.data()[i] = before;
        }
      }
    }
  }
}

// One NaN in the weights: the outputs of the other channels keep their bits, on every target.
TYPED_TEST(ConvWinogradTest, RepairTouchesNoOtherOutput) {
  for (const bool is_5x5 : {false, true}) {
    using T = TypeParam;
    const Layer layer{{1, 8, 8, 3}, 33};
    Case<T> c(is_5x5 ? layer.with_5x5() : layer);
    const Tensor<T, 4> clean = c.run();
    c.w(1, 1, 1, 5) = std::numeric_limits<T>::quiet_NaN();
    for (const std::string& target : simd_targets()) {
      if (target == "sse4" || target == "emulated" || target == "scalar") continue;
      set_simd_target(target);
      const Tensor<T, 4> y = c.run();
      for (int64_t i = 0; i < y.size(); ++i) {
        if (i % 33 == 5) {
          ASSERT_TRUE(std::isnan(y.data()[i]));
        } else {
          ASSERT_EQ(y.data()[i], clean.data()[i]);
        }
      }
    }
  }
}

// The transforms grow values by up to two digits; what overflows there but not in a direct sum is computed anew.
TYPED_TEST(ConvWinogradTest, OverflowOfTheTransforms) {
  for (const bool is_5x5 : {false, true}) {
    using T = TypeParam;
    const Layer layer{{1, 12, 12, 4}, 5};
    Case<T> c(is_5x5 ? layer.with_5x5() : layer);
    const T large = std::numeric_limits<T>::max() / 8;
    for (int64_t i = 0; i < c.x.size(); ++i) c.x.data()[i] = i % 3 ? large : -large;
    ConvOptions options = c.layer.options();
    const Tensor<T, 4> y = c.run(options);
    options.algorithm = ConvAlgorithm::kReference;
    const Tensor<T, 4> expected = c.run(options);
    for (int64_t i = 0; i < y.size(); ++i) {
      if (!std::isfinite(expected.data()[i])) continue;  // its order of summation overflowed
      ASSERT_NEAR(y.data()[i] / large, expected.data()[i] / large, 1e3 * std::numeric_limits<T>::epsilon());
    }
  }
}

TYPED_TEST(ConvWinogradTest, NothingIsReadOrWrittenOutside) {
  using T = TypeParam;
  for (const int64_t C : {1, 4, 7, 16, 19, 20, 33, 35}) {
    Layer layer{{1, 7, 9, C}, C + 2, Padding::all(C % 2)};
    if (C % 3 == 1) layer = layer.with_5x5();
    const Case<T> c(layer);
    const Tensor<T, 4> expected = c.run();
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      for (const Flush flush : {Flush::kFront, Flush::kBack}) {
        GuardedBuffer<T> x(c.x.size(), flush), w(c.w.size(), flush), b(c.b.size(), flush), y(expected.size(), flush);
        std::copy_n(c.x.data(), c.x.size(), x.data());
        std::copy_n(c.w.data(), c.w.size(), w.data());
        std::copy_n(c.b.data(), c.b.size(), b.data());
        conv_forward(View<const T, 4>(x.data(), layer.input), View<const T, 4>(w.data(), layer.weights()),
                     View<const T, 1>(b.data(), {layer.outputs}), View<T, 4>(y.data(), layer.output()),
                     layer.options());
        for (int64_t i = 0; i < expected.size(); ++i) {
          ASSERT_NEAR(y.data()[i], expected.data()[i], 1e3 * std::numeric_limits<T>::epsilon());
        }
      }
    }
  }
}

// kAuto takes it where it is faster, by the geometry of one image alone.
TYPED_TEST(ConvWinogradTest, WhatAutoChooses) {
  using T = TypeParam;
  const auto choice = [](const Layer& layer, Size2 stride = {1, 1}) {
    ConvOptions options{.stride = stride, .padding = layer.padding};
    const Tensor<T, 4> w(layer.weights());
    const std::string text = ConvPlan<T>(layer.input, w, {}, options).describe();
    return text.substr(0, text.find(' '));
  };
  for (const int64_t images : {1, 8}) {
    EXPECT_EQ(choice({{images, 56, 56, 64}, 64}), "winograd");
    EXPECT_EQ(choice({{images, 7, 7, 128}, 128}), "winograd");
    EXPECT_EQ(choice({{images, 7, 7, 16}, 64}), "winograd");
    EXPECT_EQ(choice({{images, 224, 224, 3}, 64}), "direct");
    EXPECT_EQ(choice({{images, 56, 56, 16}, 16}), "direct");
    EXPECT_EQ(choice({{images, 5, 5, 64}, 64}), "winograd");
    EXPECT_EQ(choice({{images, 4, 4, 64}, 64}), "direct");
    EXPECT_EQ(choice({{images, 1, 100, 64}, 64}), "direct");  // one tap of three is on the image
    EXPECT_EQ(choice({{images, 56, 56, 64}, 64}, {2, 2}), "direct");
    EXPECT_EQ(choice(Layer{{images, 28, 28, 64}, 64}.with_5x5()), "winograd");
    EXPECT_EQ(choice(Layer{{images, 28, 28, 3}, 64}.with_5x5()), "direct");
  }
}

TYPED_TEST(ConvWinogradTest, TheWorkspaceIsBounded) {
  using T = TypeParam;
  for (const int64_t C : {1, 64, 512, 2048, 20000}) {
    for (const int64_t size : {7, 14, 500}) {
      const Tensor<T, 4> w({3, 3, C, 3});
      const ConvPlan<T> plan({1, size, size, C}, w, {}, Layer{}.options());
      EXPECT_EQ(plan.describe().substr(0, 8), "winograd");
      EXPECT_LE(plan.workspace_bytes(), size_t{2} << 20);
    }
  }
}

}  // namespace
}  // namespace convstep
