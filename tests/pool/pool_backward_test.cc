// The gradients of poolings. Thousands of random ones are compared with NumPy in tests/oracle/test_backward.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "convstep/pool.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

template <class T>
std::vector<T> row_gradient(std::vector<T> row, std::vector<T> grad, PoolOptions options,
                            PoolTies ties = PoolTies::kFirst) {
  const Shape<4> input{1, 1, static_cast<int64_t>(row.size()), 1}, output{1, 1, static_cast<int64_t>(grad.size()), 1};
  std::vector<T> result(row.size(), static_cast<T>(kPoison));
  pool_backward(View<const T, 4>(grad.data(), output), View<const T, 4>(row.data(), input),
                View<T, 4>(result.data(), input), options, ties);
  return result;
}

// Of one window over the whole row.
template <class T>
std::vector<T> window_gradient(const std::vector<T>& row, T g, PoolOptions options, PoolTies ties = PoolTies::kFirst) {
  options.window = {1, static_cast<int64_t>(row.size())};
  return row_gradient(row, {g}, options, ties);
}

template <class T>
class PoolBackwardTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolBackwardTest, Types);

TYPED_TEST(PoolBackwardTest, TiesGetTheGradientOnceOrEach) {
  using V = std::vector<TypeParam>;
  const TypeParam inf = std::numeric_limits<TypeParam>::infinity(), minus_0 = TypeParam(-0.0);
  EXPECT_EQ(window_gradient(V{1, 3, 2, 3}, TypeParam(5), {}), (V{0, 5, 0, 0}));
  EXPECT_EQ(window_gradient(V{1, 3, 2, 3}, TypeParam(5), {}, PoolTies::kAll), (V{0, 5, 0, 5}));
  EXPECT_EQ(window_gradient(V{-inf, -inf}, TypeParam(5), {}), (V{5, 0}));
  EXPECT_EQ(window_gradient(V{-inf, -inf}, TypeParam(5), {}, PoolTies::kAll), (V{5, 5}));
  EXPECT_EQ(window_gradient(V{minus_0, 0, minus_0, 0}, TypeParam(5), {}), (V{0, 5, 0, 0}));
  EXPECT_EQ(window_gradient(V{minus_0, 0}, TypeParam(5), {}, PoolTies::kAll), (V{5, 5}));
}

TYPED_TEST(PoolBackwardTest, TheFirstNanIsTheMaximumAndNothingEqualsNan) {
  using V = std::vector<TypeParam>;
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN(), inf = std::numeric_limits<TypeParam>::infinity();
  EXPECT_EQ(window_gradient(V{inf, nan, 2, nan}, TypeParam(5), {}), (V{0, 5, 0, 0}));
  EXPECT_EQ(window_gradient(V{inf, nan, 2, nan}, TypeParam(5), {}, PoolTies::kAll), (V{0, 0, 0, 0}));
}

// The notebook's 0 * infinity would be NaN.
TYPED_TEST(PoolBackwardTest, InfinityReachesTheMaximumAlone) {
  using V = std::vector<TypeParam>;
  const TypeParam inf = std::numeric_limits<TypeParam>::infinity();
  for (const PoolTies ties : {PoolTies::kFirst, PoolTies::kAll}) {
    EXPECT_EQ(window_gradient(V{1, 3, 2}, inf, {}, ties), (V{0, inf, 0}));
  }
  EXPECT_EQ(window_gradient(V{0, 3, -2}, inf, {.mode = PoolMode::kLp}), (V{0, inf, -inf}));
  EXPECT_EQ(row_gradient(V{1, 2, 3}, V{inf, 6}, {.window = {1, 2}, .mode = PoolMode::kAverage}), (V{inf, inf, 3}));
}

TYPED_TEST(PoolBackwardTest, OverlappingWindowsAddInTheirOrder) {
  using V = std::vector<TypeParam>;
  const TypeParam big = 1 / std::numeric_limits<TypeParam>::epsilon();
  const PoolOptions options{.window = {1, 3}};
  // 0 + 1 + 4 big - 4 big
  EXPECT_EQ(row_gradient(V{0, 0, 9, 0, 0}, V{1, 4 * big, -4 * big}, options), (V{0, 0, 0, 0, 0}));
  EXPECT_EQ(row_gradient(V{0, 0, 9, 0, 0}, V{4 * big, -4 * big, 1}, options), (V{0, 0, 1, 0, 0}));
}

TYPED_TEST(PoolBackwardTest, AverageCountsAsTheForwardPass) {
  using V = std::vector<TypeParam>;
  PoolOptions options{.window = {1, 3}, .stride = {1, 2}, .mode = PoolMode::kAverage, .padding = {0, 0, 1, 0}};
  EXPECT_EQ(row_gradient(V{7, 7, 7, 7}, V{6, 12}, options), (V{3, 7, 4, 4}));
  options.count_include_pad = true;
  EXPECT_EQ(row_gradient(V{7, 7, 7, 7}, V{6, 12}, options), (V{2, 6, 4, 4}));
  options.padding = {};
  options.ceil_mode = true;  // what it adds never counts
  EXPECT_EQ(row_gradient(V{7, 7, 7, 7}, V{6, 12}, options), (V{2, 2, 8, 6}));
}

TYPED_TEST(PoolBackwardTest, NormsGiveTheirDirection) {
  using T = TypeParam;
  using V = std::vector<T>;
  const V unit = window_gradient(V{3, -4}, T(10), {.mode = PoolMode::kLp});
  EXPECT_DOUBLE_EQ(double(unit[0]), double(T(10) * (T(0.75) / T(1.25))));
  EXPECT_EQ(unit[1], T(10) * -(1 / T(1.25)));
  EXPECT_EQ(window_gradient(V{3, -4, 0}, T(10), {.mode = PoolMode::kLp, .p = 1}), (V{10, -10, 0}));
  EXPECT_EQ(window_gradient(V{0, T(-0.0)}, T(10), {.mode = PoolMode::kLp}), (V{0, 0}));
  EXPECT_EQ(window_gradient(V{0, T(-0.0)}, T(10), {.mode = PoolMode::kLp, .p = 3}), (V{0, 0}));
}

TYPED_TEST(PoolBackwardTest, NormsOutOfTheRangeOfTheirPowers) {
  using T = TypeParam;
  const T close = 16 * std::numeric_limits<T>::epsilon();
  for (const double p : {1.25, 2.0, 3.0, 7.5, 100.0}) {
    const std::vector<T> expected =
        window_gradient(std::vector<T>{T(0.5), T(-1), T(0.75)}, T(3), {.mode = PoolMode::kLp, .p = p});
    for (const T scale : {std::ldexp(T(1), std::numeric_limits<T>::max_exponent - 1),
                          std::ldexp(T(1), std::numeric_limits<T>::min_exponent + 3)}) {
      const std::vector<T> scaled =
          window_gradient(std::vector<T>{scale / 2, -scale, scale / 4 * 3}, T(3), {.mode = PoolMode::kLp, .p = p});
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(scaled[i], expected[i], close * std::abs(expected[i])) << p << " " << scale << " " << i;
      }
    }
  }
  // The larger p, the more of the gradient the largest element gets; where there are k of them, each a k-th.
  for (const double p : {1e6, 1e9, 1e30, 1e300}) {
    const std::vector<T> gradient =
        window_gradient(std::vector<T>{T(0.3), T(0.1), T(-0.3)}, T(3), {.mode = PoolMode::kLp, .p = p});
    EXPECT_NEAR(gradient[0], 1.5, 1e-4) << p;
    EXPECT_EQ(gradient[1], 0) << p;
    EXPECT_NEAR(gradient[2], -1.5, 1e-4) << p;
  }
}

TYPED_TEST(PoolBackwardTest, NormsOfWhatIsNoNumber) {
  using T = TypeParam;
  using V = std::vector<T>;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const double p : {1.5, 2.0, 3.0}) {
    const PoolOptions options{.mode = PoolMode::kLp, .p = p};
    const V infinite = window_gradient(V{2, -inf}, T(3), options);
    EXPECT_EQ(infinite[0], 0);
    EXPECT_TRUE(std::isnan(infinite[1]));
    for (const T x : window_gradient(V{2, nan, -inf}, T(3), options)) EXPECT_TRUE(std::isnan(x));
    EXPECT_TRUE(std::isnan(window_gradient(V{0, nan}, T(3), options)[1]));
  }
  const V signs = window_gradient(V{2, nan, -inf}, T(3), {.mode = PoolMode::kLp, .p = 1});
  EXPECT_EQ(signs[0], 3);
  EXPECT_TRUE(std::isnan(signs[1]));
  EXPECT_EQ(signs[2], -3);
}

TEST(PoolBackward, IsTheDerivativeOfTheForwardPass) {
  const double h = 1e-5;
  const PoolOptions geometries[] = {
      {.window = {2, 3}, .stride = {1, 2}},
      {.window = 3, .stride = 2, .padding = {1, 0, 0, 2}, .ceil_mode = true},
      {.window = 2, .padding = Padding::same_upper(), .dilation = {2, 1}, .count_include_pad = true}};
  for (PoolOptions options : geometries) {
    for (const auto& [mode, p] :
         {std::pair{PoolMode::kMax, 2.0}, std::pair{PoolMode::kAverage, 2.0}, std::pair{PoolMode::kLp, 1.0},
          std::pair{PoolMode::kLp, 2.0}, std::pair{PoolMode::kLp, 3.5}, std::pair{PoolMode::kLp, 1.2}}) {
      options.mode = mode;
      options.p = p;
      Tensor<double, 4> input({2, 5, 6, 2});
      for (int64_t i = 0; i < input.size(); ++i) input.data()[i] = std::sin(double(i * i)) + 0.001 * double(i);
      Tensor<double, 4> grad(pool_output_shape(input.shape(), options)), output(grad.shape()), result(input.shape());
      for (int64_t i = 0; i < grad.size(); ++i) grad.data()[i] = std::cos(double(3 * i));
      const auto loss = [&] {
        pool_forward(input, output, options);
        double sum = 0;
        for (int64_t i = 0; i < grad.size(); ++i) sum += grad.data()[i] * output.data()[i];
        return sum;
      };
      pool_backward(grad, input, result, options);
      for (int64_t i = 0; i < input.size(); ++i) {
        const double x = input.data()[i];
        input.data()[i] = x + h;
        const double above = loss();
        input.data()[i] = x - h;
        const double below = loss();
        input.data()[i] = x;
        ASSERT_NEAR(result.data()[i], (above - below) / (2 * h), 1e-6) << int(mode) << " " << p << " " << i;
      }
    }
  }
}

// The work must follow from what a window reads, not from how large it is said to be.
TYPED_TEST(PoolBackwardTest, WindowsBeyondAllMeasureAreAnsweredAtOnce) {
  const auto x = counting<TypeParam, 4>({1, 3, 3, 1});
  const auto g = filled<TypeParam, 4>({1, 1, 1, 1}, 18);
  Tensor<TypeParam, 4> gradient(x.shape());
  PoolOptions options{.window = {INT64_MAX, INT64_MAX}, .stride = {3, 3}, .padding = Padding::same_upper(), .p = 1};
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    options.mode = mode;
    pool_backward(g, x, gradient, options);
    for (int64_t i = 0; i < 9; ++i) {
      const TypeParam expected = mode == PoolMode::kMax ? (i == 8 ? 18 : 0) : mode == PoolMode::kAverage ? 2 : 18;
      EXPECT_EQ(gradient.data()[i], expected);
    }
  }
}

TEST(PoolBackward, AverageReadsTheShapeOfTheInputAlone) {
  const auto g = counting<float, 4>({1, 2, 2, 1});
  Tensor<float, 4> gradient({1, 4, 4, 1});
  const PoolOptions options{.window = 2, .stride = 2, .mode = PoolMode::kAverage};
  pool_backward(g, View<const float, 4>(nullptr, gradient.shape()), gradient, options);
  EXPECT_EQ(gradient(0, 3, 3, 0), 1);
  EXPECT_EQ(gradient(0, 1, 1, 0), 0.25);
}

}  // namespace
}  // namespace convstep
