// notebook_backward_test.cc: the figures that the full versions of the notebook print for the backward pass, and what
// is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "convstep/convstep.h"
#include "notebook/document_printouts.h"
#include "notebook/numpy_mean.h"
#include "notebook/numpy_random.h"
#include "notebook/numpy_text.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep::cli {
namespace {

struct Layer {
  explicit Layer(int64_t bias_counts = 1) {
    NumpyRandom random(1);
    A_prev = random.randn(Shape<4>{10, 4, 4, 3});
    W = random.randn(Shape<4>{2, 2, 3, 8});
    b = random.randn(Shape<4>{1, 1, 1, 8});
    for (double& x : b) x *= static_cast<double>(bias_counts);
  }
  Tensor<double, 4> A_prev, W, b;
};

TEST(NotebookBackward, ConvOfTheSecondVersion) {
  const Layer layer;
  const auto [Z, cache] = conv_forward(layer.A_prev, layer.W, layer.b, {.stride = 2, .pad = 2});
  const auto [dA, dW, db] = conv_backward(Z, cache);
  EXPECT_EQ(older_number_text(numpy_mean(dA)), "1.45243777754");
  EXPECT_EQ(older_number_text(numpy_mean(dW)), "1.72699145831");
  EXPECT_EQ(older_number_text(numpy_mean(db)), "7.83923256462");
  EXPECT_EQ(dA.shape(), layer.A_prev.shape());
  EXPECT_EQ(dW.shape(), layer.W.shape());
  EXPECT_EQ(db.shape(), layer.b.shape());
}

// It added the bias to every product, so that it counted as often as the filter has weights.
TEST(NotebookBackward, ConvOfTheFirstVersion) {
  const Layer layer(2 * 2 * 3);
  const auto [Z, cache] = conv_forward(layer.A_prev, layer.W, layer.b, {.stride = 1, .pad = 2});
  const auto [dA, dW, db] = conv_backward(Z, cache);
  EXPECT_EQ(older_number_text(numpy_mean(dA)), "9.60899067587");
  EXPECT_EQ(older_number_text(numpy_mean(dW)), "10.5817412755");
  EXPECT_EQ(older_number_text(numpy_mean(db)), "76.3710691956");
}

TEST(NotebookBackward, CreateMaskFromWindow) {
  NumpyRandom random(1);
  const Tensor<double, 2> x = random.randn(Shape<2>{2, 3});
  EXPECT_EQ(numpy_text(create_mask_from_window(x).view()), "[[ True False False]\n [False False False]]");
}

TEST(NotebookBackward, MasksHaveAllMaximaAndNoneBesideNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor<float, 2> x({2, 2}, {3, 1, 3, -0.0f});
  const auto expect_mask = [&x](std::initializer_list<bool> expected) {
    const Tensor<bool, 2> mask = create_mask_from_window(x);
    EXPECT_TRUE(std::equal(mask.begin(), mask.end(), expected.begin(), expected.end()));
  };
  expect_mask({true, false, true, false});
  x = Tensor<float, 2>({2, 2}, {0, -1, -0.0f, -2});
  expect_mask({true, false, true, false});
  for (int64_t i = 0; i < 4; ++i) {
    x = Tensor<float, 2>({2, 2}, {1, 2, 3, 4});
    x.data()[i] = nan;
    expect_mask({false, false, false, false});
  }
  const Tensor<float, 2> wide({2, 4}, {1, 9, 2, 9, 4, 9, 3, 9});
  const Tensor<bool, 2> mask = create_mask_from_window(View<const float, 2>(wide.data(), {2, 2}, {4, 2}));
  EXPECT_TRUE(mask(1, 0));
  EXPECT_FALSE(mask(0, 0) || mask(0, 1) || mask(1, 1));
  expect_error<ShapeError>([] { create_mask_from_window(Tensor<double, 2>({0, 3})); }, "x", "(0, 3)");
  expect_error<ParameterError>([] { create_mask_from_window(View<const double, 2>(nullptr, {1, 3})); }, "x", "null");
}

TEST(NotebookBackward, DistributeValue) {
  const Tensor<double, 2> a = distribute_value(2, {2, 2});
  EXPECT_EQ(numpy_text(a.view()), "[[0.5 0.5]\n [0.5 0.5]]");
  EXPECT_EQ(distribute_value(1.0f, {3, 1})(2, 0), 1.0f / 3);
  EXPECT_EQ(distribute_value(-1.0, {3, 2})(2, 1), -1.0 / 6);
  expect_error<ShapeError>([] { distribute_value(2, {2, 0}); }, "shape", "(2, 0)");
  expect_error<ShapeError>([] { distribute_value(2, {-1, 3}); }, "shape", "(-1, 3)");
  expect_error<ShapeError>([] { distribute_value(2, {INT64_MAX, INT64_MAX}); }, "shape");
}

TEST(NotebookBackward, Pool) {
  NumpyRandom random(1);
  const Tensor<double, 4> A_prev = random.randn(Shape<4>{5, 5, 3, 2});
  const auto [A, cache] = pool_forward(A_prev, {.stride = 1, .f = 2});
  const Tensor<double, 4> dA = random.randn(Shape<4>{5, 4, 2, 2});
  EXPECT_EQ(older_number_text(numpy_mean(dA)), "0.145713902729");
  EXPECT_EQ(numpy_text(pool_backward(dA, cache)[1][1]),
            "[[ 0.          0.        ]\n [ 5.05844394 -1.68282702]\n [ 0.          0.        ]]");
  EXPECT_EQ(numpy_text(pool_backward(dA, cache, "average")[1][1]),
            "[[ 0.08485462  0.2787552 ]\n [ 1.26461098 -0.25749373]\n [ 1.17975636 -0.53624893]]");
}

TEST(NotebookBackward, PoolHeedsTheStrideAndTies) {
  const auto A_prev = filled<float, 4>({1, 4, 4, 1}, 7);
  const auto [A, cache] = pool_forward(A_prev, {.stride = 2, .f = 2});
  const auto dA = counting<float, 4>({1, 2, 2, 1});
  const Tensor<float, 4> all = pool_backward(dA, cache), first = pool_backward(dA, cache, "max", PoolTies::kFirst);
  const Tensor<float, 4> average = pool_backward(dA, cache, "average");
  for (int64_t h = 0; h < 4; ++h) {
    for (int64_t w = 0; w < 4; ++w) {
      const float g = dA(0, h / 2, w / 2, 0);
      EXPECT_EQ(all(0, h, w, 0), g);
      EXPECT_EQ(first(0, h, w, 0), h % 2 == 0 && w % 2 == 0 ? g : 0);
      EXPECT_EQ(average(0, h, w, 0), g / 4);
    }
  }
}

TEST(NotebookBackward, ProgressGoesOnFromTheInputToTheWeights) {
  const Layer layer;
  const auto [Z, cache] = conv_forward(layer.A_prev, layer.W, layer.b, {.stride = 2, .pad = 2});
  int64_t last = 0, all = 0;
  bool passed_half = false;
  conv_backward(Z, cache, {.progress = [&](int64_t done, int64_t total) {
                  EXPECT_LE(last, done);
                  EXPECT_TRUE(all == 0 || all == total);
                  passed_half |= done == total / 2;
                  last = done;
                  all = total;
                }});
  EXPECT_EQ(last, all);
  EXPECT_TRUE(passed_half);
  const auto stop = [](int64_t, int64_t) { throw std::domain_error("stop"); };
  EXPECT_THROW(conv_backward(Z, cache, {.progress = stop}), std::domain_error);
}

TEST(NotebookBackward, ConvRefusesWhatDoesNotFitTheCache) {
  const Layer layer;
  auto forward = conv_forward(layer.A_prev, layer.W, layer.b, {.stride = 2, .pad = 2});
  const Tensor<double, 4>& Z = forward.Z;
  auto& cache = forward.cache;
  expect_error<ShapeError>([&] { conv_backward(layer.A_prev, cache); }, "dZ", "(10, 4, 4, 3)", "(10, 4, 4, 8)");
  expect_error<ShapeError>([&] { conv_backward(Tensor<double, 4>({9, 4, 4, 8}), cache); }, "dZ", "(9, 4, 4, 8)");
  expect_error<ParameterError>([&] { conv_backward({nullptr, Z.shape()}, cache); }, "dZ", "null");
  expect_error<ParameterError>([&] { conv_backward(Z, cache, {.threads = -1}); }, "threads", "-1");
  cache.hparameters.stride = 0;
  expect_error<ParameterError>([&] { conv_backward(Z, cache); }, "stride", "0");
  cache.hparameters = {.stride = 2, .pad = -1};
  expect_error<ParameterError>([&] { conv_backward(Z, cache); }, "pad", "-1");
  expect_error<ShapeError>([&] { conv_backward(Z, ConvCache<double>{}); }, "A_prev");
}

TEST(NotebookBackward, PoolRefusesWhatDoesNotFitTheCache) {
  const auto A_prev = counting<float, 4>({1, 4, 4, 1});
  auto forward = pool_forward(A_prev, {.stride = 2, .f = 2});
  const auto& A = forward.A;
  auto& cache = forward.cache;
  expect_error<ShapeError>([&] { pool_backward(A_prev, cache); }, "dA", "(1, 4, 4, 1)", "(1, 2, 2, 1)");
  for (const std::string mode : {"MAX", "", "avg", "lp"}) {
    expect_error<ParameterError>([&] { pool_backward(A, cache, mode); }, "mode", "\"" + mode + "\"",
                                 "\"max\" or \"average\"");
  }
  expect_error<ParameterError>([&] { pool_backward(A, cache, "max", static_cast<PoolTies>(7)); }, "ties", "7");
  cache.hparameters.f = 0;
  expect_error<ParameterError>([&] { pool_backward(A, cache); }, "f", "0");
  cache.hparameters = {.stride = -1, .f = 2};
  expect_error<ParameterError>([&] { pool_backward(A, cache); }, "stride", "-1");
  expect_error<ShapeError>([&] { pool_backward(A, PoolCache<float>{}); }, "A_prev");
}

}  // namespace
}  // namespace convstep::cli
