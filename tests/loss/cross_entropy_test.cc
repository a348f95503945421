// Cross-entropy of a softmax against its definition, at the ends of the number range, in parts, and its errors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "convstep/loss.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

// 0, 3, 6, ... within the classes.
Tensor<int64_t, 1> some_labels(int64_t N, int64_t K) {
  Tensor<int64_t, 1> labels({N});
  for (int64_t n = 0; n < N; ++n) labels(n) = 3 * n % K;
  return labels;
}

template <class T>
class CrossEntropyTest : public testing::Test {
 protected:
  static constexpr double kEps = std::numeric_limits<T>::epsilon();
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(CrossEntropyTest, Scalars);

TYPED_TEST(CrossEntropyTest, GivesTheLossOfItsDefinition) {
  for (const auto& [N, K] : {Shape<2>{1, 2}, {5, 3}, {64, 10}, {3, 1000}}) {
    auto logits = random_tensor<TypeParam, 2>({N, K}, 1);
    for (TypeParam& x : logits) x *= 5;
    const auto labels = some_labels(N, K);
    Tensor<TypeParam, 2> grad({N, K});
    const TypeParam loss = softmax_cross_entropy(logits, labels, grad);
    double wanted = 0;
    for (int64_t n = 0; n < N; ++n) {
      long double sum = 0;
      for (int64_t k = 0; k < K; ++k) sum += std::exp((long double)logits(n, k));
      wanted += double(std::log(sum) - (long double)logits(n, labels(n)));
      for (int64_t k = 0; k < K; ++k) {
        const double p = double(std::exp((long double)logits(n, k)) / sum);
        EXPECT_NEAR((p - (k == labels(n))) / double(N), grad(n, k), (double(K) + 20) * this->kEps / double(N));
      }
    }
    EXPECT_NEAR(wanted / double(N), loss, (double(K) + double(N) + 40) * this->kEps * wanted / double(N));
    EXPECT_EQ(softmax_cross_entropy(logits, labels), loss);
  }
}

TYPED_TEST(CrossEntropyTest, IsSoundForLargeLogits) {
  const Tensor<TypeParam, 2> logits({3, 3}, {30000, 30000, -30000, -1e5, -1e5, -1e5, 1e5, 0, -1e5});
  Tensor<TypeParam, 2> grad({3, 3});
  const TypeParam loss = softmax_cross_entropy(logits, Tensor<int64_t, 1>({3}, {0, 1, 1}), grad, {.count = 1});
  EXPECT_NEAR(loss, std::log(2.0) + std::log(3.0) + 1e5, 1e5 * this->kEps);
  const std::vector<double> wanted{-0.5, 0.5, 0, 1 / 3.0, -2 / 3.0, 1 / 3.0, 1, -1, 0};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(grad.data()[i], wanted[i], 2 * this->kEps);
}

// Where 1 - p is smaller than the distance of 1 to its neighbour.
TYPED_TEST(CrossEntropyTest, KeepsTheDigitsOfASureGuess) {
  const Tensor<TypeParam, 2> logits({1, 3}, {50, 0, 0});
  Tensor<TypeParam, 2> grad({1, 3});
  const double tiny = 2 * std::exp(-50.0);
  const TypeParam loss = softmax_cross_entropy(logits, Tensor<int64_t, 1>({1}), grad);
  EXPECT_NEAR(loss / tiny, 1, 4 * this->kEps);
  EXPECT_NEAR(grad(0, 0) / -tiny, 1, 4 * this->kEps);
  EXPECT_NEAR(grad(0, 1) / (tiny / 2), 1, 4 * this->kEps);
}

TYPED_TEST(CrossEntropyTest, IsZeroForOneClassAndNoRows) {
  Tensor<TypeParam, 2> one({4, 1}, {1, -5, 1e30f, 0}), grad({4, 1}), none({0, 5});
  grad.fill(9);
  EXPECT_EQ(softmax_cross_entropy(one, Tensor<int64_t, 1>({4}), grad), 0);
  for (const TypeParam g : grad) EXPECT_TRUE(g == 0 && !std::signbit(g));
  EXPECT_EQ(softmax_cross_entropy(none, Tensor<int64_t, 1>({0}), none), 0);
}

TYPED_TEST(CrossEntropyTest, SpreadsNanAndInfinityNoFurtherThanTheirRow) {
  const TypeParam inf = this->kInfinity, nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const Tensor<TypeParam, 2> logits({6, 2}, {0, -inf, -inf, 0, nan, 0, 0, nan, inf, 0, -inf, -inf});
  Tensor<TypeParam, 2> grad({6, 2});
  EXPECT_TRUE(std::isnan(softmax_cross_entropy(logits, Tensor<int64_t, 1>({6}), grad, {.count = 1})));
  const std::vector<TypeParam> finite{0, 0, -1, 1};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(grad.data()[i], finite[i]);
  for (size_t i = 4; i < 12; ++i) EXPECT_TRUE(std::isnan(grad.data()[i])) << i;
  const View<const TypeParam, 2> first(logits.data(), {1, 2}), second(&logits(1, 0), {1, 2});
  EXPECT_EQ(softmax_cross_entropy(first, Tensor<int64_t, 1>({1})), 0);
  EXPECT_EQ(softmax_cross_entropy(second, Tensor<int64_t, 1>({1})), inf);
  const View<const TypeParam, 2> fifth(&logits(4, 0), {1, 2});
  for (const int64_t label : {0, 1}) {
    EXPECT_TRUE(std::isnan(softmax_cross_entropy(fifth, Tensor<int64_t, 1>({1}, {label})))) << label;
  }
}

TYPED_TEST(CrossEntropyTest, GivesPartsOfABatchTheBitsOfTheWhole) {
  constexpr int64_t kN = 64, kK = 10;
  const auto logits = random_tensor<TypeParam, 2>({kN, kK}, 1);
  const auto labels = some_labels(kN, kK);
  Tensor<TypeParam, 2> whole({kN, kK}), parts({kN, kK});
  const TypeParam loss = softmax_cross_entropy(logits, labels, whole);
  for (const int64_t size : {1, 16, 23}) {
    TypeParam so_far = 0;
    for (int64_t first = 0; first < kN; first += size) {
      const int64_t count = std::min(size, kN - first);
      const View<const TypeParam, 2> part(&logits(first, 0), {count, kK});
      const View<const int64_t, 1> of_part(&labels(first), {count});
      so_far = softmax_cross_entropy(part, of_part, View<TypeParam, 2>(&parts(first, 0), {count, kK}),
                                     {.count = kN, .loss_so_far = so_far});
    }
    EXPECT_EQ(loss, so_far);
    for (int64_t i = 0; i < whole.size(); ++i) ASSERT_TRUE(is_same(whole.data()[i], parts.data()[i]));
  }
}

TYPED_TEST(CrossEntropyTest, WritesOverTheLogitsAndIntoStrides) {
  auto logits = random_tensor<TypeParam, 2>({7, 5}, 1);
  const auto labels = some_labels(7, 5);
  Tensor<TypeParam, 2> grad({7, 5}), turned({5, 7});
  softmax_cross_entropy(logits, labels, grad);
  const View<TypeParam, 2> columns(turned.data(), {7, 5}, {1, 7});
  softmax_cross_entropy(logits, labels, columns);
  softmax_cross_entropy(logits, labels, logits);
  for (int64_t n = 0; n < 7; ++n) {
    for (int64_t k = 0; k < 5; ++k) {
      EXPECT_EQ(grad(n, k), logits(n, k));
      EXPECT_EQ(grad(n, k), columns(n, k));
    }
  }
}

TEST(CrossEntropyGradientTest, AgreesWithDifferences) {
  auto logits = random_tensor<double, 2>({6, 4}, 1);
  const auto labels = some_labels(6, 4);
  Tensor<double, 2> grad({6, 4});
  softmax_cross_entropy(logits, labels, grad);
  constexpr double kStep = 1e-5;  // whose square, and the rounding of the loss divided by it, are some 1e-10
  for (int64_t i = 0; i < logits.size(); ++i) {
    double& x = logits.data()[i];
    const double value = x;
    x = value + kStep;
    const double above = softmax_cross_entropy(logits, labels);
    x = value - kStep;
    const double below = softmax_cross_entropy(logits, labels);
    x = value;
    EXPECT_NEAR((above - below) / (2 * kStep), grad.data()[i], 1e-9);
  }
}

TEST(CrossEntropyRefusalTest, NamesWhatIsWrongAndWritesNothing) {
  const Tensor<float, 2> logits({2, 3}), none({2, 0});
  Tensor<float, 2> grad({2, 3}), wrong({3, 2});
  grad.fill(kPoison);
  const auto with = [&](const Tensor<int64_t, 1>& labels, const CrossEntropyOptions& options = {}) {
    return [&, labels, options] { softmax_cross_entropy(logits, labels, grad, options); };
  };
  const Tensor<int64_t, 1> labels({2});
  expect_error<ParameterError>(with({{2}, {0, 3}}), "labels", "3 at index 1", "0 to 2");
  expect_error<ParameterError>(with({{2}, {-1, 0}}), "labels", "-1 at index 0", "0 to 2");
  expect_error<ShapeError>(with({{3}, {0, 1, 2}}), "labels", "(3,)", "(2,)");
  expect_error<ParameterError>(with(labels, {.count = -1}), "count", "-1", "1 or more");
  expect_error<ShapeError>([&] { softmax_cross_entropy(none, labels); }, "logits", "(2, 0)");
  expect_error<ShapeError>([&] { softmax_cross_entropy(logits, labels, wrong); }, "logits_grad", "(3, 2)", "(2, 3)");
  const View<const float, 2> shifted(grad.data() + 1, {1, 3});
  expect_error<ParameterError>(
      [&] {
        softmax_cross_entropy(shifted, Tensor<int64_t, 1>({1}), View<float, 2>(grad.data(), {1, 3}));
      },
      "logits_grad", "overlaps logits");
  const View<const int64_t, 1> null(nullptr, {2});
  expect_error<ParameterError>([&] { softmax_cross_entropy(logits, null, grad); }, "labels", "a null pointer");
  EXPECT_TRUE(is_untouched(grad));
}

}  // namespace
}  // namespace convstep
