// The gradients of depthwise layers and of small groups: every size of image and number of channels that a tile ends
// in, between pages that may not be touched, into poisoned outputs, on every SIMD target, to the bit where it fuses
// multiply-adds. Threads, batches in parts and layouts are conv_backward_bits_test's.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "conv/checks.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"
#include "tests/support/guarded_tensor.h"

namespace convstep {
namespace {

enum class Data { kUniform, kSpecial, kWhole };

template <class T>
Tensor<T, 4> tensor_of(const Shape<4>& shape, Data data, uint32_t seed) {
  using Limits = std::numeric_limits<T>;
  Tensor<T, 4> tensor = random_tensor<T, 4>(shape, seed);
  std::mt19937 random(seed);
  // Products of some of these are too small for their type.
  const T special[] = {
      0, -T(0), Limits::min(), -Limits::min(), Limits::denorm_min(), Limits::infinity(), Limits::quiet_NaN()};
  for (int64_t i = 0; i < tensor.size(); ++i) {
    T& value = tensor.data()[i];
    const size_t pick = random() % 64;
    if (data == Data::kWhole) value = std::round(8 * value);
    if (data == Data::kSpecial)
      value = pick < std::size(special) ? special[pick] : pick < 32 ? special[pick % 5] : value;
  }
  return tensor;
}

template <class T>
class ConvBackwardDepthwiseTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  // Both gradients of a layer of groups of `group` channels and outputs, if it exists, on every SIMD target.
  void check(const Shape<4>& image, const Size2& window, int64_t group, ConvOptions options,
             Data data = Data::kUniform) {
    options.groups = image[3] / group;
    const Shape<4> filters{window.height, window.width, group, image[3]};
    ConvProblem problem;
    try {
      problem = check_problem(image, filters, options);
    } catch (const ArgumentError&) {
      return;  // no window fits
    }
    SCOPED_TRACE(to_string(image) + " " + to_string(window) + " stride " + to_string(options.stride) + " dilation " +
                 to_string(options.dilation) + " group " + std::to_string(group));
    const bool accumulates = round_ % 3 == 0;
    const Layer fused(problem, image, filters, data, accumulates);
    const Layer whole(problem, image, filters, Data::kWhole, accumulates);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      options.threads = 1 + round_++ % 4;
      run(target_fuses(target) ? fused : whole, options, accumulates);
    }
  }

 private:
  // What is given, and what must come out.
  struct Layer {
    Layer(const ConvProblem& problem, const Shape<4>& image, const Shape<4>& filters, Data data, bool accumulates)
        : x(tensor_of<T>(image, data, 1)),
          w(tensor_of<T>(filters, data, 2)),
          g(tensor_of<T>(output_shape(image[0], problem), data, 3)),
          dx(input_gradient_chain<T>(problem, g, w)),
          dw(filled<T, 4>(filters, accumulates ? kPoison : 0)),
          db(filled<T, 1>({filters[3]}, accumulates ? kPoison : 0)) {
      for (int64_t i = 0; accumulates && i < dx.size(); ++i) dx.data()[i] += static_cast<T>(kPoison);
      weights_gradient_chain<T>(problem, g, x, dw, db);
    }
    Tensor<T, 4> x, w, g, dx, dw;
    Tensor<T, 1> db;
  };

  void run(const Layer& layer, const ConvOptions& options, bool accumulates) const {
    const Flush flush = round_ % 2 ? Flush::kFront : Flush::kBack;
    const GuardedTensor<T, 4> x(layer.x, flush), w(layer.w, flush), g(layer.g, flush);
    GuardedTensor<T, 4> dx(filled<T, 4>(layer.x.shape(), kPoison), flush),
        dw(filled<T, 4>(layer.w.shape(), kPoison), flush);
    GuardedTensor<T, 1> db(filled<T, 1>(layer.db.shape(), kPoison), flush);
    conv_backward_weights(g.in(), x.in(), dw.out(), db.out(), options, accumulates);
    conv_backward_input(g.in(), w.in(), dx.out(), options, accumulates);
    expect_same(layer.dw, dw.buffer, "weights");
    expect_same(layer.db, db.buffer, "bias");
    expect_same(layer.dx, dx.buffer, "input");
  }

  int64_t round_ = 0;

  template <int Rank>
  static void expect_same(const Tensor<T, Rank>& wanted, const GuardedBuffer<T>& got, const std::string& what) {
    for (int64_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(is_same(wanted.data()[i], got.data()[i]))
          << what << ", " << simd_target() << " at " << i << ": " << got.data()[i] << " for " << wanted.data()[i];
    }
  }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardDepthwiseTest, Scalars);

TYPED_TEST(ConvBackwardDepthwiseTest, AllSmallImages) {
  const Padding paddings[] = {{}, Padding::all(1), Padding::all(2), {0, 1, 0, 1}, {1, 0, 1, 0}, {3, 2, 1, 4}};
  for (int64_t H = 1; H <= 9; ++H) {
    for (int64_t W = 1; W <= 19; W += H < 6 ? 1 : 5) {
      for (const Padding& padding : paddings) {
        for (const int64_t window : {3, 5}) {
          for (const int64_t stride : {1, 2}) {
            const ConvOptions options{.stride = {stride, stride}, .padding = padding};
            ASSERT_NO_FATAL_FAILURE(this->check({1, H, W, 18}, {window, window}, 1, options));
            if (this->HasFailure()) return;
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvBackwardDepthwiseTest, ChannelsUpToMoreThanTwoVectors) {
  for (const int64_t group : {1, 2, 4, 8}) {
    for (int64_t C = 2 * group; C <= 56; C += group) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
        ASSERT_NO_FATAL_FAILURE(this->check({2, 4, 9, C}, {3, 3}, group, options));
        if (this->HasFailure()) return;
      }
    }
  }
}

TYPED_TEST(ConvBackwardDepthwiseTest, WindowsStridesAndDilations) {
  for (const Size2& window : {Size2{1, 1}, {1, 3}, {5, 3}, {3, 5}, {7, 7}, {2, 9}, {3, 3}}) {
    for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 2}, {2, 1}, {3, 3}}) {
      for (const Size2& dilation : {Size2{1, 1}, {2, 2}, {1, 3}}) {
        const ConvOptions options{.stride = stride, .padding = {0, 1, 3, 0}, .dilation = dilation};
        for (const int64_t group : {1, 2, 4, 8}) {
          ASSERT_NO_FATAL_FAILURE(this->check({1, 9, 17, 24}, window, group, options));
          if (this->HasFailure()) return;
        }
      }
    }
  }
}

// Several chunks, of whole rows and of pieces of rows, and channels in several parts.
TYPED_TEST(ConvBackwardDepthwiseTest, LargeImagesAndManyChannels) {
  for (const int64_t group : {1, 4}) {
    for (const int64_t stride : {1, 2}) {
      const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
      for (const Shape<4>& image : {Shape<4>{1, 3, 600, 8}, {2, 30, 31, 36}, {1, 9, 8, 1028}}) {
        ASSERT_NO_FATAL_FAILURE(this->check(image, {3, 3}, group, options));
        if (this->HasFailure()) return;
      }
    }
  }
}

TYPED_TEST(ConvBackwardDepthwiseTest, NanInfinityAndZerosOfBothSigns) {
  for (const int64_t group : {1, 2, 4, 8}) {
    for (const int64_t window : {3, 5}) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(window / 2)};
        for (int64_t W = 1; W < 12; ++W) {
          const Shape<4> image{1 + W % 2, W == 1 ? 1 : 6, W, 32};
          ASSERT_NO_FATAL_FAILURE(this->check(image, {window, window}, group, options, Data::kSpecial));
          if (this->HasFailure()) return;
        }
      }
    }
  }
}

// A gradient of weights with gaps in it, which are left alone.
TYPED_TEST(ConvBackwardDepthwiseTest, WritesToGradientsApart) {
  using T = TypeParam;
  const ConvOptions options{.padding = Padding::all(1), .groups = 64};
  const Shape<4> image{2, 6, 7, 64}, filters{3, 3, 1, 64};
  const auto x = random_tensor<T, 4>(image, 1), g = random_tensor<T, 4>(image, 2);
  Tensor<T, 4> wanted(filters);
  Tensor<T, 1> bias_wanted({64});
  weights_gradient_chain<T>(check_problem(image, filters, options), g, x, wanted, bias_wanted);
  for (const Shape<4>& steps : {Shape<4>{192, 64, 64, 1}, {201, 67, 67, 1}, {384, 128, 128, 2}}) {
    for (const int64_t bias_step : {1, 2}) {
      auto memory = filled<T, 1>({3 * steps[0]}, kPoison), bias_memory = filled<T, 1>({64 * bias_step}, kPoison);
      const View<T, 4> got(memory.data(), filters, steps);
      const View<T, 1> bias_got(bias_memory.data(), {64}, {bias_step});
      conv_backward_weights(View<const T, 4>(g), View<const T, 4>(x), got, bias_got, options);
      int64_t written = 0;
      for (int64_t i = 0; i < memory.size(); ++i) written += memory.data()[i] != static_cast<T>(kPoison);
      EXPECT_EQ(written, wanted.size());
      for (int64_t c = 0; c < 64; ++c) {
        EXPECT_TRUE(is_same(bias_wanted(c), bias_got(c)));
        for (int64_t tap = 0; tap < 9; ++tap) {
          EXPECT_TRUE(is_same(wanted(tap / 3, tap % 3, 0, c), got(tap / 3, tap % 3, 0, c))) << tap << " " << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace convstep
