// Linear layers against plain loops: their values, gradients, batches in parts, threads and errors.
#include "convstep/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "convstep/conv.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

// Rows, inputs and outputs of a layer, with random numbers.
template <class T>
struct Layer {
  Layer(int64_t N, int64_t C, int64_t O)
      : input(random_tensor<T, 2>({N, C}, 1)),
        weights(random_tensor<T, 2>({C, O}, 2)),
        bias(random_tensor<T, 1>({O}, 3)),
        grad(random_tensor<T, 2>({N, O}, 4)),
        output({N, O}),
        input_grad({N, C}),
        weights_grad({C, O}),
        bias_grad({O}) {}

  Tensor<T, 2> input, weights;
  Tensor<T, 1> bias;
  Tensor<T, 2> grad, output, input_grad, weights_grad;
  Tensor<T, 1> bias_grad;

  void run(const LinearOptions& options = {}) {
    linear_forward(input, weights, bias, output, options);
    linear_backward_input(grad, weights, input_grad, options);
    linear_backward_weights(grad, input, weights_grad, bias_grad, options);
  }
};

template <class T, int Rank>
void expect_same(const Tensor<T, Rank>& wanted, const Tensor<T, Rank>& got) {
  ASSERT_EQ(wanted.shape(), got.shape());
  for (int64_t i = 0; i < wanted.size(); ++i) ASSERT_TRUE(is_same(wanted.data()[i], got.data()[i])) << "at " << i;
}

// Within the error of a sum of so many products of numbers of magnitude 1 or less.
template <class T>
void expect_near(double wanted, T got, int64_t products) {
  const double bound = double(products + 1) * double(products + 1) * std::numeric_limits<T>::epsilon();
  ASSERT_LE(std::abs(wanted - double(got)), bound) << got << " for " << wanted;
}

template <class T>
class LinearTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LinearTest, Scalars);

TYPED_TEST(LinearTest, GivesTheSumsOfItsDefinition) {
  for (const auto& [N, C, O] : {Shape<3>{1, 1, 1}, {3, 5, 2}, {7, 40, 33}, {64, 17, 10}, {2, 300, 130}, {70, 3, 64}}) {
    SCOPED_TRACE(to_string(Shape<3>{N, C, O}));
    Layer<TypeParam> layer(N, C, O);
    layer.run();
    for (int64_t o = 0; o < O; ++o) {
      double bias_grad = 0;
      for (int64_t n = 0; n < N; ++n) {
        double sum = layer.bias(o);
        for (int64_t c = 0; c < C; ++c) sum += double(layer.input(n, c)) * layer.weights(c, o);
        expect_near(sum, layer.output(n, o), C);
        bias_grad += layer.grad(n, o);
      }
      expect_near(bias_grad, layer.bias_grad(o), N);
      for (int64_t c = 0; c < C; ++c) {
        double sum = 0;
        for (int64_t n = 0; n < N; ++n) sum += double(layer.input(n, c)) * layer.grad(n, o);
        expect_near(sum, layer.weights_grad(c, o), N);
      }
    }
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t c = 0; c < C; ++c) {
        double sum = 0;
        for (int64_t o = 0; o < O; ++o) sum += double(layer.grad(n, o)) * layer.weights(c, o);
        expect_near(sum, layer.input_grad(n, c), O);
      }
    }
  }
}

TYPED_TEST(LinearTest, IsExactForWholeNumbers) {
  const auto input = counting<TypeParam, 2>({2, 3}), weights = counting<TypeParam, 2>({3, 2});
  const Tensor<TypeParam, 1> bias({2}, {100, -50});
  Tensor<TypeParam, 2> output({2, 2});
  linear_forward(input, weights, bias, output, {.activation = Activation::kRelu});
  expect_same(Tensor<TypeParam, 2>({2, 2}, {122, 0, 149, 14}), output);
  linear_forward(input, weights, {}, output);
  expect_same(Tensor<TypeParam, 2>({2, 2}, {22, 28, 49, 64}), output);
  Tensor<TypeParam, 2> input_grad({2, 3}), weights_grad({3, 2});
  linear_backward_input(output, weights, input_grad);
  expect_same(Tensor<TypeParam, 2>({2, 3}, {78, 178, 278, 177, 403, 629}), input_grad);
  linear_backward_input(output, weights, input_grad, {}, true);
  expect_same(Tensor<TypeParam, 2>({2, 3}, {156, 356, 556, 354, 806, 1258}), input_grad);
  linear_backward_weights(output, input, weights_grad);
  expect_same(Tensor<TypeParam, 2>({3, 2}, {218, 284, 289, 376, 360, 468}), weights_grad);
}

// A row has the same bits alone, in a batch, and as an image of one pixel in a convolution.
TYPED_TEST(LinearTest, GivesEachRowTheBitsOfAConvolution) {
  Layer<TypeParam> layer(37, 50, 29);
  layer.run();
  const auto window = layer.weights.view().template reshape<4>({1, 1, 50, 29});
  Tensor<TypeParam, 4> output({37, 1, 1, 29}), input_grad({37, 1, 1, 50});
  conv_forward(layer.input.template reshape<4>({37, 1, 1, 50}), window, layer.bias, output);
  expect_same(std::move(output).template reshape<2>({37, 29}), layer.output);
  conv_backward_input(layer.grad.template reshape<4>({37, 1, 1, 29}), window, input_grad);
  expect_same(std::move(input_grad).template reshape<2>({37, 50}), layer.input_grad);
  for (int64_t n = 0; n < 37; ++n) {
    Tensor<TypeParam, 2> row({1, 29});
    linear_forward(View<const TypeParam, 2>(&layer.input(n, 0), {1, 50}), layer.weights, layer.bias, row);
    expect_same(Tensor<TypeParam, 2>(View<const TypeParam, 2>(&layer.output(n, 0), {1, 29})), row);
  }
}

TYPED_TEST(LinearTest, AddsPartsOfABatchToTheBitsOfTheWhole) {
  constexpr int64_t kN = 64, kC = 130, kO = 70;
  Layer<TypeParam> layer(kN, kC, kO);
  layer.run();
  for (const int64_t size : {1, 16, 23}) {
    Tensor<TypeParam, 2> weights_grad({kC, kO});
    Tensor<TypeParam, 1> bias_grad({kO});
    for (int64_t first = 0; first < kN; first += size) {
      const int64_t count = std::min(size, kN - first);
      const View<const TypeParam, 2> grad(&layer.grad(first, 0), {count, kO}),
          input(&layer.input(first, 0), {count, kC});
      linear_backward_weights(grad, input, weights_grad, bias_grad, {}, true);
    }
    expect_same(layer.weights_grad, weights_grad);
    expect_same(layer.bias_grad, bias_grad);
  }
}

TYPED_TEST(LinearTest, GivesTheSameBitsForAnyNumberOfThreadsAndAnyStrides) {
  constexpr int64_t kN = 200, kC = 256, kO = 192;
  Layer<TypeParam> one(kN, kC, kO), two(kN, kC, kO);
  one.run({.threads = 1});
  two.run({.threads = 2});
  expect_same(one.output, two.output);
  expect_same(one.input_grad, two.input_grad);
  expect_same(one.weights_grad, two.weights_grad);
  expect_same(one.bias_grad, two.bias_grad);

  // Column by column, in every second column of a larger array.
  Tensor<TypeParam, 2> wide({kC, 2 * kN}), turned({kO, kN});
  const View<TypeParam, 2> input(wide.data(), {kN, kC}, {2, 2 * kN}), output(turned.data(), {kN, kO}, {1, kN});
  for (int64_t n = 0; n < kN; ++n) {
    for (int64_t c = 0; c < kC; ++c) input(n, c) = one.input(n, c);
  }
  linear_forward(View<const TypeParam, 2>(input), one.weights, one.bias, output);
  expect_same(one.output, Tensor<TypeParam, 2>(View<const TypeParam, 2>(output)));
}

TYPED_TEST(LinearTest, OneCallGivesAllGradients) {
  Layer<TypeParam> layer(7, 40, 33), other(7, 40, 33);
  layer.run();
  const auto all = [&other](bool accumulate, const LinearOptions& options = {}) {
    linear_backward(other.grad, other.input, other.weights, other.input_grad, other.weights_grad, other.bias_grad,
                    options, accumulate);
  };
  int64_t last = 0, total = 0;
  all(false, {.progress = [&](int64_t done, int64_t of) {
        EXPECT_LE(last, done);
        last = done;
        total = of;
      }});
  EXPECT_TRUE(total > 0 && last == total);
  expect_same(layer.input_grad, other.input_grad);
  expect_same(layer.weights_grad, other.weights_grad);
  expect_same(layer.bias_grad, other.bias_grad);
  linear_backward_input(layer.grad, layer.weights, layer.input_grad, {}, true);
  linear_backward_weights(layer.grad, layer.input, layer.weights_grad, layer.bias_grad, {}, true);
  all(true);
  expect_same(layer.input_grad, other.input_grad);
  expect_same(layer.weights_grad, other.weights_grad);
  expect_same(layer.bias_grad, other.bias_grad);
}

TYPED_TEST(LinearTest, HandlesAnEmptyBatch) {
  Layer<TypeParam> layer(0, 4, 3);
  layer.weights_grad.fill(7);
  layer.run();
  expect_same(Tensor<TypeParam, 2>({4, 3}), layer.weights_grad);
  expect_same(Tensor<TypeParam, 1>({3}), layer.bias_grad);
}

// d(sum of grad * output) / dx by central differences: the output is linear, so that any step will do.
TEST(LinearGradientTest, AgreesWithDifferences) {
  Layer<double> layer(4, 6, 5);
  layer.run();
  const auto total = [&] {
    linear_forward(layer.input, layer.weights, layer.bias, layer.output);
    double sum = 0;
    for (int64_t i = 0; i < layer.output.size(); ++i) sum += layer.output.data()[i] * layer.grad.data()[i];
    return sum;
  };
  const auto check = [&](auto& array, const auto& gradient) {
    for (int64_t i = 0; i < array.size(); ++i) {
      const double value = array.data()[i];
      array.data()[i] = value + 0.5;
      const double above = total();
      array.data()[i] = value - 0.5;
      const double below = total();
      array.data()[i] = value;
      EXPECT_NEAR(above - below, gradient.data()[i], 1e-13);
    }
  };
  check(layer.input, layer.input_grad);
  check(layer.weights, layer.weights_grad);
  check(layer.bias, layer.bias_grad);
}

TEST(LinearRefusalTest, NamesShapesInTwoAxes) {
  Layer<float> layer(2, 3, 4);
  Tensor<float, 2> wrong({5, 6});
  const auto forward = [&](auto& input, auto& weights, auto& output) {
    return [&] { linear_forward(input, weights, layer.bias, output); };
  };
  expect_error<ShapeError>(forward(wrong, layer.weights, layer.output), "weights", "(3, 4)", "(6, 4)");
  expect_error<ShapeError>(forward(layer.input, layer.weights, wrong), "output", "(5, 6)", "(2, 4)");
  Tensor<float, 2> none({3, 0}), empty({2, 0});
  expect_error<ShapeError>(forward(layer.input, none, layer.output), "weights", "(3, 0)", "no axis of length 0");
  expect_error<ShapeError>(forward(empty, layer.weights, layer.output), "input", "(2, 0)");
  const Tensor<float, 1> bias({5});
  expect_error<ShapeError>([&] { linear_forward(layer.input, layer.weights, bias, layer.output); }, "bias", "(5,)",
                           "(4,)");
  expect_error<ShapeError>([&] { linear_backward_input(wrong, layer.weights, layer.input_grad); }, "grad", "(5, 6)",
                           "(2, 4)");
  expect_error<ShapeError>([&] { linear_backward_input(layer.grad, layer.weights, wrong); }, "weights", "(3, 4)",
                           "(6, 4)");
  expect_error<ShapeError>([&] { linear_backward_weights(layer.grad, layer.input, wrong); }, "weights_grad", "(5, 6)",
                           "(3, 6)");
  expect_error<ShapeError>([&] { linear_backward_weights(wrong, layer.input, layer.weights_grad); }, "grad", "(5, 6)",
                           "(2, 4)");
  Tensor<float, 1> bias_grad({3});
  expect_error<ShapeError>([&] { linear_backward_weights(layer.grad, layer.input, layer.weights_grad, bias_grad); },
                           "bias_grad", "(3,)", "(4,)");
}

TEST(LinearRefusalTest, OneCallChecksAllBeforeItWrites) {
  Layer<float> layer(3, 3, 3);
  layer.input_grad.fill(kPoison);
  layer.weights_grad.fill(kPoison);
  const auto all = [&](View<float, 2> input_grad, View<float, 2> weights_grad, View<float, 1> bias_grad,
                       const LinearOptions& options = {}) {
    return [=, &layer] {
      linear_backward(layer.grad, layer.input, layer.weights, input_grad, weights_grad, bias_grad, options);
    };
  };
  Tensor<float, 2> wrong({3, 4});
  Tensor<float, 1> wrong_bias({4});
  const View<float, 2> dx = layer.input_grad, dw = layer.weights_grad;
  const View<float, 1> db = layer.bias_grad;
  expect_error<ShapeError>(all(wrong, dw, db), "input_grad", "(3, 4)", "(3, 3)");
  expect_error<ShapeError>(all(dx, wrong, db), "weights_grad", "(3, 4)", "(3, 3)");
  expect_error<ShapeError>(all(dx, dw, wrong_bias), "bias_grad", "(4,)", "(3,)");
  expect_error<ParameterError>(all(layer.input, dw, db), "input_grad", "memory that overlaps input");
  expect_error<ParameterError>(all(dx, layer.weights, db), "weights_grad", "memory that overlaps weights");
  expect_error<ParameterError>(all(dw, dw, db), "weights_grad", "memory that overlaps input_grad");
  expect_error<ParameterError>(all(dx, dw, View<float, 1>(dx.data(), {3})), "bias_grad",
                               "memory that overlaps input_grad");
  expect_error<ParameterError>(all(dx, dw, db, {.activation = Activation::kRelu}), "activation");
  expect_error<ParameterError>(all(dx, dw, db, {.threads = -1}), "threads");
  EXPECT_TRUE(is_untouched(layer.input_grad) && is_untouched(layer.weights_grad));
}

TEST(LinearRefusalTest, NamesWhatElseIsWrongAndWritesNothing) {
  Layer<float> layer(2, 3, 3);
  for (auto* array : {&layer.output, &layer.input_grad, &layer.weights_grad}) array->fill(kPoison);
  const View<const float, 2> null(nullptr, {2, 3});
  auto& l = layer;
  expect_error<ParameterError>([&] { linear_forward(null, l.weights, {}, l.output); }, "input", "a null pointer",
                               "shape (2, 3)");
  expect_error<ParameterError>([&] { linear_forward(l.output, l.weights, {}, l.output); }, "output", "overlaps input");
  expect_error<ParameterError>([&] { linear_forward(l.input, l.weights, {}, l.output, {.threads = -1}); }, "threads");
  expect_error<ParameterError>(
      [&] { linear_forward(l.input, l.weights, {}, l.output, {.slope = std::numeric_limits<double>::infinity()}); },
      "slope");
  expect_error<ParameterError>([&] { linear_backward_input(l.input_grad, l.weights, l.input_grad); }, "input_grad",
                               "overlaps grad");
  const LinearOptions relu{.activation = Activation::kRelu};
  expect_error<ParameterError>([&] { linear_backward_input(l.grad, l.weights, l.input_grad, relu); }, "activation");
  expect_error<ParameterError>([&] { linear_backward_weights(l.grad, l.input, l.weights_grad, {}, relu); },
                               "activation");
  const View<float, 1> shared(l.weights_grad.data(), {3});
  expect_error<ParameterError>([&] { linear_backward_weights(l.grad, l.input, l.weights_grad, shared); }, "bias_grad",
                               "overlaps weights_grad");
  const View<float, 2> twice(l.output.data(), {2, 3}, {0, 1});
  expect_error<ParameterError>([&] { linear_forward(l.input, l.weights, {}, twice); }, "output", "strides (0, 1)");
  EXPECT_TRUE(is_untouched(l.output) && is_untouched(l.input_grad) && is_untouched(l.weights_grad));
}

}  // namespace
}  // namespace convstep
