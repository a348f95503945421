// Gradients of random layers against the sums of docs/decisions/0016, to the bit where the target fuses multiply-adds.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>

#include "conv/checks.h"
#include "convstep/error.h"
#include "tests/support/fill.h"
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

TYPED_TEST(ConvBackwardTest, TakesImagesOfOnePixel) {
  using T = TypeParam;
  for (const auto& [images, channels, outputs] :
       {std::array<int64_t, 3>{1, 1, 1}, {7, 15, 33}, {300, 3, 17}, {2, 1500, 4}}) {
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      this->exact_ = target_fuses(target);
      const Shape<4> shape{images, 1, 1, channels}, weights{1, 1, channels, outputs};
      const auto problem = check_problem(shape, weights, {});
      const auto input = random_tensor<T, 4>(shape, 1), grad = random_tensor<T, 4>({images, 1, 1, outputs}, 2);
      auto wanted = random_tensor<T, 4>(weights, 3), got = wanted;
      auto bias_wanted = random_tensor<T, 1>({outputs}, 4), bias_got = bias_wanted;
      weights_gradient_chain<T>(problem, grad, input, wanted, bias_wanted);
      conv_backward_weights(grad, input, got, bias_got, {}, true);
      this->expect_same(wanted.data(), got.data(), got.size(), "weights");
      this->expect_same(bias_wanted.data(), bias_got.data(), bias_got.size(), "bias");
    }
  }
}

// Also where the forward methods' zeros of the padding would meet them, which the definition does not have.
TYPED_TEST(ConvBackwardTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  const Layer layers[] = {{{1, 6, 5, 2}, {3, 3, 2, 3}, {.padding = Padding::all(1)}},
                          {{1, 7, 6, 4}, {3, 2, 2, 4}, {.stride = {2, 1}, .padding = {2, 0, 1, 1}, .groups = 2}},
                          {{1, 6, 5, 3}, {3, 3, 1, 3}, {.padding = Padding::all(1), .groups = 3}}};
  for (const Layer& layer : layers) {
    const auto problem = check_problem(layer.input, layer.weights, layer.options);
    auto weights = random_tensor<T, 4>(layer.weights, 2), grad = random_tensor<T, 4>(output_shape(1, problem), 3);
    for (Tensor<T, 4>* array : {&weights, &grad}) {
      for (int64_t i = 0; i < array->size(); ++i) {
        for (const T value : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
          const T before = std::exchange(array->data()[i], value);
          Tensor<T, 4> wanted = input_gradient_chain<T>(problem, grad, weights), got(layer.input), more = got;
          conv_backward_input(grad, weights, got, layer.options);
          ASSERT_NO_FATAL_FAILURE(this->expect_same(wanted.data(), got.data(), got.size(), "input"));
          for (int64_t k = 0; k < more.size(); ++k) wanted.data()[k] += more.data()[k] = static_cast<T>(k);
          conv_backward_input(grad, weights, more, layer.options, true);
          ASSERT_NO_FATAL_FAILURE(this->expect_same(wanted.data(), more.data(), more.size(), "accumulated"));
          array->data()[i] = before;
        }
      }
    }
  }
}

TYPED_TEST(ConvBackwardTest, TakesBoundlessParameters) {
  using T = TypeParam;
  const int64_t far = int64_t{1} << 57;
  const Layer layer{{2, 3, 2, 2}, {2, 1, 2, 3}, {.stride = {far, 1}, .padding = {0, far, 0, 0}}};
  const auto problem = check_problem(layer.input, layer.weights, layer.options);
  const auto input = random_tensor<T, 4>(layer.input, 1), weights = random_tensor<T, 4>(layer.weights, 2);
  const auto grad = random_tensor<T, 4>(output_shape(2, problem), 3);
  Tensor<T, 4> weights_wanted(layer.weights), weights_got(layer.weights), input_got(layer.input);
  Tensor<T, 1> bias_wanted({3}), bias_got({3});
  weights_gradient_chain<T>(problem, grad, input, weights_wanted, bias_wanted);
  conv_backward_weights(grad, input, weights_got, bias_got, layer.options);
  this->expect_same(weights_wanted.data(), weights_got.data(), weights_got.size(), "weights");
  this->expect_same(bias_wanted.data(), bias_got.data(), bias_got.size(), "bias");
  const Tensor<T, 4> input_wanted = input_gradient_chain<T>(problem, grad, weights);
  conv_backward_input(grad, weights, input_got, layer.options);
  this->expect_same(input_wanted.data(), input_got.data(), input_got.size(), "input");
}

TYPED_TEST(ConvBackwardTest, APlanGivesTheSame) {
  using T = TypeParam;
  for (const Numerics numerics : {Numerics::kFast, Numerics::kNumpy}) {
    const Layer layer{
        {2, 9, 8, 6}, {3, 3, 3, 8}, {.stride = 2, .padding = Padding::all(1), .groups = 2, .numerics = numerics}};
    const ConvBackwardPlan<T> plan(layer.input, random_tensor<T, 4>(layer.weights, 2), layer.options);
    const auto input = random_tensor<T, 4>(layer.input, 1), weights = random_tensor<T, 4>(layer.weights, 2);
    const auto grad = random_tensor<T, 4>(conv_output_shape(layer.input, layer.weights, layer.options), 3);
    Tensor<T, 4> wanted(layer.input), got(layer.input), weights_wanted(layer.weights), weights_got(layer.weights);
    Tensor<T, 1> bias_wanted({8}), bias_got({8});
    conv_backward_input(grad, weights, wanted, layer.options);
    conv_backward_weights(grad, input, weights_wanted, bias_wanted, layer.options);
    EXPECT_EQ(plan.describe().starts_with("sums in NumPy's order"), numerics == Numerics::kNumpy) << plan.describe();
    plan.run_input(grad, got);
    plan.run_weights(grad, input, weights_got, bias_got);
    this->expect_same(wanted.data(), got.data(), got.size(), "input");
    this->expect_same(weights_wanted.data(), weights_got.data(), weights_got.size(), "weights");
    this->expect_same(bias_wanted.data(), bias_got.data(), 8, "bias");
  }
}

TYPED_TEST(ConvBackwardTest, OneCallGivesAllThree) {
  using T = TypeParam;
  for (const Numerics numerics : {Numerics::kFast, Numerics::kNumpy}) {
    const Layer layer{{3, 9, 8, 6}, {3, 3, 3, 8}, {.stride = 2, .padding = 1, .groups = 2, .numerics = numerics}};
    const auto input = random_tensor<T, 4>(layer.input, 1), weights = random_tensor<T, 4>(layer.weights, 2);
    const auto grad = random_tensor<T, 4>(conv_output_shape(layer.input, layer.weights, layer.options), 3);
    auto wanted = random_tensor<T, 4>(layer.input, 4), got = wanted;
    auto weights_wanted = random_tensor<T, 4>(layer.weights, 5), weights_got = weights_wanted;
    auto bias_wanted = random_tensor<T, 1>({8}, 6), bias_got = bias_wanted;
    for (const bool accumulate : {true, false}) {
      conv_backward_input(grad, weights, wanted, layer.options, accumulate);
      conv_backward_weights(grad, input, weights_wanted, bias_wanted, layer.options, accumulate);
      conv_backward(grad, input, weights, got, weights_got, bias_got, layer.options, accumulate);
      this->expect_same(wanted.data(), got.data(), got.size(), "input");
      this->expect_same(weights_wanted.data(), weights_got.data(), weights_got.size(), "weights");
      this->expect_same(bias_wanted.data(), bias_got.data(), 8, "bias");
    }
    Tensor<T, 4> without(layer.weights);
    conv_backward(grad, input, weights, got, without, {}, layer.options);
    this->expect_same(weights_wanted.data(), without.data(), without.size(), "weights without biases");
  }
}

// Though the gradient of the input is computed in several passes, one for each place between the strides.
TEST(ConvBackwardProgressTest, GrowsOverAllPasses) {
  const Tensor<float, 4> input({2, 12, 12, 8}), weights({3, 3, 8, 8}), grad({2, 4, 4, 8});
  Tensor<float, 4> input_grad(input.shape()), weights_grad(weights.shape());
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kAuto, ConvAlgorithm::kReference}) {
    for (const Numerics numerics : {Numerics::kFast, Numerics::kNumpy}) {
      int64_t last = 0, all = 0;
      ConvOptions options{.stride = 3, .padding = 1, .numerics = numerics, .algorithm = algorithm};
      options.progress = [&](int64_t done, int64_t total) {
        EXPECT_LE(last, done);
        EXPECT_TRUE(all == 0 || all == total);
        last = done;
        all = total;
      };
      conv_backward(grad, input, weights, input_grad, weights_grad, {}, options);
      EXPECT_GT(all, 0);
      EXPECT_EQ(last, all);
      last = all = 0;
      conv_backward_input(grad, weights, input_grad, options);
      EXPECT_EQ(last, all);
      options.progress = [](int64_t, int64_t) { throw std::domain_error("stop"); };
      EXPECT_THROW(conv_backward(grad, input, weights, input_grad, weights_grad, {}, options), std::domain_error);
    }
  }
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "";
}

TEST(ConvBackwardRefusalTest, NamesWhatIsWrong) {
  const Tensor<float, 4> input({1, 5, 5, 2}), weights({3, 3, 2, 4}), grad({1, 3, 3, 4}), small({1, 2, 3, 4});
  Tensor<float, 4> input_grad({1, 5, 5, 2}), weights_grad({3, 3, 2, 4});
  Tensor<float, 1> bias_grad({3});
  EXPECT_EQ(refusal([&] { conv_backward_input(small, weights, input_grad); }),
            "grad: got (1, 2, 3, 4), expected (1, 3, 3, 4) (the shape of the layer's output)");
  EXPECT_EQ(refusal([&] { conv_backward_weights(grad, input, weights_grad, bias_grad); }),
            "bias_grad: got (3,), expected (4,) (one number per output channel)");
  EXPECT_EQ(refusal([&] { conv_backward_input(grad, weights, input_grad, {.activation = Activation::kRelu}); }),
            "activation: got 1, expected Activation::kNone (grad is the gradient before the activation: see "
            "activation_backward)");
  EXPECT_EQ(
      refusal([&] {
        conv_backward_weights(grad, input, View<float, 4>(Tensor<float, 4>({6, 3, 2, 4})));
      }),
      "weights_grad (KH, KW): got (6, 3), expected a window that fits into the padded input (the window (6, 3) is "
      "larger than the padded input (5, 5))");
  EXPECT_EQ(refusal([&] { conv_backward_input(input_grad.view(), weights, input_grad, {.padding = Padding::all(1)}); }),
            "grad: got (1, 5, 5, 2), expected (1, 5, 5, 4) (the shape of the layer's output)");
}

TEST(ConvBackwardRefusalTest, OneCallChecksAllBeforeItWrites) {
  const Tensor<float, 4> input({1, 5, 5, 2}), weights({3, 3, 2, 4}), grad({1, 3, 3, 4});
  auto dx = filled<float, 4>({1, 5, 5, 2}, kPoison), dw = filled<float, 4>({3, 3, 2, 4}, kPoison);
  Tensor<float, 1> db({4}), wrong_bias({3});
  const auto all = [&](View<float, 4> input_grad, View<float, 4> weights_grad, View<float, 1> bias_grad) {
    return refusal([&] { conv_backward(grad, input, weights, input_grad, weights_grad, bias_grad); });
  };
  EXPECT_EQ(all(dx, dw, wrong_bias), "bias_grad: got (3,), expected (4,) (one number per output channel)");
  EXPECT_EQ(all(dx, dx, db),
            "weights_grad: got (1, 5, 5, 2), expected (3, 3, 2, 4) (the shape of the layer's weights)");
  EXPECT_EQ(all(dw, dw, db), "input_grad: got (3, 3, 2, 4), expected (1, 5, 5, 2) (the shape of the layer's input)");
  EXPECT_EQ(all({}, dw, db), "input_grad: got (0, 0, 0, 0), expected (1, 5, 5, 2) (the shape of the layer's input)");
  const auto overlap = [](const std::string& a, const std::string& b) {
    return a + ": got memory that overlaps " + b + ", expected memory of its own";
  };
  const View<float, 4> over_input(const_cast<float*>(input.data()), input.shape());
  const View<float, 4> over_weights(const_cast<float*>(weights.data()), weights.shape());
  EXPECT_EQ(all(over_input, dw, db), overlap("input_grad", "input"));
  EXPECT_EQ(all(dx, over_weights, db), overlap("weights_grad", "weights"));
  EXPECT_EQ(all(dx, dw, View<float, 1>(over_weights.data(), {4})), overlap("bias_grad", "weights"));
  EXPECT_EQ(all(View<float, 4>(dw.data(), dx.shape()), dw, db), overlap("input_grad", "weights_grad"));
  EXPECT_EQ(all(dx, dw, View<float, 1>(dx.data(), {4})), overlap("input_grad", "bias_grad"));
  EXPECT_TRUE(is_untouched(dx) && is_untouched(dw));
}

}  // namespace
}  // namespace convstep
