#include "convstep/conv.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/expect_error.h"
#include "tests/fill.h"

namespace convstep {
namespace {

constexpr int64_t kMax = INT64_MAX;
const std::string kWindow = "weights (KH, KW)";

// A valid call whose parts the tests replace by bad ones. Every refusal must leave the output as it was.
class ConvRefusalTest : public testing::Test {
 protected:
  template <class Error>
  void expect_refused(const std::string& argument, const std::string& given = {}, const std::string& expected = {}) {
    expect_error<Error>([this] { conv_forward(input_, weights_, bias_, output_, options_, residual_); }, argument,
                        given, expected);
    EXPECT_TRUE(is_untouched(memory_));
  }

  Tensor<float, 4> x_ = counting<float, 4>({2, 5, 5, 4}), w_ = counting<float, 4>({3, 3, 4, 2});
  Tensor<float, 1> b_ = counting<float, 1>({2});
  Tensor<float, 4> memory_ = filled<float, 4>({2, 3, 3, 2}, kPoison);
  View<const float, 4> input_ = x_, weights_ = w_;
  View<const float, 1> bias_ = b_;
  View<float, 4> output_ = memory_;
  View<const float, 4> residual_;
  ConvOptions options_;
};

TEST_F(ConvRefusalTest, TheCallItselfIsValid) {
  conv_forward(input_, weights_, bias_, output_, options_, residual_);
  EXPECT_FALSE(is_untouched(memory_));
}

// Arrays in PyTorch's order are told so, before anything that follows from it.
TEST(ConvOrderTest, SaysWhatTheArraysLookLike) {
  const auto message = [](const Shape<4>& input, const Shape<4>& weights) -> std::string {
    try {
      conv_output_shape(input, weights, {});
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({2, 5, 6, 4}, {8, 4, 3, 3}),
            "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) (it looks like (O, C, KH, KW))");
  EXPECT_EQ(message({2, 4, 5, 6}, {8, 4, 3, 3}),
            "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) (the arrays look like (N, C, H, W) and (O, C, KH, KW))");
  EXPECT_EQ(message({2, 4, 5, 6}, {3, 3, 4, 8}),
            "input: got (2, 4, 5, 6), expected (2, 5, 6, 4) (it looks like (N, C, H, W))");
  EXPECT_EQ(message({2, 5, 6, 4}, {3, 3, 5, 8}),
            "weights: got (3, 3, 5, 8), expected (3, 3, 4, 8) (input (2, 5, 6, 4) has 4 channels)");
}

TEST(ConvOrderTest, KnowsTensorFlowsDepthwiseWeights) {
  const auto message = [](const Shape<4>& weights) -> std::string {
    try {
      conv_output_shape({2, 5, 6, 4}, weights, {.groups = 4});
    } catch (const ArgumentError& error) {
      return error.what();
    }
    return "";
  };
  const std::string expected = "groups: got 4, expected a divisor of the 4 input channels and the 2 output channels";
  EXPECT_EQ(message({3, 3, 4, 2}), expected + " (the weights look like TensorFlow's of a depthwise convolution)");
  EXPECT_EQ(message({3, 3, 1, 2}), expected);
}

TEST_F(ConvRefusalTest, Parameters) {
  for (const int64_t bad : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    options_ = {.stride = {bad, 1}};
    expect_refused<ParameterError>("stride", std::to_string(bad), "1 or more");
    options_ = {.stride = {1, bad}};
    expect_refused<ParameterError>("stride", std::to_string(bad), "1 or more");
    options_ = {.dilation = {1, bad}};
    expect_refused<ParameterError>("dilation", std::to_string(bad), "1 or more");
    options_ = {.groups = bad};
    expect_refused<ParameterError>("groups", std::to_string(bad), "1 or more");
  }
  options_ = {.groups = 3};
  expect_refused<ParameterError>("groups", "3", "a divisor of the 4 input channels and the 2 output channels");
  options_ = {.groups = 4};
  expect_refused<ParameterError>("groups", "4", "2 output channels");
  options_ = {.padding = {0, 0, 0, -1}};
  expect_refused<ParameterError>("padding", "(0, 0, 0, -1)", "0 or more");
  options_ = {.padding = {1, 0, 0, 0, Padding::Rule::kSameUpper}};
  expect_refused<ParameterError>("padding", "(1, 0, 0, 0)");
  options_ = {.padding = {0, 0, 0, 0, static_cast<Padding::Rule>(-1)}};
  expect_refused<ParameterError>("padding", "-1");
  options_ = {.activation = static_cast<Activation>(6)};
  expect_refused<ParameterError>("activation", "6");
  options_ = {.slope = NAN};
  expect_refused<ParameterError>("slope", "nan", "finite");
  options_ = {.algorithm = static_cast<ConvAlgorithm>(1000)};
  expect_refused<ParameterError>("algorithm", "1000");
  options_ = {.algorithm = static_cast<ConvAlgorithm>(-1)};
  expect_refused<ParameterError>("algorithm", "-1");
}

TEST_F(ConvRefusalTest, SizesThatOverflow) {
  options_ = {.padding = Padding::all(int64_t{1} << 62)};
  expect_refused<ShapeError>("padding", std::to_string(int64_t{1} << 62), "63 bits");
  options_ = {.padding = Padding::all(int64_t{1} << 40)};
  expect_refused<ShapeError>("output", "", "2^63 bytes");
  options_ = {.dilation = {kMax, 1}};
  expect_refused<ShapeError>("dilation", std::to_string(kMax), "63 bits");
  options_ = {.dilation = {int64_t{1} << 40, 1}};
  expect_refused<ShapeError>(kWindow, "(3, 3)", "fits into the padded input");
}

TEST_F(ConvRefusalTest, Weights) {
  const std::vector<float> memory(1000);
  const auto weights = [&](const Shape<4>& shape) { weights_ = {memory.data(), shape}; };
  for (const Shape<4>& shape :
       {Shape<4>{0, 0, 0, 0}, Shape<4>{0, 3, 4, 2}, Shape<4>{3, 0, 4, 2}, Shape<4>{3, 3, 0, 2}, Shape<4>{3, 3, 4, 0}}) {
    weights(shape);
    expect_refused<ShapeError>("weights", to_string(shape), "no axis of length 0");
  }
  weights({3, 3, 3, 2});
  expect_refused<ShapeError>("weights", "(3, 3, 3, 2)", "(3, 3, 4, 2)");
  options_.groups = 2;
  weights({3, 3, 4, 2});
  expect_refused<ShapeError>("weights", "(3, 3, 4, 2)", "(3, 3, 2, 2)");
  options_.groups = 1;
  weights({6, 3, 4, 2});
  expect_refused<ShapeError>(kWindow, "(6, 3)", "fits into the padded input");
  weights_ = {memory.data(), {kMax / 64, 1, 4, 2}, {0, 0, 0, 0}};
  expect_refused<ShapeError>(kWindow, std::to_string(kMax / 64));
}

TEST_F(ConvRefusalTest, OtherShapes) {
  for (const Shape<4>& shape :
       {Shape<4>{0, 0, 0, 0}, Shape<4>{2, 0, 5, 4}, Shape<4>{2, 5, 0, 4}, Shape<4>{2, 5, 5, 0}}) {
    input_ = {x_.data(), shape};
    expect_refused<ShapeError>("input", to_string(shape), "no axis of length 0");
  }
  input_ = x_;
  for (const int64_t length : {1, 3}) {
    const std::vector<float> three(3);
    bias_ = {three.data(), {length}};
    expect_refused<ShapeError>("bias", to_string(Shape<1>{length}), "(2,)");
  }
  bias_ = {std::vector<float>().data(), {0}};  // an empty array is no "none"
  expect_refused<ShapeError>("bias", "(0,)", "(2,)");
  bias_ = b_;
  for (const Shape<4>& shape :
       {Shape<4>{1, 3, 3, 2}, Shape<4>{2, 2, 3, 2}, Shape<4>{2, 3, 2, 2}, Shape<4>{2, 3, 3, 1}}) {
    output_ = {memory_.data(), shape};
    expect_refused<ShapeError>("output", to_string(shape), "(2, 3, 3, 2)");
    output_ = memory_;
    residual_ = {x_.data(), shape};
    expect_refused<ShapeError>("residual", to_string(shape), "(2, 3, 3, 2)");
    residual_ = {};
  }
  // Truncating division would find (2 - 3) / 2 + 1 = 1 window.
  input_ = {x_.data(), {2, 2, 5, 4}};
  options_.stride = {2, 2};
  expect_refused<ShapeError>(kWindow, "(3, 3)");
}

TEST_F(ConvRefusalTest, Memory) {
  input_ = {nullptr, x_.shape()};
  expect_refused<ParameterError>("input", "null");
  input_ = x_;
  weights_ = {nullptr, w_.shape()};
  expect_refused<ParameterError>("weights", "null");
  weights_ = w_;
  bias_ = {nullptr, b_.shape()};
  expect_refused<ParameterError>("bias", "null");
  bias_ = b_;
  residual_ = {nullptr, memory_.shape()};
  expect_refused<ParameterError>("residual", "null");
  residual_ = {};
  output_ = {nullptr, memory_.shape()};
  expect_refused<ParameterError>("output", "null");
  for (const Shape<4>& strides : {Shape<4>{0, 6, 2, 1}, Shape<4>{18, 6, 2, 0}, Shape<4>{18, 6, 1, 1}}) {
    output_ = {memory_.data(), memory_.shape(), strides};
    expect_refused<ParameterError>("output", "strides " + to_string(strides), "an element of its own");
  }
}

TEST_F(ConvRefusalTest, Overlap) {
  output_ = {memory_.data(), memory_.shape()};
  const float* end = memory_.data() + memory_.size() - 1;
  input_ = {end, x_.shape(), {0, 0, 0, 0}};
  expect_refused<ParameterError>("output", "overlaps input");
  input_ = x_;
  weights_ = {memory_.data(), w_.shape(), {0, 0, 0, 0}};
  expect_refused<ParameterError>("output", "overlaps weights");
  weights_ = w_;
  bias_ = {end, {2}, {-1}};
  expect_refused<ParameterError>("output", "overlaps bias");
  bias_ = b_;
  residual_ = {memory_.data(), memory_.shape(), {18, 2, 6, 1}};  // the same memory in another order
  expect_refused<ParameterError>("output", "overlaps residual");
}

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
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kReference, ConvAlgorithm::kDirect, ConvAlgorithm::kNotebook}) {
    Tensor<float, 4> y({1, 5, 5, 20});
    conv_forward(x, weights, bias, y, {.algorithm = algorithm});
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
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kNotebook, ConvAlgorithm::kDirect, ConvAlgorithm::kReference}) {
    for (const int threads : {1, 3}) {
      ConvOptions options{.padding = Padding::all(1), .algorithm = algorithm, .threads = threads};
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
  expect_error<ShapeError>([&] { conv_forward(A_prev, W, b, {.pad = int64_t{1} << 62}); }, "padding");
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
