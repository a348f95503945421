// Gradients of layers at which another library crashed: strided 1x1 windows over few channels; and others of the kind:
// weights full of subnormal numbers, outputs of one column, batches of no image and of one, images of one pixel.
// Between pages that may not be touched, into poisoned outputs.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "conv/checks.h"
#include "convstep/error.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"
#include "tests/support/guarded_tensor.h"

namespace convstep {
namespace {

template <class T>
class ConvBackwardCornerTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  // Against the sums of docs/decisions/0016, or in NumPy's order those of the reference. Weights of magnitude `scale`.
  void check(const Shape<4>& input_shape, const Shape<4>& weights_shape, ConvOptions options, T scale = 1) {
    const ConvAlgorithm algorithm = options.algorithm;
    ConvProblem problem;
    try {
      problem = check_problem(input_shape, weights_shape, options);
    } catch (const ShapeError&) {
      return;  // no window fits
    }
    const auto input = random_tensor<T, 4>(input_shape, 1);
    auto weights = random_tensor<T, 4>(weights_shape, 2);
    for (T& value : weights) value *= scale;
    const auto grad = random_tensor<T, 4>(output_shape(input_shape[0], problem), 3);
    for (const Numerics numerics : {Numerics::kFast, Numerics::kNumpy}) {
      options.numerics = numerics;
      options.algorithm = numerics == Numerics::kNumpy ? ConvAlgorithm::kAuto : algorithm;
      Tensor<T, 4> dx(input_shape), dw(weights_shape);
      Tensor<T, 1> db({weights_shape[3]});
      if (numerics == Numerics::kNumpy) {
        reference::conv_backward_input<T>({grad, weights, dx}, problem.geometry, options);
        reference::conv_backward_weights<T>({grad, input, dw, db}, problem.geometry, options);
      } else {
        dx = input_gradient_chain<T>(problem, grad, weights);
        weights_gradient_chain<T>(problem, grad, input, dw, db);
      }
      for (const std::string& target : simd_targets()) {
        if (!target_fuses(target) && numerics == Numerics::kFast) continue;
        set_simd_target(target);
        for (const Flush flush : {Flush::kFront, Flush::kBack}) {
          SCOPED_TRACE(to_string(input_shape) + to_string(weights_shape) + ", stride " + to_string(options.stride) +
                       ", " + target);
          options.threads = flush == Flush::kFront ? 1 : 3;
          const GuardedTensor<T, 4> x(input, flush), w(weights, flush), g(grad, flush);
          GuardedTensor<T, 4> dx_got(filled<T, 4>(input_shape, kPoison), flush);
          GuardedTensor<T, 4> dw_got(filled<T, 4>(weights_shape, kPoison), flush);
          GuardedTensor<T, 1> db_got(filled<T, 1>(db.shape(), kPoison), flush);
          conv_backward(g.in(), x.in(), w.in(), dx_got.out(), dw_got.out(), db_got.out(), options);
          ASSERT_NO_FATAL_FAILURE(expect_same(dx.data(), dx_got.buffer, "input"));
          ASSERT_NO_FATAL_FAILURE(expect_same(dw.data(), dw_got.buffer, "weights"));
          ASSERT_NO_FATAL_FAILURE(expect_same(db.data(), db_got.buffer, "bias"));
        }
      }
    }
  }

 private:
  static void expect_same(const T* wanted, const GuardedBuffer<T>& got, const char* what) {
    for (int64_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(is_same(wanted[i], got.data()[i]))
          << what << " at " << i << ": " << got.data()[i] << " for " << wanted[i];
    }
  }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardCornerTest, Scalars);

TYPED_TEST(ConvBackwardCornerTest, StridedWindowsOfOnePixelOverFewChannels) {
  for (const int64_t channels : {1, 2, 3, 5, 8}) {
    for (const int64_t outputs : {1, 2, 16, 17, 33}) {
      for (const Size2& stride : {Size2{1, 2}, {2, 1}, {2, 2}, {3, 2}, {4, 4}}) {
        for (const Size2& image : {Size2{7, 8}, {1, 9}, {8, 1}}) {
          const Shape<4> input{2, image.height, image.width, channels};
          ASSERT_NO_FATAL_FAILURE(this->check(input, {1, 1, channels, outputs}, {.stride = stride}));
        }
      }
    }
  }
}

TYPED_TEST(ConvBackwardCornerTest, WeightsFullOfSubnormalNumbers) {
  const TypeParam tiny = std::numeric_limits<TypeParam>::min();
  for (const int64_t channels : {1, 3, 20}) {
    for (const int64_t outputs : {1, 5, 34}) {
      ASSERT_NO_FATAL_FAILURE(this->check({2, 5, 6, channels}, {3, 3, channels, outputs}, {.padding = 1}, tiny));
      ASSERT_NO_FATAL_FAILURE(this->check({2, 5, 6, channels}, {1, 1, channels, outputs}, {.stride = 2}, tiny));
    }
    ASSERT_NO_FATAL_FAILURE(
        this->check({1, 5, 6, channels}, {3, 3, 1, channels}, {.padding = 1, .groups = channels}, tiny));
  }
}

TYPED_TEST(ConvBackwardCornerTest, OutputsOfOneRowOrColumn) {
  for (const int64_t channels : {1, 3, 17}) {
    for (const Size2& window : {Size2{1, 1}, {3, 3}, {2, 5}}) {
      for (const int64_t length : {1, 4, 70}) {
        for (const Padding& padding : {Padding{}, Padding::all(1)}) {
          const Shape<4> weights{window.height, window.width, channels, 9};
          const ConvOptions options{.stride = {1, 70}, .padding = padding};
          ASSERT_NO_FATAL_FAILURE(this->check({1, length, window.width, channels}, weights, options));
          ASSERT_NO_FATAL_FAILURE(this->check({1, window.height, length, channels}, weights, {.padding = padding}));
        }
      }
    }
  }
}

TYPED_TEST(ConvBackwardCornerTest, BatchesOfNoImageAndOfOne) {
  for (const int64_t images : {0, 1}) {
    for (const int64_t groups : {1, 2, 4}) {
      const Shape<4> weights{3, 2, 4 / groups, 8};
      ASSERT_NO_FATAL_FAILURE(this->check({images, 6, 5, 4}, weights, {.padding = 1, .groups = groups}));
      ASSERT_NO_FATAL_FAILURE(this->check({images, 6, 5, 4}, weights, {.stride = 2, .groups = groups}));
    }
    ASSERT_NO_FATAL_FAILURE(this->check({images, 1, 1, 6}, {1, 1, 6, 5}, {}));
    ASSERT_NO_FATAL_FAILURE(this->check({images, 9, 9, 40}, {3, 3, 40, 40}, {.algorithm = ConvAlgorithm::kDirect}));
  }
}

TYPED_TEST(ConvBackwardCornerTest, ImagesOfOnePixel) {
  for (const int64_t images : {1, 2, 9}) {
    for (const int64_t channels : {1, 3, 33}) {
      for (const int64_t outputs : {1, 4, 19}) {
        const Shape<4> input{images, 1, 1, channels};
        ASSERT_NO_FATAL_FAILURE(this->check(input, {1, 1, channels, outputs}, {}));
        ASSERT_NO_FATAL_FAILURE(this->check(input, {1, 1, channels, outputs}, {.stride = 2, .padding = 1}));
        ASSERT_NO_FATAL_FAILURE(this->check(input, {3, 3, channels, outputs}, {.padding = 1}));
        ASSERT_NO_FATAL_FAILURE(this->check(input, {3, 3, channels, outputs}, {.stride = 2, .padding = 2}));
      }
    }
  }
}

}  // namespace
}  // namespace convstep
