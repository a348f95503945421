// The bits of gradients depend on nothing but the layer: not on threads, on how a batch is taken in parts, on how views
// lie, nor on the SIMD target, for every method.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "runtime/threads.h"
#include "tests/support/fma_chain.h"
#include "tests/support/named_layer.h"

namespace convstep {
namespace {

const NamedLayer kLayers[] = {
    {"direct", {12, 9, 11, 5}, {3, 2, 5, 19}, {.stride = {2, 1}, .padding = Padding::all(1)}},
    {"direct, rows of several chunks", {12, 3, 300, 3}, {3, 3, 3, 7}, {.padding = Padding::all(1)}},
    {"1x1", {12, 7, 7, 70}, {1, 1, 70, 40}, {}},
    {"1x1, whole vectors", {12, 7, 7, 96}, {1, 1, 96, 64}, {}},
    {"1x1, whole vectors, two chunks", {12, 11, 8, 300}, {1, 1, 300, 208}, {}},
    {"3x3, whole vectors", {12, 9, 9, 33}, {3, 3, 33, 64}, {.stride = {2, 2}}},
    {"images of one pixel", {12, 1, 1, 70}, {1, 1, 70, 45}, {}},
    {"images of one pixel, whole vectors", {12, 1, 1, 70}, {1, 1, 70, 64}, {}},
    {"groups", {12, 8, 8, 12}, {3, 3, 4, 24}, {.dilation = {2, 2}, .groups = 3}},
    {"depthwise", {12, 14, 14, 40}, {3, 3, 1, 40}, {.stride = {2, 2}, .padding = Padding::all(1), .groups = 40}},
    {"depthwise, vectors", {12, 15, 16, 64}, {3, 3, 1, 64}, {.padding = Padding::all(1), .groups = 64}},
    {"depthwise by two", {12, 15, 18, 70}, {5, 3, 1, 70}, {.stride = {2, 2}, .padding = {2, 2, 1, 0}, .groups = 70}},
    {"groups of two", {12, 9, 10, 12}, {3, 3, 2, 12}, {.padding = Padding::all(1), .groups = 6}},
    {"groups of four", {12, 9, 10, 80}, {3, 3, 4, 80}, {.stride = {2, 2}, .padding = Padding::all(1), .groups = 20}},
    {"groups of eight", {12, 9, 10, 64}, {3, 3, 8, 64}, {.padding = Padding::all(1), .groups = 8}},
    {"depthwise, 5x5", {12, 9, 9, 7}, {5, 5, 1, 7}, {.padding = Padding::all(2), .groups = 7}},
    {"winograd", {12, 13, 14, 36}, {3, 3, 36, 44}, {.padding = Padding::all(1)}},
    {"winograd, few tiles, odd channels", {12, 7, 7, 33}, {3, 3, 33, 70}, {.padding = Padding::all(1)}},
    {"winograd, several chunks", {12, 34, 33, 33}, {3, 3, 33, 35}, {}},
};

template <class T>
struct Gradients {
  Tensor<T, 4> input, weights;
  Tensor<T, 1> bias;
};

template <class T, int Rank>
bool same_bits(const Tensor<T, Rank>& a, const Tensor<T, Rank>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(T)) == 0;
}

template <class T>
void expect_same(const Gradients<T>& wanted, const Gradients<T>& got, const std::string& what) {
  EXPECT_TRUE(same_bits(wanted.weights, got.weights)) << what;
  EXPECT_TRUE(same_bits(wanted.bias, got.bias)) << what;
  EXPECT_TRUE(same_bits(wanted.input, got.input)) << what;
}

template <class T>
class ConvBackwardBitsTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  void make(const NamedLayer& layer) {
    options_ = layer.options;
    input_ = random_tensor<T, 4>(layer.input, 1);
    weights_ = random_tensor<T, 4>(layer.weights, 2);
    grad_ = random_tensor<T, 4>(conv_output_shape(layer.input, layer.weights, options_), 3);
  }

  // The batch in parts of these sizes, one call after the other.
  Gradients<T> gradients(const std::vector<int64_t>& parts, int64_t threads) {
    ConvOptions options = options_;
    options.threads = threads;
    Gradients<T> result{Tensor<T, 4>(input_.shape()), Tensor<T, 4>(weights_.shape()),
                        Tensor<T, 1>({weights_.shape(3)})};
    int64_t first = 0;
    for (const int64_t count : parts) {
      conv_backward_weights(images(grad_, first, count), images(input_, first, count), result.weights.view(),
                            result.bias.view(), options, first > 0);
      conv_backward_input(images(grad_, first, count), weights_, images_of(result.input, first, count), options);
      first += count;
    }
    return result;
  }

  static View<const T, 4> images(const Tensor<T, 4>& batch, int64_t first, int64_t count) {
    const Shape<4> shape = batch.shape();
    return {&batch(first, 0, 0, 0), {count, shape[1], shape[2], shape[3]}};
  }
  static View<T, 4> images_of(Tensor<T, 4>& batch, int64_t first, int64_t count) {
    const Shape<4> shape = batch.shape();
    return {&batch(first, 0, 0, 0), {count, shape[1], shape[2], shape[3]}};
  }

  ConvOptions options_;
  Tensor<T, 4> input_, weights_, grad_;
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardBitsTest, Scalars);

TYPED_TEST(ConvBackwardBitsTest, ABatchInPartsIsTheWholeBatch) {
  for (const NamedLayer& layer : kLayers) {
    this->make(layer);
    const auto whole = this->gradients({12}, 1);
    expect_same(whole, this->gradients({1, 11}, 1), layer.name);
    expect_same(whole, this->gradients({5, 7}, 2), layer.name);
    expect_same(whole, this->gradients(std::vector<int64_t>(12, 1), 1), layer.name);
  }
}

TYPED_TEST(ConvBackwardBitsTest, ThreadsChangeNothing) {
  set_all_work_worth_threads(true);
  for (const NamedLayer& layer : kLayers) {
    this->make(layer);
    const auto one = this->gradients({12}, 1);
    for (const int64_t threads : {2, 3, 8}) expect_same(one, this->gradients({12}, threads), layer.name);
  }
  set_all_work_worth_threads(false);
}

TYPED_TEST(ConvBackwardBitsTest, TargetsThatFuseAgree) {
  for (const NamedLayer& layer : kLayers) {
    this->make(layer);
    set_simd_target("");
    const auto best = this->gradients({12}, 1);
    for (const std::string& target : simd_targets()) {
      if (!target_fuses(target)) continue;
      set_simd_target(target);
      expect_same(best, this->gradients({12}, 1), layer.name + (", " + target));
    }
  }
}

// Products that underflow to -0, added to a gradient of -0: every sum of them is -0, wherever it is kept meanwhile.
TYPED_TEST(ConvBackwardBitsTest, MinusZeroStaysMinusZero) {
  constexpr TypeParam kTiny = std::numeric_limits<TypeParam>::min();
  set_all_work_worth_threads(true);
  for (NamedLayer layer : kLayers) {
    if (std::string_view(layer.name).starts_with("winograd")) continue;
    layer.options.padding = {};
    this->make(layer);
    this->input_.fill(-kTiny);
    this->grad_.fill(kTiny);
    for (const std::string& target : simd_targets()) {
      if (!target_fuses(target)) continue;
      set_simd_target(target);
      for (const int64_t threads : {1, 2, 8}) {
        this->options_.threads = threads;
        Tensor<TypeParam, 4> sums(layer.weights);
        sums.fill(TypeParam(-0.0));
        conv_backward_weights(this->grad_, this->input_, sums.view(), {}, this->options_, true);
        EXPECT_TRUE(std::ranges::all_of(sums, [](TypeParam sum) { return sum == 0 && std::signbit(sum); }))
            << layer.name << ", " << target << ", " << threads << " threads";
        conv_backward_weights(this->grad_, this->input_, sums.view(), {}, this->options_);
        EXPECT_TRUE(std::ranges::none_of(sums, [](TypeParam sum) { return std::signbit(sum); })) << layer.name;
      }
    }
  }
  set_all_work_worth_threads(false);
}

// Arrays with channels second, and with gaps between the channels.
TYPED_TEST(ConvBackwardBitsTest, TheLayoutOfViewsChangesNothing) {
  using T = TypeParam;
  for (const NamedLayer& layer : kLayers) {
    this->make(layer);
    const auto dense = this->gradients({12}, 1);
    const auto apart = [](const Tensor<T, 4>& from, Tensor<T, 1>& room) {
      const auto [N, H, W, C] = from.shape();
      room = Tensor<T, 1>({N * (C + 1) * H * W});
      const View<T, 4> view(room.data(), from.shape(), {(C + 1) * H * W, W, 1, H * W});
      for (int64_t i = 0; i < from.size(); ++i) view(i / C / W / H, i / C / W % H, i / C % W, i % C) = from.data()[i];
      return view;
    };
    Tensor<T, 1> room[3];
    const View<T, 4> input = apart(this->input_, room[0]), grad = apart(this->grad_, room[1]);
    const View<T, 4> input_grad = apart(Tensor<T, 4>(this->input_.shape()), room[2]);
    Gradients<T> got{Tensor<T, 4>(this->input_.shape()), Tensor<T, 4>(this->weights_.shape()),
                     Tensor<T, 1>({this->weights_.shape(3)})};
    conv_backward_weights(View<const T, 4>(grad), View<const T, 4>(input), got.weights.view(), got.bias.view(),
                          this->options_);
    conv_backward_input(View<const T, 4>(grad), View<const T, 4>(this->weights_), input_grad, this->options_);
    const int64_t C = input.shape(3), W = input.shape(2), H = input.shape(1);
    for (int64_t i = 0; i < got.input.size(); ++i) {
      got.input.data()[i] = input_grad(i / C / W / H, i / C / W % H, i / C % W, i % C);
    }
    expect_same(dense, got, layer.name);
  }
}

}  // namespace
}  // namespace convstep
