#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "convstep/activation.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

constexpr Activation kAll[] = {Activation::kNone,      Activation::kRelu,    Activation::kRelu6,
                               Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh};

template <class T>
T gradient(Activation activation, T x, T g = 1, double slope = 0.25) {
  T result = static_cast<T>(kPoison);
  activation_backward(View<const T, 4>(&g, {1, 1, 1, 1}), View<const T, 4>(&x, {1, 1, 1, 1}),
                      View<T, 4>(&result, {1, 1, 1, 1}), activation, slope);
  return result;
}

template <class T>
class ActivationBackwardTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ActivationBackwardTest, Types);

TYPED_TEST(ActivationBackwardTest, KinksHaveTheSlopeThatFrameworksGiveThem) {
  using T = TypeParam;
  for (const T zero : {T(0), T(-0.0)}) {
    EXPECT_EQ(gradient<T>(Activation::kRelu, zero), 0);
    EXPECT_EQ(gradient<T>(Activation::kRelu6, zero), 0);
    EXPECT_EQ(gradient<T>(Activation::kLeakyRelu, zero), T(0.25));
    EXPECT_EQ(gradient<T>(Activation::kNone, zero), 1);
  }
  EXPECT_EQ(gradient<T>(Activation::kRelu6, 6), 0);
  EXPECT_EQ(gradient<T>(Activation::kRelu6, std::nextafter(T(6), T(0))), 1);
  const T least = std::numeric_limits<T>::denorm_min();
  EXPECT_EQ(gradient<T>(Activation::kRelu, least), 1);
  EXPECT_EQ(gradient<T>(Activation::kRelu6, least), 1);
  EXPECT_EQ(gradient<T>(Activation::kLeakyRelu, least), 1);
  EXPECT_EQ(gradient<T>(Activation::kLeakyRelu, -least), T(0.25));
  EXPECT_EQ(gradient<T>(Activation::kSigmoid, 0), T(0.25));
  EXPECT_EQ(gradient<T>(Activation::kTanh, 0), 1);
}

TYPED_TEST(ActivationBackwardTest, NanOfTheInputIsKept) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  for (const Activation activation : kAll) {
    EXPECT_EQ(std::isnan(gradient<TypeParam>(activation, nan)), activation != Activation::kNone);
    EXPECT_TRUE(std::isnan(gradient<TypeParam>(activation, 1, nan)));
  }
}

// Where the output does not change with the input, the gradient is no product.
TYPED_TEST(ActivationBackwardTest, FlatPartsPassNothingOn) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const T g : {inf, -inf, nan, T(-1)}) {
    for (const T x : {T(-1), T(0), -inf}) {
      EXPECT_EQ(gradient<T>(Activation::kRelu, x, g), 0);
      EXPECT_FALSE(std::signbit(gradient<T>(Activation::kRelu, x, g)));
      EXPECT_EQ(gradient<T>(Activation::kRelu6, x, g), 0);
    }
    EXPECT_EQ(gradient<T>(Activation::kRelu6, inf, g), 0);
  }
  EXPECT_EQ(gradient<T>(Activation::kSigmoid, inf), 0);
  EXPECT_EQ(gradient<T>(Activation::kTanh, -inf), 0);
}

// sigmoid * (1 - sigmoid) and 1 - tanh^2 would be 0, or have few digits, where x is large.
TEST(ActivationBackward, SmallSlopesHaveAllTheirDigits) {
  for (float magnitude = 1e-3f; magnitude < 43; magnitude *= 1.001f) {
    for (const float x : {magnitude, -magnitude}) {
      const double e = std::exp(-std::abs(double(x))), sech = 1 / std::cosh(double(x));
      const double slopes[] = {e / ((1 + e) * (1 + e)), sech * sech};
      const float found[] = {gradient(Activation::kSigmoid, x), gradient(Activation::kTanh, x)};
      for (int i = 0; i < 2; ++i) {
        const double last_place = std::ldexp(1.0, std::ilogb(slopes[i]) - 23);
        ASSERT_NEAR(found[i], slopes[i], 6 * last_place) << x << " " << i;
      }
    }
  }
  EXPECT_NEAR(gradient(Activation::kSigmoid, 700.0) / std::exp(-700.0), 1, 1e-14);
  EXPECT_NEAR(gradient(Activation::kTanh, 350.0) / (4 * std::exp(-700.0)), 1, 1e-14);
}

TEST(ActivationBackward, IsTheDerivativeOfTheForwardPass) {
  const double h = 1e-5;
  for (const Activation activation : kAll) {
    for (const double x : {-7.5, -1.3, -0.2, 0.1, 0.9, 3.7, 5.9, 6.2, 8.0}) {
      const Tensor<double, 4> steps({1, 1, 1, 2}, {x + h, x - h});
      Tensor<double, 4> values(steps.shape());
      activation_forward(steps, values, activation, 0.25);
      EXPECT_NEAR(gradient(activation, x, 3.0), 3 * (values(0, 0, 0, 0) - values(0, 0, 0, 1)) / (2 * h), 1e-8);
    }
  }
}

// Large enough for several tasks, dense and with gaps.
TEST(ActivationBackward, ThreadsLayoutsAndPlaceChangeNoBits) {
  const Shape<4> shape{2, 33, 17, 130};
  const auto [N, H, W, C] = shape;
  Tensor<float, 4> grad(shape), input(shape), expected(shape);
  for (int64_t i = 0; i < grad.size(); ++i) {
    grad.data()[i] = static_cast<float>(i % 1013 - 500) / 7;
    input.data()[i] = static_cast<float>(i % 997 - 480) / 60;
  }
  const auto expect_same = [&expected](View<const float, 4> got, const char* what) {
    const Tensor<float, 4> dense(got);
    const size_t bytes = sizeof(float) * static_cast<size_t>(dense.size());
    EXPECT_EQ(std::memcmp(dense.data(), expected.data(), bytes), 0) << what;
  };
  for (const Activation activation : kAll) {
    activation_backward(grad, input, expected, activation, 0.1, {.threads = 1});
    for (const int64_t threads : {2, 3, 8}) {
      Tensor<float, 4> output(shape);
      activation_backward(grad, input, output, activation, 0.1, {.threads = threads});
      expect_same(output, "threads");
    }
    Tensor<float, 1> spacious({N * H * W * (C + 3)});
    const View<float, 4> apart(spacious.data(), shape, {H * W * (C + 3), W * (C + 3), C + 3, 1});
    activation_backward(grad, input, apart, activation, 0.1);
    expect_same(apart, "gaps");
    Tensor<float, 4> own_grad(grad), own_input(input);
    activation_backward(own_grad, input, own_grad, activation, 0.1);
    expect_same(own_grad, "in place of grad");
    activation_backward(grad, own_input, own_input, activation, 0.1);
    expect_same(own_input, "in place of input");
  }
}

TEST(ActivationBackward, ProgressReachesTheTotalAndMayThrow) {
  const Tensor<float, 4> x({4, 100, 100, 8});
  Tensor<float, 4> output(x.shape());
  int64_t last = 0, all = 0;
  const auto progress = [&](int64_t done, int64_t total) {
    EXPECT_GT(done, last);
    last = done;
    all = total;
  };
  activation_backward(x, x, output, Activation::kTanh, 0, {.progress = progress});
  EXPECT_GT(all, 1);
  EXPECT_EQ(last, all);
  const auto stop = [](int64_t, int64_t) { throw std::domain_error("stop"); };
  EXPECT_THROW(activation_backward(x, x, output, Activation::kTanh, 0, {.progress = stop}), std::domain_error);
}

TEST(ActivationBackward, ChecksBeforeItWrites) {
  const Tensor<float, 4> x({1, 2, 2, 3}), other({1, 2, 2, 2});
  auto output = filled<float, 4>(x.shape(), kPoison);
  const Activation relu = Activation::kRelu;
  expect_error<ShapeError>([&] { activation_backward(other, x, output, relu); }, "grad", "(1, 2, 2, 2)",
                           "(1, 2, 2, 3)");
  expect_error<ShapeError>([&] { activation_backward(other, other, output, relu); }, "input_grad", "(1, 2, 2, 3)",
                           "(1, 2, 2, 2)");
  expect_error<ShapeError>([&] { activation_backward(x, View<const float, 4>(), output, relu); }, "input");
  expect_error<ParameterError>([&] { activation_backward(x, x, output, static_cast<Activation>(6)); }, "activation",
                               "6");
  const double inf = std::numeric_limits<double>::infinity();
  expect_error<ParameterError>([&] { activation_backward(x, x, output, relu, inf); }, "slope", "inf");
  expect_error<ParameterError>([&] { activation_backward({nullptr, x.shape()}, x, output, relu); }, "grad", "null");
  expect_error<ParameterError>([&] { activation_backward(x, {nullptr, x.shape()}, output, relu); }, "input", "null");
  expect_error<ParameterError>([&] { activation_backward(x, x, {nullptr, x.shape()}, relu); }, "input_grad", "null");
  expect_error<ParameterError>(
      [&] {
        activation_backward(x, x, {output.data(), x.shape(), {0, 0, 3, 1}}, relu);
      },
      "input_grad", "strides");
  expect_error<ParameterError>([&] { activation_backward(x, x, output, relu, 0, {.threads = -1}); }, "threads", "-1");
  EXPECT_TRUE(is_untouched(output));

  Tensor<float, 4> long_row({1, 1, 1, 5});
  const View<float, 4> row(long_row.data(), {1, 1, 1, 4}), next(long_row.data() + 1, {1, 1, 1, 4});
  const Tensor<float, 4> apart({1, 1, 1, 4});
  expect_error<ParameterError>([&] { activation_backward(row, apart, next, relu); }, "input_grad", "overlaps grad");
  expect_error<ParameterError>([&] { activation_backward(apart, row, next, relu); }, "input_grad", "overlaps input");
}

TEST(ActivationBackward, AnEmptyBatchIsEmpty) {
  Tensor<float, 4> empty({0, 2, 2, 1});
  activation_backward(empty, empty, empty, Activation::kRelu);
}

}  // namespace
}  // namespace convstep
