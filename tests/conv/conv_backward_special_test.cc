// NaN and infinity at every position of A, W and dZ reach exactly the gradients that the definition says, whatever
// computes them.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

#include "conv/checks.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"
#include "tests/support/named_layer.h"

namespace convstep {
namespace {

const NamedLayer kLayers[] = {
    {"3x3", {2, 4, 5, 2}, {3, 3, 2, 3}, {.padding = 1}},
    {"strided", {1, 6, 7, 3}, {3, 2, 3, 2}, {.stride = {2, 3}, .padding = {1, 2, 0, 2}}},
    {"dilated", {1, 6, 6, 2}, {2, 3, 2, 2}, {.padding = 2, .dilation = {3, 2}}},
    {"1x1", {2, 3, 3, 4}, {1, 1, 4, 5}, {}},
    {"1x1, strided", {1, 5, 6, 3}, {1, 1, 3, 4}, {.stride = 2}},
    {"images of one pixel", {5, 1, 1, 6}, {1, 1, 6, 7}, {}},
    {"groups", {1, 4, 5, 6}, {2, 2, 3, 4}, {.padding = 1, .groups = 2}},
    {"groups of four", {1, 3, 4, 16}, {3, 3, 4, 16}, {.padding = 1, .groups = 4}},
    {"few outputs", {1, 4, 9, 5}, {3, 3, 5, 1}, {.padding = 1}},
    {"depthwise", {1, 5, 6, 5}, {3, 3, 1, 5}, {.padding = 1, .groups = 5}},
    {"depthwise, strided", {1, 5, 6, 3}, {3, 3, 1, 3}, {.stride = 2, .padding = 1, .groups = 3}},
    {"winograd", {1, 6, 5, 3}, {3, 3, 3, 4}, {.padding = 1, .algorithm = ConvAlgorithm::kWinograd}},
    {"winograd, wide padding", {1, 5, 7, 2}, {3, 3, 2, 3}, {.padding = 2, .algorithm = ConvAlgorithm::kWinograd}},
    {"winograd, two images", {2, 5, 5, 2}, {3, 3, 2, 2}, {.algorithm = ConvAlgorithm::kWinograd}},
    {"NumPy's order", {2, 4, 5, 3}, {3, 2, 3, 4}, {.stride = {1, 2}, .padding = 1, .numerics = Numerics::kNumpy}},
    {"NumPy's order, groups", {1, 4, 4, 4}, {2, 2, 2, 4}, {.padding = 1, .groups = 2, .numerics = Numerics::kNumpy}},
};

template <class T>
struct Gradients {
  Tensor<T, 4> input, weights;
  Tensor<T, 1> bias;
};

template <class T>
class ConvBackwardSpecialTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void make(const NamedLayer& layer) {
    options_ = layer.options;
    problem_ = check_problem(layer.input, layer.weights, options_);
    input_ = random_tensor<T, 4>(layer.input, 1);
    weights_ = random_tensor<T, 4>(layer.weights, 2);
    grad_ = random_tensor<T, 4>(output_shape(layer.input[0], problem_), 3);
  }

  // Puts the value to every place of an array, one at a time.
  void check(Tensor<T, 4>& array, T value) {
    for (int64_t i = 0; i < array.size(); ++i) {
      SCOPED_TRACE("at " + std::to_string(i));
      const T before = std::exchange(array.data()[i], value);
      const Gradients<T> wanted = expected(), got = computed();
      array.data()[i] = before;
      ASSERT_NO_FATAL_FAILURE(compare(wanted.input, got.input, "input"));
      ASSERT_NO_FATAL_FAILURE(compare(wanted.weights, got.weights, "weights"));
      ASSERT_NO_FATAL_FAILURE(compare(wanted.bias, got.bias, "bias"));
    }
  }

  Tensor<T, 4> input_, weights_, grad_;

 private:
  Gradients<T> zeros() const {
    return {Tensor<T, 4>(input_.shape()), Tensor<T, 4>(weights_.shape()), Tensor<T, 1>({weights_.shape(3)})};
  }
  Gradients<T> expected() const {
    Gradients<T> result = zeros();
    if (options_.numerics == Numerics::kNumpy) {
      const auto& geometry = problem_.geometry;
      reference::conv_backward_input<T>({grad_, weights_, result.input}, geometry, options_);
      reference::conv_backward_weights<T>({grad_, input_, result.weights, result.bias}, geometry, options_);
    } else {
      result.input = input_gradient_chain<T>(problem_, grad_, weights_);
      weights_gradient_chain<T>(problem_, grad_, input_, result.weights, result.bias);
    }
    return result;
  }
  Gradients<T> computed() const {
    Gradients<T> result = zeros();
    conv_backward(grad_, input_, weights_, result.input, result.weights, result.bias, options_);
    return result;
  }
  // What is not finite is the same. Of the rest other tests know more.
  template <int Rank>
  static void compare(const Tensor<T, Rank>& wanted, const Tensor<T, Rank>& got, const char* what) {
    for (int64_t i = 0; i < wanted.size(); ++i) {
      const T a = wanted.data()[i], b = got.data()[i];
      const bool close = std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= 1e-3 * (1 + std::abs(a));
      ASSERT_TRUE(close || is_same(a, b)) << what << ", element " << i << ": " << b << " for " << a;
    }
  }

  ConvOptions options_;
  ConvProblem problem_{};
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardSpecialTest, Scalars);

TYPED_TEST(ConvBackwardSpecialTest, ReachesWhatReadsIt) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const NamedLayer& layer : kLayers) {
      this->make(layer);
      for (const TypeParam value : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
        SCOPED_TRACE(std::string(layer.name) + ", " + target + ", " + std::to_string(value));
        ASSERT_NO_FATAL_FAILURE(this->check(this->input_, value));
        ASSERT_NO_FATAL_FAILURE(this->check(this->weights_, value));
        ASSERT_NO_FATAL_FAILURE(this->check(this->grad_, value));
      }
    }
  }
}

}  // namespace
}  // namespace convstep
