// Gradients of random layers against the sums of docs/decisions/0016, to the bit where the target fuses multiply-adds.
#include <gtest/gtest.h>

#include <random>

#include "conv/checks.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"

namespace convstep {
namespace {

struct Layer {
  Shape<4> input, weights;
  ConvOptions options;
};

Layer random_layer(std::mt19937& random) {
  const auto any = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  while (true) {
    Layer layer;
    const bool is_depthwise = any(1, 5) == 1;
    const int64_t groups = is_depthwise ? any(2, 70) : any(1, 3) == 1 ? any(2, 5) : 1;
    const int64_t per_group = is_depthwise ? 1 : any(1, 3) == 1 ? any(1, 40) : any(1, 9);
    const int64_t outputs = is_depthwise ? 1 : any(1, 3) == 1 ? any(1, 70) : any(1, 9);
    layer.input = {any(1, 3), any(1, 20), any(1, 4) == 1 ? any(200, 300) : any(1, 20), groups * per_group};
    if (layer.input[2] > 100) layer.input[1] = any(1, 4);
    layer.weights = {any(1, 8) == 1 ? any(6, 9) : any(1, 5), any(1, 8) == 1 ? any(6, 9) : any(1, 5), per_group,
                     groups * outputs};
    layer.options = {.stride = {any(1, 3), any(1, 3)},
                     .padding = {any(0, 3), any(0, 3), any(0, 3), any(0, 3)},
                     .dilation = {any(1, 3), any(1, 3)},
                     .groups = groups,
                     .threads = any(1, 3)};
    try {
      const Shape<4> output = conv_output_shape(layer.input, layer.weights, layer.options);
      if (double(output[0] * output[1] * output[2] * output[3]) *
              double(layer.weights[0] * layer.weights[1] * per_group) <
          3e6)
        return layer;
    } catch (const ArgumentError&) {
    }
  }
}

template <class T>
class ConvBackwardTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void expect_same(const T* wanted, const T* got, int64_t count, const char* what) {
    for (int64_t i = 0; i < count; ++i) {
      const bool close = !exact_ && std::abs(wanted[i] - got[i]) <= 1e-4 * (1 + std::abs(wanted[i]));
      ASSERT_TRUE(is_same(wanted[i], got[i]) || close) << what << " at " << i << ": " << got[i] << " for " << wanted[i];
    }
  }
  bool exact_ = true;
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardTest, Scalars);

std::string text(const Layer& layer) {
  const ConvOptions& o = layer.options;
  return to_string(layer.input) + " " + to_string(layer.weights) + " stride " + to_string(o.stride) + " dilation " +
         to_string(o.dilation) + " groups " + std::to_string(o.groups);
}

TYPED_TEST(ConvBackwardTest, GivesTheSumsOfItsDefinition) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    this->exact_ = target_fuses(target);
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
      Layer layer = random_layer(random);
      SCOPED_TRACE(text(layer) + " " + target);
      const auto problem = check_problem(layer.input, layer.weights, layer.options);
      const auto input = random_tensor<T, 4>(layer.input, 1), weights = random_tensor<T, 4>(layer.weights, 2);
      const auto grad = random_tensor<T, 4>(output_shape(layer.input[0], problem), 3);
      auto weights_wanted = random_tensor<T, 4>(layer.weights, 4);
      auto bias_wanted = random_tensor<T, 1>({layer.weights[3]}, 5);
      Tensor<T, 4> weights_got = weights_wanted;
      Tensor<T, 1> bias_got = bias_wanted;
      const bool accumulate = round % 2;
      if (!accumulate) weights_wanted = Tensor<T, 4>(layer.weights), bias_wanted = Tensor<T, 1>({layer.weights[3]});
      weights_gradient_chain<T>(problem, grad, input, weights_wanted, bias_wanted);
      layer.options.algorithm = ConvAlgorithm::kDirect;
      conv_backward_weights(grad, input, weights_got, bias_got, layer.options, accumulate);
      ASSERT_NO_FATAL_FAILURE(
          this->expect_same(weights_wanted.data(), weights_got.data(), weights_got.size(), "weights"));
      ASSERT_NO_FATAL_FAILURE(this->expect_same(bias_wanted.data(), bias_got.data(), bias_got.size(), "bias"));

      Tensor<T, 4> input_wanted = input_gradient_chain<T>(problem, grad, weights), input_got = input;
      for (int64_t i = 0; accumulate && i < input.size(); ++i) input_wanted.data()[i] += input.data()[i];
      conv_backward_input(grad, weights, input_got, layer.options, accumulate);
      ASSERT_NO_FATAL_FAILURE(this->expect_same(input_wanted.data(), input_got.data(), input_got.size(), "input"));
    }
  }
}

}  // namespace
}  // namespace convstep
