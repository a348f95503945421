// Gradients in NumPy's order have the bits of the reference, on every SIMD target, for any number of threads and any
// layout, between pages that may not be touched, into poisoned outputs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "conv/checks.h"
#include "conv/numpy_order_gradient/method.h"
#include "convstep/error.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/guarded_tensor.h"
#include "tests/support/small_layers.h"

namespace convstep {
namespace {

enum class Data { kUniform, kZeros, kSubnormal, kNotFinite, kEnd };

template <class T, int Rank>
Tensor<T, Rank> tensor_of(const Shape<Rank>& shape, Data data, uint32_t seed) {
  Tensor<T, Rank> tensor = random_tensor<T, Rank>(shape, seed);
  std::mt19937 random(seed);
  const T others[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN(), T(-0.0)};
  for (T& value : tensor) {
    if (data == Data::kZeros && random() % 2) value = random() % 2 ? T(0) : T(-0.0);
    if (data == Data::kSubnormal && random() % 2) value *= std::numeric_limits<T>::min();
    if (data == Data::kNotFinite && random() % 8 == 0) value = others[random() % 4];
  }
  return tensor;
}

template <class T, int Rank>
void expect_same(const Tensor<T, Rank>& wanted, const View<T, Rank>& got, const std::string& what) {
  const Tensor<T, Rank> dense{View<const T, Rank>(got)};
  for (int64_t i = 0; i < wanted.size(); ++i) {
    ASSERT_TRUE(is_same(wanted.data()[i], dense.data()[i]))
        << what << " at " << i << ": " << dense.data()[i] << " for " << wanted.data()[i];
  }
}

// The same elements with channels outermost, and gaps between them.
template <class T>
struct Apart {
  explicit Apart(const Tensor<T, 4>& from) {
    const auto [N, H, W, C] = from.shape();
    room = Tensor<T, 1>::full({std::max<int64_t>(N * (C + 1) * H * W * 2, 1)}, static_cast<T>(kPoison));
    view = {room.data(), from.shape(), {(C + 1) * H * W * 2, W * 2, 2, H * W * 2}};
    const T* value = from.data();
    for (int64_t i = 0; i < from.size(); ++i) view(i / C / W / H, i / C / W % H, i / C % W, i % C) = *value++;
  }
  Tensor<T, 1> room;
  View<T, 4> view;
};

// A layer, its arrays, and the gradients of the reference.
template <class T>
class ConvNumpyOrderGradientTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  void check(const Layer& layer, Data data, bool accumulate) {
    make(layer, data, accumulate);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      for (const int64_t threads : {1, 2, 4}) {
        SCOPED_TRACE(target + ", threads " + std::to_string(threads) + (accumulate ? ", accumulated" : ""));
        options_.threads = threads;
        ASSERT_NO_FATAL_FAILURE(check_dense(threads == 2 ? Flush::kFront : Flush::kBack));
      }
      ASSERT_NO_FATAL_FAILURE(check_apart());
    }
  }

 private:
  void make(const Layer& layer, Data data, bool accumulate) {
    options_ = layer.options;
    options_.numerics = Numerics::kNumpy;
    accumulate_ = accumulate;
    const ConvProblem problem = check_problem(layer.input, layer.weights, options_);
    ASSERT_TRUE(numpy_order_gradient_fits(problem));
    input_ = tensor_of<T, 4>(layer.input, data, 1);
    weights_ = tensor_of<T, 4>(layer.weights, data, 2);
    grad_ = tensor_of<T, 4>(output_shape(layer.input[0], problem), data, 3);
    before_input_ = before<4>(layer.input, 4);
    before_weights_ = before<4>(layer.weights, 5);
    before_bias_ = before<1>({layer.weights[3]}, 6);
    input_wanted_ = before_input_;
    weights_wanted_ = before_weights_;
    bias_wanted_ = before_bias_;
    reference::conv_backward_input<T>({grad_, weights_, input_wanted_}, problem.geometry, options_, accumulate);
    reference::conv_backward_weights<T>({grad_, input_, weights_wanted_, bias_wanted_}, problem.geometry, options_,
                                        accumulate);
  }
  // What an output holds before the call: where it is added to, zeros of both signs, too.
  template <int Rank>
  Tensor<T, Rank> before(const Shape<Rank>& shape, uint32_t seed) const {
    return accumulate_ ? tensor_of<T, Rank>(shape, Data::kZeros, seed) : filled<T, Rank>(shape, kPoison);
  }

  void check_dense(Flush flush) {
    const GuardedTensor<T, 4> x(input_, flush), w(weights_, flush), g(grad_, flush);
    GuardedTensor<T, 4> dx(before_input_, flush), dw(before_weights_, flush);
    GuardedTensor<T, 1> db(before_bias_, flush);
    conv_backward_input(g.in(), w.in(), dx.out(), options_, accumulate_);
    ASSERT_NO_FATAL_FAILURE(expect_same(input_wanted_, dx.out(), "input"));
    conv_backward_weights(g.in(), x.in(), dw.out(), db.out(), options_, accumulate_);
    ASSERT_NO_FATAL_FAILURE(expect_same(weights_wanted_, dw.out(), "weights"));
    ASSERT_NO_FATAL_FAILURE(expect_same(bias_wanted_, db.out(), "bias"));
  }
  void check_apart() {
    const Apart<T> x(input_), w(weights_), g(grad_), dx(before_input_), dw(before_weights_);
    conv_backward_input(View<const T, 4>(g.view), View<const T, 4>(w.view), dx.view, options_, accumulate_);
    ASSERT_NO_FATAL_FAILURE(expect_same(input_wanted_, dx.view, "input, apart"));
    conv_backward_weights(View<const T, 4>(g.view), View<const T, 4>(x.view), dw.view, {}, options_, accumulate_);
    ASSERT_NO_FATAL_FAILURE(expect_same(weights_wanted_, dw.view, "weights, apart"));
  }

  ConvOptions options_;
  bool accumulate_ = false;
  Tensor<T, 4> input_, weights_, grad_, before_input_, before_weights_, input_wanted_, weights_wanted_;
  Tensor<T, 1> before_bias_, bias_wanted_;
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvNumpyOrderGradientTest, Scalars);

// Several bands of images and of rows, several tiles of chains and values, taps in several parts.
TYPED_TEST(ConvNumpyOrderGradientTest, LargerLayers) {
  const Padding around = Padding::all(1);
  const Layer layers[] = {
      {{10, 5, 7, 4}, {3, 3, 4, 8}, {.stride = 2, .padding = around}},  // the notebook's
      {{10, 4, 4, 3}, {2, 2, 3, 8}, {.stride = 2, .padding = Padding::all(2)}},
      {{2, 28, 28, 1}, {5, 5, 1, 6}, {}},
      {{1, 12, 12, 6}, {5, 5, 6, 16}, {}},
      {{1, 60, 60, 5}, {3, 3, 5, 9}, {.padding = around}},
      {{300, 1, 1, 20}, {1, 1, 20, 11}, {}},
      {{1, 3, 1200, 3}, {2, 3, 3, 17}, {.padding = {0, 1, 2, 0}}},
      {{1, 3, 3, 70}, {3, 3, 70, 33}, {.padding = around}},
      {{1, 2, 2, 5000}, {1, 1, 5000, 3}, {}},
      {{2, 9, 9, 12}, {3, 2, 4, 36}, {.stride = {1, 2}, .padding = around, .dilation = {2, 3}, .groups = 3}},
      {{2, 7, 8, 20}, {3, 3, 1, 40}, {.stride = 2, .padding = around, .groups = 20}},
      {{2, 3, 3, 2}, {5, 7, 2, 3}, {.padding = {3, 2, 4, 3}}},               // no window is whole
      {{2, 5, 5, 2}, {2, 2, 2, 3}, {.stride = 3, .padding = {0, 9, 8, 0}}},  // some read nothing but padding
      {{1, 9, 2, 3}, {4, 2, 3, 5}, {}},                                      // one column
      {{0, 5, 5, 2}, {3, 3, 2, 4}, {}},
  };
  for (const Layer& layer : layers) {
    SCOPED_TRACE(to_string(layer.input) + to_string(layer.weights));
    for (Data data = Data::kUniform; data < Data::kEnd; data = static_cast<Data>(static_cast<int>(data) + 1)) {
      ASSERT_NO_FATAL_FAILURE(this->check(layer, data, false));
    }
    ASSERT_NO_FATAL_FAILURE(this->check(layer, Data::kZeros, true));
    ASSERT_NO_FATAL_FAILURE(this->check(layer, Data::kUniform, true));
  }
}

TYPED_TEST(ConvNumpyOrderGradientTest, APlanKeepsItsTargetAndGivesTheSame) {
  using T = TypeParam;
  const Layer layer{{3, 9, 8, 6}, {3, 3, 3, 8}, {.padding = 1, .groups = 2, .numerics = Numerics::kNumpy}};
  const auto input = random_tensor<T, 4>(layer.input, 1), weights = random_tensor<T, 4>(layer.weights, 2);
  const auto grad = random_tensor<T, 4>(conv_output_shape(layer.input, layer.weights, layer.options), 3);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    const ConvBackwardPlan<T> plan(layer.input, Tensor<T, 4>(weights), layer.options);
    set_simd_target("");
    EXPECT_EQ(plan.describe(), "sums in NumPy's order, " + target);
    Tensor<T, 4> wanted(layer.input), got(layer.input);
    conv_backward_input(grad, weights, wanted, layer.options);
    plan.run_input(grad, got);
    expect_same(wanted, got.view(), "input");
    plan.run_input(grad, got, true);
    for (T& value : wanted) value += value;
    expect_same(wanted, got.view(), "input, twice");
    Tensor<T, 4> weights_wanted(layer.weights), weights_got(layer.weights);
    conv_backward_weights(grad, input, weights_wanted, {}, layer.options);
    plan.run_weights(grad, input, weights_got);
    expect_same(weights_wanted, weights_got.view(), "weights");
  }
}

TEST(ConvNumpyOrderGradient, LeavesToTheReferenceWhatNoWorkspaceHolds) {
  const int64_t far = int64_t{1} << 57;
  const ConvOptions options{.stride = {far, 1}, .padding = {0, far, 0, 0}, .numerics = Numerics::kNumpy};
  EXPECT_FALSE(numpy_order_gradient_fits(check_problem({1, 3, 2, 2}, {2, 1, 2, 3}, options)));
  EXPECT_FALSE(numpy_order_gradient_fits(check_problem({1, 400, 400, 8}, {400, 400, 8, 1}, options)));
  EXPECT_FALSE(numpy_order_gradient_fits(check_problem({1, 1, 100'000, 1}, {1, 1, 1, 1}, {})));
  const auto grad = counting<float, 4>({1, 2, 2, 3}), weights = counting<float, 4>({2, 1, 2, 3});
  Tensor<float, 4> input_grad({1, 3, 2, 2});
  conv_backward_input(grad, weights, input_grad, options);
  EXPECT_EQ(input_grad(0, 0, 0, 0), 1 * 1 + 2 * 2 + 3 * 3);
  EXPECT_EQ(ConvBackwardPlan<float>({1, 3, 2, 2}, weights, options).describe(), "reference loops");
}

// A part of all small layers; all of them under `make test-full` (CONVSTEP_CASES=full).
template <class T>
class ConvNumpyOrderGradientSweepTest : public ConvNumpyOrderGradientTest<T> {};
TYPED_TEST_SUITE(ConvNumpyOrderGradientSweepTest, Scalars);

TYPED_TEST(ConvNumpyOrderGradientSweepTest, GivesTheBitsOfTheReference) {
  const char* cases = std::getenv("CONVSTEP_CASES");
  const int64_t step = cases && std::string(cases) == "full" ? 1 : 97;
  for (int64_t number = 0; number < kLayers; number += step) {
    const Layer layer = layer_of(number);
    try {
      check_problem(layer.input, layer.weights, layer.options);
    } catch (const ArgumentError&) {
      continue;  // no window fits
    }
    SCOPED_TRACE(number);
    const Data data = static_cast<Data>(number / step % static_cast<int64_t>(Data::kEnd));
    ASSERT_NO_FATAL_FAILURE(this->check(layer, data, number / step % 3 == 0));
  }
}

}  // namespace
}  // namespace convstep
