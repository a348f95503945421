// The gradient of 3x3 weights by Winograd's method: its error, and what is not finite.
#include <gtest/gtest.h>

#include <limits>

#include "conv/checks.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"
#include "tests/support/winograd_gradient_bound.h"

namespace convstep {
namespace {

template <class T>
class ConvBackwardWinogradTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void make(const Shape<4>& input, int64_t outputs, const ConvOptions& options) {
    options_ = options;
    options_.algorithm = ConvAlgorithm::kWinograd;
    input_ = random_tensor<T, 4>(input, 1);
    grad_ = random_tensor<T, 4>(conv_output_shape(input, {3, 3, input[3], outputs}, options), 2);
    problem_ = check_problem(input, {3, 3, input[3], outputs}, options_);
  }
  Tensor<T, 4> gradient(ConvAlgorithm algorithm) {
    ConvOptions options = options_;
    options.algorithm = algorithm;
    Tensor<T, 4> result({3, 3, input_.shape(3), grad_.shape(3)});
    conv_backward_weights(View<const T, 4>(grad_), View<const T, 4>(input_), result.view(), View<T, 1>(), options);
    return result;
  }
  T at(int64_t n, int64_t row, int64_t column, int64_t c) const {
    const bool inside = row >= 0 && row < input_.shape(1) && column >= 0 && column < input_.shape(2);
    return inside ? input_(n, row, column, c) : T(0);
  }

  void expect_promise(const Tensor<T, 4>& got, const std::string& what) const {
    const double growth = winograd_gradient_growth();
    const auto [N, OH, OW, O] = grad_.shape();
    const double u = std::numeric_limits<T>::epsilon() / 2, n = winograd_gradient_roundings(problem_, N);
    const auto& [height, width] = problem_.geometry;
    for (int64_t c = 0; c < got.shape(2); ++c) {
      for (int64_t o = 0; o < O; ++o) {
        const double bound = n * u / (1 - n * u) * growth * winograd_gradient_scale<T>(problem_, input_, grad_, c, o);
        for (int64_t tap = 0; tap < 9; ++tap) {
          long double exact = 0;
          for (int64_t k = 0; k < N * OH * OW; ++k) {
            const int64_t y = k / OW % OH, x = k % OW;
            exact += static_cast<long double>(at(k / OW / OH, height.source(y, tap / 3), width.source(x, tap % 3), c)) *
                     grad_(k / OW / OH, y, x, o);
          }
          ASSERT_LE(std::abs(got(tap / 3, tap % 3, c, o) - exact), bound)
              << what << " tap " << tap << ", " << c << ", " << o;
        }
      }
    }
  }

  ConvOptions options_;
  ConvProblem problem_;
  Tensor<T, 4> input_, grad_;
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardWinogradTest, Scalars);

TYPED_TEST(ConvBackwardWinogradTest, KeepsItsPromiseWhateverTheData) {
  using T = TypeParam;
  for (const Shape<4>& shape :
       {Shape<4>{2, 9, 10, 7}, Shape<4>{1, 5, 6, 35}, Shape<4>{1, 40, 37, 3}, Shape<4>{2, 3, 3, 5}}) {
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      this->make(shape, 6, {.padding = {1, 0, 2, 1}});
      this->expect_promise(this->gradient(ConvAlgorithm::kWinograd), "uniform, " + target);
      this->input_.data()[this->input_.size() / 2] = static_cast<T>(1e6);  // an outlier
      for (int64_t i = 0; i < this->grad_.size(); i += 3) this->grad_.data()[i] = 0;
      this->expect_promise(this->gradient(ConvAlgorithm::kWinograd), "outlier, " + target);
    }
  }
}

// What is not finite reaches what the direct method's sums reach, with the same values.
TYPED_TEST(ConvBackwardWinogradTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const T value : {nan, infinity, -infinity}) {
    for (const bool in_grad : {false, true}) {
      this->make({1, 6, 5, 3}, 4, {.padding = Padding::all(1)});
      Tensor<T, 4>& array = in_grad ? this->grad_ : this->input_;
      for (int64_t i = 0; i < array.size(); ++i) {
        const T before = std::exchange(array.data()[i], value);
        const Tensor<T, 4> got = this->gradient(ConvAlgorithm::kWinograd),
                           direct = this->gradient(ConvAlgorithm::kDirect);
        for (int64_t k = 0; k < got.size(); ++k) {
          const T a = got.data()[k], b = direct.data()[k];
          ASSERT_EQ(std::isfinite(a), std::isfinite(b)) << i << " " << k;
          ASSERT_TRUE(std::isfinite(b) || is_same(a, b)) << i << " " << k;
        }
        array.data()[i] = before;
      }
    }
  }
}

}  // namespace
}  // namespace convstep
