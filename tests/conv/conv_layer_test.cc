#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

template <class T>
class ConvLayerTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvLayerTest, Types);

template <class T>
std::vector<T> values(const Tensor<T, 4>& tensor) {
  return {tensor.data(), tensor.data() + tensor.size()};
}

TYPED_TEST(ConvLayerTest, HasTheBitsOfConvForwardForImagesOfAnySize) {
  using T = TypeParam;
  const auto weights = random_tensor<T, 4>({3, 3, 8, 16}, 1);
  const auto bias = random_tensor<T, 1>({16}, 2);
  const ConvOptions options{.padding = 1, .activation = Activation::kRelu};
  const ConvLayer<T> layer(weights, bias, options);
  EXPECT_EQ(layer.latest_plan(), nullptr);
  for (const int64_t size : {5, 9, 5, 14, 20, 21, 22, 5}) {
    for (const int64_t images : {1, 3}) {
      const auto input = random_tensor<T, 4>({images, size, size + 1, 8}, 3);
      Tensor<T, 4> output(layer.output_shape(input.shape())), expected(output.shape());
      const auto residual = random_tensor<T, 4>(output.shape(), 4);
      layer.run(input, output, residual);
      conv_forward(input, weights, bias, expected, options, residual);
      EXPECT_EQ(values(output), values(expected)) << size;
    }
  }
}

TYPED_TEST(ConvLayerTest, TakesOverWhatIsMovedAndBorrowsTheRest) {
  using T = TypeParam;
  Tensor<T, 4> weights({1, 1, 2, 3});
  const T* const memory = weights.data();
  const ConvLayer<T> borrowed(weights, {});
  EXPECT_EQ(borrowed.weights().data(), memory);
  EXPECT_FALSE(borrowed.bias());
  ConvLayer<T> owner(std::move(weights), Tensor<T, 1>::full({3}, 5));
  EXPECT_EQ(owner.weights().data(), memory);
  const ConvLayer<T> moved = std::move(owner);
  Tensor<T, 4> output({1, 2, 2, 3});
  moved.run(Tensor<T, 4>({1, 2, 2, 2}), output);
  EXPECT_EQ(output(0, 1, 1, 2), 5);
  const ConvLayer<T> without_bias(Tensor<T, 4>({1, 1, 2, 3}), {});
  EXPECT_FALSE(without_bias.bias());
  // One of each.
  const Tensor<T, 4> twos = Tensor<T, 4>::full({1, 1, 2, 3}, 2);
  const ConvLayer<T> mixed(twos, Tensor<T, 1>::full({3}, 7));
  mixed.run(Tensor<T, 4>::full({1, 2, 2, 2}, 1), output);
  EXPECT_EQ(output(0, 1, 0, 1), 11);
  const Tensor<T, 1> bias = Tensor<T, 1>::full({3}, 8);
  const ConvLayer<T> other(Tensor<T, 4>::full({1, 1, 2, 3}, 2), bias.view());
  other.run(Tensor<T, 4>::full({1, 2, 2, 2}, 1), output);
  EXPECT_EQ(output(0, 1, 0, 1), 12);
}

TYPED_TEST(ConvLayerTest, KeepsThePlansItUsedLast) {
  using T = TypeParam;
  const auto weights = random_tensor<T, 4>({3, 3, 4, 4}, 1);
  const ConvLayer<T> layer(weights, {});
  const auto plan = [&](int64_t size) { return layer.plan({1, size, size, 4}); };
  const auto first = plan(8);
  for (int64_t size = 9; size < 8 + int64_t{ConvLayer<T>::kPlans}; ++size) plan(size);
  EXPECT_EQ(plan(8), first);
  EXPECT_EQ(layer.plan({7, 8, 8, 4}), first);
  EXPECT_EQ(layer.latest_plan(), first);
  for (int64_t size = 20; size < 20 + int64_t{ConvLayer<T>::kPlans}; ++size) plan(size);
  EXPECT_NE(plan(8), first);
  if (simd_targets().size() > 1) {
    const auto best = plan(8);
    set_simd_target(simd_targets().back());
    EXPECT_NE(plan(8), best);
    EXPECT_EQ(plan(8)->target(), simd_targets().back());
    set_simd_target("");
    EXPECT_EQ(plan(8), best);
  }
}

TYPED_TEST(ConvLayerTest, FindsWhatIsWrongBeforeThereIsAnInput) {
  using T = TypeParam;
  const Tensor<T, 4> weights({3, 3, 4, 8});
  const auto make = [&](const ConvOptions& options) { ConvLayer<T>(weights, {}, options); };
  expect_error<ParameterError>([&] { make({.stride = 0}); }, "stride", "(0, 0)");
  expect_error<ParameterError>([&] { make({.groups = 3}); }, "groups", "3");
  expect_error<ParameterError>([&] { make({.dilation = {0, 1}}); }, "dilation", "(0, 1)");
  expect_error<ShapeError>(
      [] {
        ConvLayer<T>(Tensor<T, 4>({1, 2, 4, 8}), {}, {.dilation = INT64_MAX});
      },
      "dilation", std::to_string(INT64_MAX));
  expect_error<ShapeError>([&] { ConvLayer<T>(weights, Tensor<T, 1>({7})); }, "bias", "(7,)");
  expect_error<ShapeError>([&] { ConvLayer<T>(weights, Tensor<T, 1>({0})); }, "bias", "(0,)");
  expect_error<ParameterError>([&] { make({.threads = 5000}); }, "threads", "5000");
  expect_error<ShapeError>([&] { ConvLayer<T>(Tensor<T, 4>({3, 0, 4, 8}), {}); }, "weights", "(3, 0, 4, 8)");
  const ConvLayer<T> layer(weights, {});
  Tensor<T, 4> output({1, 6, 6, 8});
  expect_error<ShapeError>([&] { layer.run(Tensor<T, 4>({1, 8, 8, 5}), output); }, "weights", "(3, 3, 4, 8)");
  layer.run(Tensor<T, 4>({1, 8, 8, 4}), output);
  expect_error<ShapeError>([&] { layer.run(Tensor<T, 4>({1, 8, 8, 5}), output); }, "weights", "(3, 3, 4, 8)");
}

// What packs weights hears of it; a later run that asks for no progress has none.
TYPED_TEST(ConvLayerTest, ForgetsWhoWasToldOfItsPacking) {
  using T = TypeParam;
  const Tensor<T, 4> weights({3, 3, 256, 256});
  const ConvLayer<T> layer(weights, {});
  int64_t reports = 0;
  layer.plan({1, 8, 8, 256}, {.progress = [&](int64_t, int64_t) { ++reports; }});
  const int64_t of_packing = reports;
  EXPECT_GT(of_packing, 0);
  Tensor<T, 4> output({1, 6, 6, 256});
  layer.run(Tensor<T, 4>({1, 8, 8, 256}), output);
  EXPECT_EQ(reports, of_packing);
  layer.run(Tensor<T, 4>({1, 8, 8, 256}), output, {}, {.progress = [&](int64_t, int64_t) { ++reports; }});
  EXPECT_GT(reports, of_packing);
}

TYPED_TEST(ConvLayerTest, IsSharedByThreads) {
  using T = TypeParam;
  const auto weights = random_tensor<T, 4>({3, 3, 8, 8}, 1);
  const ConvLayer<T> layer(weights, {}, {.padding = 1});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const int64_t size = 4 + (t * 7 + i * 3) % 9;
        const auto input = random_tensor<T, 4>({1, size, size, 8}, 2);
        Tensor<T, 4> output(input.shape()), expected(input.shape());
        layer.run(input, output);
        conv_forward(input, weights, {}, expected, {.padding = 1});
        wrong += values(output) != values(expected);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace convstep
