#include "convstep/conv.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "convstep/notebook.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

constexpr int64_t kMax = INT64_MAX;

// Channels 0 .. 7 to channels 8 .. 15 of one array; every second pixel of a row to those between.
TEST(ConvForwardTest, OutputAndInputMayLieInEachOthersGaps) {
  auto memory = counting<double, 4>({1, 8, 8, 16}), w = counting<double, 4>({3, 3, 8, 8});
  const auto before = memory;
  const auto channels = [](Tensor<double, 4>& of, int64_t first) {
    return View<double, 4>(of.data() + first, {1, 8, 8, 8}, of.view().strides());
  };
  const ConvOptions options{.padding = Padding::all(1)};
  Tensor<double, 4> expected({1, 8, 8, 8});
  conv_forward(channels(memory, 0), w, {}, expected, options);
  conv_forward(channels(memory, 0), w, {}, channels(memory, 8), options);
  for (int64_t i = 0; i < memory.size(); ++i) {
    ASSERT_EQ(memory.data()[i], i % 16 < 8 ? before.data()[i] : expected.data()[i / 16 * 8 + i % 16 - 8]);
  }
  expect_error<ParameterError>([&] { conv_forward(channels(memory, 0), w, {}, channels(memory, 7), options); },
                               "output", "overlaps input");

  const auto one = filled<double, 4>({1, 1, 1, 1}, 2);
  auto row = counting<double, 4>({1, 1, 20, 1});
  const View<double, 4> even(row.data(), {1, 1, 10, 1}, {20, 20, 2, 1}),
      odd(row.data() + 1, {1, 1, 10, 1}, {20, 20, -2, 7});
  conv_forward(even, one, {}, View<double, 4>(row.data() + 19, {1, 1, 10, 1}, {20, 20, -2, 7}));
  EXPECT_EQ(row.data()[19], 2);
  EXPECT_EQ(row.data()[1], 38);
  expect_error<ParameterError>(
      [&] { conv_forward(even, one, {}, View<double, 4>(row.data() + 18, odd.shape(), odd.strides())); }, "output",
      "overlaps input");
}

TEST(ConvForwardTest, ASumOfMinusZerosIsZero) {
  const auto a = filled<float, 3>({2, 2, 3}, -0.0f), w = filled<float, 3>({2, 2, 3}, 1),
             b = filled<float, 3>({1, 1, 1}, -0.0f);
  EXPECT_FALSE(std::signbit(conv_single_step(a, w, b)));
  const auto x = filled<float, 4>({1, 7, 7, 3}, -0.0f), weights = filled<float, 4>({3, 3, 3, 20}, 1);
  const auto bias = filled<float, 1>({20}, -0.0f);
  const ConvOptions kinds[] = {
      {.numerics = Numerics::kNumpy}, {.algorithm = ConvAlgorithm::kReference}, {.algorithm = ConvAlgorithm::kDirect}};
  for (const ConvOptions& options : kinds) {
    Tensor<float, 4> y({1, 5, 5, 20});
    conv_forward(x, weights, bias, y, options);
    for (int64_t i = 0; i < y.size(); ++i) ASSERT_FALSE(std::signbit(y.data()[i]));
  }
}

TEST(ConvForwardTest, StrideAndDilationKeepHeightAndWidthApart) {
  const auto x = counting<float, 4>({1, 4, 6, 1}), w = filled<float, 4>({1, 2, 1, 1}, 1);
  const ConvOptions options{.stride = {2, 3}, .dilation = {1, 2}};
  Tensor<float, 4> output(conv_output_shape(x.shape(), w.shape(), options));
  ASSERT_EQ(output.shape(), (Shape<4>{1, 2, 2, 1}));
  conv_forward(x, w, {}, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), 1 + 3);
  EXPECT_EQ(output(0, 0, 1, 0), 4 + 6);
  EXPECT_EQ(output(0, 1, 0, 0), 13 + 15);
  EXPECT_EQ(output(0, 1, 1, 0), 16 + 18);
}

TEST(ConvForwardTest, GroupsAreRunsOfChannels) {
  const auto x = counting<float, 4>({1, 1, 1, 2}), w = counting<float, 4>({1, 1, 1, 4});
  Tensor<float, 4> output({1, 1, 1, 4});
  conv_forward(x, w, {}, output, {.groups = 2});
  const float expected[] = {1 * 1, 1 * 2, 2 * 3, 2 * 4};
  for (int o = 0; o < 4; ++o) EXPECT_EQ(output(0, 0, 0, o), expected[o]);
}

TEST(ConvForwardTest, AddsTheResidualInPlace) {
  const auto x = counting<double, 4>({1, 2, 2, 1}), w = filled<double, 4>({1, 1, 1, 1}, 10);
  auto output = counting<double, 4>({1, 2, 2, 1});
  conv_forward(x, w, {}, output, {}, output.view());
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(output.data()[i], static_cast<double>(11 * (i + 1)));
}

TEST(ConvForwardTest, AnEmptyBatchGivesAnEmptyResult) {
  const View<const float, 4> input(nullptr, {0, 5, 5, 4});
  const auto weights = counting<float, 4>({3, 3, 4, 2});
  Tensor<float, 4> output(conv_output_shape(input.shape(), weights.shape()));
  EXPECT_EQ(output.shape(), (Shape<4>{0, 3, 3, 2}));
  conv_forward(input, weights, {}, output);
  conv_forward(input, weights, {}, View<float, 4>(nullptr, output.shape()));
}

TEST(ConvForwardTest, AStrideBeyondTheImageLeavesOneOutput) {
  const auto x = counting<float, 4>({1, 3, 3, 1}), w = filled<float, 4>({2, 2, 1, 1}, 1);
  for (const int64_t stride : {int64_t{2}, int64_t{65536}, kMax}) {
    Tensor<float, 4> output({1, 1, 1, 1});
    conv_forward(x, w, {}, output, {.stride = {stride, stride}});
    EXPECT_EQ(output(0, 0, 0, 0), 1 + 2 + 4 + 5);
  }
}

TEST(ConvForwardTest, WindowsFarIntoThePaddingSeeZeros) {
  const int64_t pad = int64_t{1} << 61;
  const auto x = counting<float, 4>({1, 1, 1, 1}), w = filled<float, 4>({1, 1, 1, 1}, 3), b = w;
  Tensor<float, 4> output({1, 3, 3, 1});
  conv_forward(x, w, View<const float, 1>(b.data(), {1}), output, {.stride = {pad, pad}, .padding = Padding::all(pad)});
  for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(output.data()[i], i == 4 ? 6 : 3);
}

// Rows and columns of a view may share elements, so that an image of 2^32 fits into a vector of 2^17.
TEST(ConvForwardTest, IndicesBeyond32BitsAreRight) {
  const int64_t side = 65536;
  std::vector<float> data(2 * side - 1);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const View<const float, 4> image(data.data(), {1, side, side, 1}, {0, 1, 1, 1});
  const auto weights = filled<float, 4>({1, 1, 1, 1}, 1);
  Tensor<float, 4> output({1, 2, 2, 1});
  conv_forward(image, weights, {}, output, {.stride = {side - 1, side - 1}});
  EXPECT_EQ(output(0, 0, 0, 0), 0);
  EXPECT_EQ(output(0, 0, 1, 0), 65535);
  EXPECT_EQ(output(0, 1, 1, 0), 131070);
}

TEST(ConvForwardTest, InfinityTimesPaddingIsNan) {
  const auto x = counting<float, 4>({1, 1, 1, 1});
  const auto w = filled<float, 4>({3, 1, 1, 1}, INFINITY);
  Tensor<float, 4> output({1, 1, 1, 1});
  conv_forward(x, w, {}, output, {.padding = {1, 1, 0, 0}});
  EXPECT_TRUE(std::isnan(output(0, 0, 0, 0)));
}

TEST(ConvForwardTest, ProgressReachesTheTotalAndMayThrow) {
  const auto x = counting<double, 4>({3, 6, 6, 2}), w = counting<double, 4>({3, 3, 2, 2});
  Tensor<double, 4> output({3, 4, 4, 2});
  int64_t last = 0, all = 0;
  conv_forward(x, w, {}, output, {.progress = [&](int64_t done, int64_t total) {
                 EXPECT_GT(done, last);
                 EXPECT_TRUE(all == 0 || all == total);
                 all = total;
                 last = done;
               }});
  EXPECT_GT(all, 0);
  EXPECT_EQ(last, all);
  EXPECT_THROW(conv_forward(x, w, {}, output, {.progress = [](int64_t, int64_t) { throw std::domain_error("stop"); }}),
               std::domain_error);
}

// A larger layer, from within: Winograd's, whose workspace is larger, too.
TEST(ConvForwardTest, ProgressMayConvolve) {
  const auto x = counting<double, 4>({40, 9, 9, 4}), w = counting<double, 4>({3, 3, 4, 8});
  const auto large = counting<float, 4>({1, 12, 12, 64});
  const ConvPlan<float> inner(large.shape(), counting<float, 4>({3, 3, 64, 64}), {}, {.padding = Padding::all(1)});
  Tensor<float, 4> inner_output({1, 12, 12, 64}), inner_expected(inner_output.shape());
  inner.run(large, inner_expected);
  const ConvOptions kinds[] = {
      {.numerics = Numerics::kNumpy}, {.algorithm = ConvAlgorithm::kDirect}, {.algorithm = ConvAlgorithm::kReference}};
  for (ConvOptions options : kinds) {
    options.padding = 1;
    for (const int threads : {1, 3}) {
      options.threads = threads;
      options.progress = {};
      Tensor<double, 4> output({40, 9, 9, 8}), expected(output.shape());
      conv_forward(x, w, {}, expected, options);
      options.progress = [&](int64_t, int64_t) { inner.run(large, inner_output); };
      // On a new thread, whose workspace is small at first.
      std::thread([&] { conv_forward(x, w, {}, output, options); }).join();
      EXPECT_TRUE(std::equal(output.data(), output.data() + output.size(), expected.data())) << threads;
      EXPECT_TRUE(std::equal(inner_output.data(), inner_output.data() + inner_output.size(), inner_expected.data()));
    }
  }
}

TEST(ConvSingleStepTest, ChecksItsShapes) {
  const auto a = counting<double, 3>({2, 3, 1}), W = counting<double, 3>({2, 3, 1}), b = counting<double, 3>({1, 1, 1});
  EXPECT_EQ(conv_single_step(a, W, b), 1 + 4 + 9 + 16 + 25 + 36 + 1);
  expect_error<ShapeError>(
      [&] {
        conv_single_step(counting<double, 3>({3, 2, 1}), W, b);
      },
      "a_slice_prev", "(3, 2, 1)", "(2, 3, 1)");
  expect_error<ShapeError>([&] { conv_single_step(a, W, counting<double, 3>({1, 1, 2})); }, "b", "(1, 1, 2)");
  expect_error<ShapeError>(
      [&] {
        conv_single_step(Tensor<double, 3>({0, 0, 0}), Tensor<double, 3>({0, 0, 0}), b);
      },
      "W", "(0, 0, 0)");
  expect_error<ParameterError>([&] { conv_single_step(View<const double, 3>(nullptr, a.shape()), W, b); },
                               "a_slice_prev", "null");
  expect_error<ParameterError>([&] { conv_single_step(a, View<const double, 3>(nullptr, a.shape()), b); }, "W", "null");
  expect_error<ParameterError>([&] { conv_single_step(a, W, View<const double, 3>(nullptr, b.shape())); }, "b", "null");
}

TEST(ConvNotebookTest, ReturnsTheOutputAndACacheThatBorrows) {
  const auto A_prev = counting<double, 4>({1, 3, 3, 1}), W = filled<double, 4>({2, 2, 1, 1}, 1);
  const auto b = filled<double, 4>({1, 1, 1, 1}, 100);
  const auto [Z, cache] = conv_forward(A_prev, W, b, {.stride = 2, .pad = 1});
  ASSERT_EQ(Z.shape(), (Shape<4>{1, 2, 2, 1}));
  EXPECT_EQ(Z(0, 0, 0, 0), 101);
  EXPECT_EQ(Z(0, 1, 1, 0), 5 + 6 + 8 + 9 + 100);
  EXPECT_EQ(cache.A_prev.data(), A_prev.data());
  EXPECT_EQ(cache.W.data(), W.data());
  EXPECT_EQ(cache.b.data(), b.data());
  EXPECT_EQ(cache.hparameters.stride, 2);
  EXPECT_EQ(cache.hparameters.pad, 1);
}

TEST(ConvNotebookTest, NamesItsOwnParameters) {
  const auto A_prev = counting<float, 4>({1, 3, 3, 1}), W = counting<float, 4>({2, 2, 1, 2});
  const auto b = counting<float, 4>({1, 1, 1, 2});
  for (const int64_t bad : {int64_t{0}, int64_t{-1}}) {
    expect_error<ParameterError>([&] { conv_forward(A_prev, W, b, {.stride = bad}); }, "stride", std::to_string(bad));
  }
  expect_error<ParameterError>([&] { conv_forward(A_prev, W, b, {.pad = -1}); }, "pad", "-1", "0 or more");
  expect_error<ShapeError>([&] { conv_forward(A_prev, W, b, {.pad = int64_t{1} << 62}); }, "pad");
  expect_error<ParameterError>([&] { conv_forward(View<const float, 4>(nullptr, A_prev.shape()), W, b, {}); }, "A_prev",
                               "null");
  expect_error<ParameterError>([&] { conv_forward(A_prev, View<const float, 4>(nullptr, W.shape()), b, {}); }, "W",
                               "null");
  expect_error<ParameterError>([&] { conv_forward(A_prev, W, View<const float, 4>(nullptr, b.shape()), {}); }, "b",
                               "null", "(1, 1, 1, 2)");
  const View<const float, 4> far(A_prev.data(), A_prev.shape(), {0, int64_t{1} << 60, 0, 0});
  expect_error<ParameterError>([&] { conv_forward(far, W, b, {.pad = 1}); }, "A_prev", "strides");
  // What a callback throws is its own.
  const auto refuse = [](int64_t, int64_t) { throw ShapeError("input", "its", "own"); };
  expect_error<ShapeError>([&] { conv_forward(A_prev, W, b, {}, {.progress = refuse}); }, "input", "its");
  const auto deep = counting<float, 4>({2, 2, 3, 2}), large = counting<float, 4>({4, 4, 1, 2});
  expect_error<ShapeError>([&] { conv_forward(A_prev, deep, b, ConvHparameters{}); }, "W", "(2, 2, 3, 2)",
                           "(2, 2, 1, 2)");
  expect_error<ShapeError>([&] { conv_forward(A_prev, large, b, ConvHparameters{}); }, "W (f, f)", "(4, 4)");
  for (const Shape<4>& shape : {Shape<4>{1, 1, 1, 1}, Shape<4>{1, 1, 2, 2}, Shape<4>{2, 1, 1, 2}}) {
    expect_error<ShapeError>([&] { conv_forward(A_prev, W, counting<float, 4>(shape), ConvHparameters{}); }, "b",
                             to_string(shape), "(1, 1, 1, 2)");
  }
}

TEST(ConvPlanTest, KnowsTheShapeOfItsOutput) {
  const Tensor<float, 4> weights({3, 2, 4, 6});
  const ConvOptions options{.stride = {2, 1}, .padding = Padding::all(1), .groups = 2};
  const ConvPlan<float> plan({5, 9, 8, 8}, weights, {}, options);
  for (const int64_t images : {0, 1, 7}) {
    EXPECT_EQ(plan.output_shape(images), conv_output_shape({images, 9, 8, 8}, weights.shape(), options));
  }
  expect_error<ShapeError>([&] { plan.output_shape(-1); }, "output", "(-1, 5, 9, 6)");
  expect_error<ShapeError>([&] { plan.output_shape(int64_t{1} << 60); }, "output");
}

}  // namespace
}  // namespace convstep
