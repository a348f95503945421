// The gradients of a convolution as the plain loops compute them: against differences of the forward pass, and the
// order of their sums. Thousands of random layers are compared bit by bit in tests/oracle/test_backward.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "convstep/conv.h"
#include "reference/reference.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

// A layer, a gradient of its outputs, and what follows.
template <class T>
struct Layer {
  Layer(const Shape<4>& input_shape, const Shape<4>& weights_shape, const ConvOptions& given)
      : options(given),
        input(random_tensor<T, 4>(input_shape, 1)),
        weights(random_tensor<T, 4>(weights_shape, 2)),
        grad(random_tensor<T, 4>(conv_output_shape(input_shape, weights_shape, given), 3)),
        bias({weights_shape[3]}) {
    geometry =
        resolve_geometry({input_shape[1], input_shape[2]}, {weights_shape[0], weights_shape[1]}, "weights (KH, KW)",
                         options.stride, options.dilation, options.padding, Rounding::kFloor);
  }

  Tensor<T, 4> input_grad(bool accumulate = false, T before = 0) const {
    auto result = filled<T, 4>(input.shape(), before);
    reference::conv_backward_input<T>({grad, weights, result}, geometry, options, accumulate);
    return result;
  }
  // Of the images first to first + count - 1.
  void add_weights_grad(int64_t first, int64_t count, Tensor<T, 4>& dW, Tensor<T, 1>& db, bool accumulate) const {
    const auto some = [&](const Tensor<T, 4>& array) {
      const auto [N, H, W, C] = array.shape();
      return View<const T, 4>(array.data() + first * H * W * C, {count, H, W, C});
    };
    reference::conv_backward_weights<T>({some(grad), some(input), dW, db}, geometry, options, accumulate);
  }
  // sum(grad * output), whose gradients these are.
  T loss() const {
    Tensor<T, 4> output(grad.shape());
    conv_forward(input, weights, bias, output, options);
    T sum = 0;
    for (int64_t i = 0; i < grad.size(); ++i) sum += grad.data()[i] * output.data()[i];
    return sum;
  }
  template <int Rank>
  void expect_gradient(Tensor<T, Rank>& variable, const Tensor<T, Rank>& gradient, const std::string& what) {
    for (int64_t i = 0; i < variable.size(); ++i) {
      T& x = variable.data()[i];
      const T before = x;
      x = before + 1;  // the loss is linear in each variable, so that no step is too long
      const T above = loss();
      x = before - 1;
      const T below = loss();
      x = before;
      ASSERT_NEAR((above - below) / 2, gradient.data()[i], 1e-12 * double(grad.size())) << what << " " << i;
    }
  }

  ConvOptions options;
  WindowGeometry geometry;
  Tensor<T, 4> input, weights, grad;
  Tensor<T, 1> bias;
};

template <class T, int Rank>
bool same_bits(const Tensor<T, Rank>& a, const Tensor<T, Rank>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), sizeof(T) * static_cast<size_t>(a.size())) == 0;
}

TEST(ConvBackwardReference, IsTheDerivativeOfTheForwardPass) {
  struct Case {
    const char* what;
    Shape<4> input, weights;
    ConvOptions options;
  };
  const Case cases[] = {
      {"plain", {2, 4, 5, 3}, {3, 2, 3, 2}, {}},
      {"padding", {1, 4, 3, 2}, {3, 3, 2, 2}, {.padding = {1, 2, 0, 3}}},
      {"stride", {2, 6, 7, 2}, {3, 2, 2, 3}, {.stride = {2, 3}, .padding = 1}},
      {"dilation", {1, 7, 6, 2}, {3, 2, 2, 2}, {.padding = {2, 0, 1, 1}, .dilation = {2, 3}}},
      {"groups", {1, 4, 4, 6}, {2, 2, 2, 9}, {.padding = Padding::same_upper(), .groups = 3}},
      {"depthwise", {2, 5, 4, 4}, {3, 3, 1, 4}, {.stride = 2, .padding = Padding::same_lower(), .groups = 4}},
      {"unread rows and columns", {1, 6, 6, 1}, {2, 2, 1, 1}, {.stride = 3}},
  };
  for (const auto& [what, input, weights, options] : cases) {
    Layer<double> layer(input, weights, options);
    Tensor<double, 4> dW(weights);
    Tensor<double, 1> db({weights[3]});
    layer.add_weights_grad(0, input[0], dW, db, false);
    ASSERT_NO_FATAL_FAILURE(layer.expect_gradient(layer.input, layer.input_grad(), std::string(what) + ", input"));
    ASSERT_NO_FATAL_FAILURE(layer.expect_gradient(layer.weights, dW, std::string(what) + ", weights"));
    ASSERT_NO_FATAL_FAILURE(layer.expect_gradient(layer.bias, db, std::string(what) + ", bias"));
  }
}

// Gradients that are accumulated over parts of a batch are those of the whole batch.
TEST(ConvBackwardReference, SplitBatchesGiveTheBitsOfTheWhole) {
  const Layer<float> layer({5, 6, 5, 3}, {3, 3, 3, 4}, {.stride = {2, 1}, .padding = 1});
  Tensor<float, 4> whole(layer.weights.shape()), parts(layer.weights.shape());
  Tensor<float, 1> bias({4}), bias_parts({4});
  layer.add_weights_grad(0, 5, whole, bias, false);
  layer.add_weights_grad(0, 2, parts, bias_parts, false);
  layer.add_weights_grad(2, 0, parts, bias_parts, true);
  layer.add_weights_grad(2, 3, parts, bias_parts, true);
  EXPECT_TRUE(same_bits(whole, parts));
  EXPECT_TRUE(same_bits(bias, bias_parts));
}

TEST(ConvBackwardReference, AccumulateAddsToTheFinishedGradientOfTheInput) {
  const Layer<float> layer({2, 5, 5, 2}, {3, 3, 2, 3}, {.padding = 1});
  const Tensor<float, 4> gradient = layer.input_grad(), sum = layer.input_grad(true, 1e4f);
  for (int64_t i = 0; i < sum.size(); ++i) EXPECT_EQ(sum.data()[i], 1e4f + gradient.data()[i]);
  EXPECT_TRUE(same_bits(gradient, layer.input_grad(false, std::numeric_limits<float>::quiet_NaN())));
}

// What falls on padding is dropped; the zeros of the padding take part in dW.
TEST(ConvBackwardReference, NanAndInfinityReachWhatReadsThem) {
  const float inf = std::numeric_limits<float>::infinity();
  Layer<float> layer({1, 3, 3, 1}, {3, 3, 1, 1}, {.padding = 1});
  layer.grad(0, 0, 0, 0) = inf;
  Tensor<float, 4> dW(layer.weights.shape());
  Tensor<float, 1> db({1});
  layer.add_weights_grad(0, 1, dW, db, false);
  EXPECT_EQ(db(0), inf);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 3; ++j) EXPECT_EQ(std::isnan(dW(i, j, 0, 0)), i == 0 || j == 0) << i << " " << j;
  }
  const Tensor<float, 4> dA = layer.input_grad();
  for (int64_t y = 0; y < 3; ++y) {
    for (int64_t x = 0; x < 3; ++x) EXPECT_EQ(std::isfinite(dA(0, y, x, 0)), y == 2 || x == 2) << y << " " << x;
  }
  layer.grad(0, 0, 0, 0) = 0;
  layer.weights(0, 0, 0, 0) = inf;  // read by outputs (1, 1) to (2, 2), whose windows begin at (0, 0) to (1, 1)
  const Tensor<float, 4> by_weight = layer.input_grad();
  for (int64_t y = 0; y < 3; ++y) {
    for (int64_t x = 0; x < 3; ++x) EXPECT_EQ(std::isfinite(by_weight(0, y, x, 0)), y == 2 || x == 2) << y << " " << x;
  }
}

TEST(ConvBackwardReference, TheBiasMayBeLeftOut) {
  const Layer<double> layer({2, 4, 4, 2}, {2, 2, 2, 3}, {});
  Tensor<double, 4> with(layer.weights.shape()), without(layer.weights.shape());
  Tensor<double, 1> db({3});
  layer.add_weights_grad(0, 2, with, db, false);
  reference::conv_backward_weights<double>({layer.grad, layer.input, without, {}}, layer.geometry, layer.options);
  EXPECT_TRUE(same_bits(with, without));
}

// Within a window of millions of elements, too.
TEST(ConvBackwardReference, ProgressIsHeardAndEndsAtTheTotal) {
  struct Case {
    Shape<4> input, weights;
    int64_t while_nothing_is_done;
  };
  for (const auto& [input, weights, least] :
       {Case{{1, 3000, 1000, 1}, {3000, 1000, 1, 1}, 2}, Case{{1, 1, 1, 3'000'000}, {1, 1, 3'000'000, 1}, 2},
        Case{{1, 2, 2, 64}, {2, 2, 64, 9000}, 2}, Case{{3, 4, 4, 1}, {2, 2, 1, 1}, 0}}) {
    int64_t last = 0, all = 0, early = 0;
    Layer<float> layer(input, weights, {});
    layer.options.progress = [&](int64_t done, int64_t total) {
      EXPECT_LE(last, done);
      EXPECT_TRUE(all == 0 || all == total);
      early += done == 0;
      last = done;
      all = total;
    };
    Tensor<float, 4> dW(weights);
    Tensor<float, 1> db({weights[3]});
    layer.add_weights_grad(0, input[0], dW, db, false);
    EXPECT_GT(all, 0);
    EXPECT_EQ(last, all);
    EXPECT_GE(early, least);
    last = early = 0;
    layer.input_grad();
    EXPECT_EQ(last, all);
    EXPECT_GE(early, least);
  }
}

}  // namespace
}  // namespace convstep
