#include "convstep/activation.h"

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

template <class T>
std::vector<T> apply(std::vector<T> x, Activation activation, double slope = 0.01) {
  const View<T, 4> view(x.data(), {1, 1, static_cast<int64_t>(x.size()), 1});
  activation_forward(view, view, activation, slope);
  return x;
}

template <class T>
class ActivationTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ActivationTest, Types);

TYPED_TEST(ActivationTest, FollowsItsFormula) {
  using V = std::vector<TypeParam>;
  const V x{-8, -1, 0, 3, 6, 7};
  EXPECT_EQ(apply(x, Activation::kNone), x);
  EXPECT_EQ(apply(x, Activation::kRelu), (V{0, 0, 0, 3, 6, 7}));
  EXPECT_EQ(apply(x, Activation::kRelu6), (V{0, 0, 0, 3, 6, 6}));
  EXPECT_EQ(apply(x, Activation::kLeakyRelu, 0.25), (V{-2, -0.25, 0, 3, 6, 7}));
  EXPECT_EQ(apply(x, Activation::kLeakyRelu, -0.5), (V{4, 0.5, 0, 3, 6, 7}));
  EXPECT_EQ(apply(V{0}, Activation::kSigmoid)[0], TypeParam(0.5));
  EXPECT_EQ(apply(V{0}, Activation::kTanh)[0], TypeParam(0));
}

TYPED_TEST(ActivationTest, HasItsLimitsAtInfinity) {
  using V = std::vector<TypeParam>;
  const TypeParam inf = std::numeric_limits<TypeParam>::infinity(), large = std::numeric_limits<TypeParam>::max();
  for (const TypeParam x : {large, inf}) {
    EXPECT_EQ(apply(V{-x, x}, Activation::kSigmoid), (V{0, 1}));
    EXPECT_EQ(apply(V{-x, x}, Activation::kTanh), (V{-1, 1}));
    EXPECT_EQ(apply(V{-x, x}, Activation::kRelu), (V{0, x}));
    EXPECT_EQ(apply(V{-x, x}, Activation::kRelu6), (V{0, 6}));
    EXPECT_EQ(apply(V{-x, x}, Activation::kLeakyRelu, 0.5), (V{-x / 2, x}));
  }
}

TYPED_TEST(ActivationTest, NanStaysNanAndReluTurnsMinusZeroPositive) {
  using V = std::vector<TypeParam>;
  for (int kind = 0; kind <= static_cast<int>(Activation::kTanh); ++kind) {
    const auto activation = static_cast<Activation>(kind);
    EXPECT_TRUE(std::isnan(apply(V{std::numeric_limits<TypeParam>::quiet_NaN()}, activation)[0])) << kind;
    const bool is_relu = activation == Activation::kRelu || activation == Activation::kRelu6;
    if (activation != Activation::kSigmoid) {
      EXPECT_EQ(std::signbit(apply(V{TypeParam(-0.0)}, activation)[0]), !is_relu) << kind;
    }
  }
}

TYPED_TEST(ActivationTest, KeepsDenormals) {
  using V = std::vector<TypeParam>;
  const TypeParam tiny = std::numeric_limits<TypeParam>::denorm_min();
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu, Activation::kTanh}) {
    EXPECT_EQ(apply(V{tiny}, activation)[0], tiny);
  }
}

TYPED_TEST(ActivationTest, ChecksBeforeItWrites) {
  using V4 = View<TypeParam, 4>;
  auto x = counting<TypeParam, 4>({1, 2, 3, 2});
  auto output = filled<TypeParam, 4>({1, 2, 3, 2}, TypeParam(kPoison));
  const auto call = [&](V4 in, V4 out, int activation = 1, double slope = 0.01) {
    return [=] { activation_forward(in, out, static_cast<Activation>(activation), slope); };
  };
  expect_error<ParameterError>(call(x, output, 6), "activation", "6");
  expect_error<ParameterError>(call(x, output, -1), "activation", "-1");
  expect_error<ParameterError>(call(x, output, 3, NAN), "slope", "nan", "finite");
  expect_error<ParameterError>(call(x, output, 3, INFINITY), "slope", "inf", "finite");
  expect_error<ShapeError>(call(x, V4(output.data(), {1, 2, 2, 3})), "output", "(1, 2, 2, 3)", "(1, 2, 3, 2)");
  expect_error<ShapeError>(call(V4(x.data(), {1, 0, 3, 2}), V4(output.data(), {1, 0, 3, 2})), "input");
  expect_error<ParameterError>(call(V4(nullptr, x.shape()), output), "input", "null");
  expect_error<ParameterError>(call(x, V4(nullptr, x.shape())), "output", "null");
  expect_error<ParameterError>(call(x, V4(output.data(), x.shape(), {12, 6, 2, 0})), "output", "strides");
  EXPECT_TRUE(is_untouched(output));

  // In place means element by element: one element further on, or another order, is an overlap.
  expect_error<ParameterError>(call(V4(x.data(), {1, 1, 1, 11}), V4(x.data() + 1, {1, 1, 1, 11})), "output",
                               "overlaps");
  expect_error<ParameterError>(call(V4(x.data(), {1, 1, 1, 12}), V4(x.data() + 11, {1, 1, 1, 12}, {1, 1, 1, -1})),
                               "output", "overlaps");
  EXPECT_EQ(x(0, 1, 2, 1), TypeParam(12));
}

TYPED_TEST(ActivationTest, AnEmptyBatchIsFine) {
  const Tensor<TypeParam, 4> x({0, 2, 2, 1});
  Tensor<TypeParam, 4> output({0, 2, 2, 1});
  activation_forward(x, output, Activation::kTanh);
}

}  // namespace
}  // namespace convstep
