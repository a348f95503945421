// conv_refusal_test.cc: what a convolution refuses, before it writes.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "convstep/conv.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

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

std::string message(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options = {}) {
  try {
    conv_output_shape(input, weights, options);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "";
}

// Arrays in PyTorch's order are told so, before anything that follows from it.
TEST(ConvOrderTest, SaysWhatTheArraysLookLike) {
  EXPECT_EQ(message({2, 5, 6, 4}, {8, 4, 3, 3}),
            "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) (it looks like (O, C, KH, KW))");
  EXPECT_EQ(message({2, 4, 5, 6}, {8, 4, 3, 3}),
            "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) (the arrays look like (N, C, H, W) and (O, C, KH, KW))");
  EXPECT_EQ(message({2, 5, 6, 8}, {8, 8, 1, 1}),
            "weights: got (8, 8, 1, 1), expected (1, 1, 8, 8) (it looks like (O, C, KH, KW))");
  // The channels fit in either order, the window in one.
  EXPECT_EQ(
      message({1, 32, 32, 3}, {64, 3, 3, 3}),
      "weights (KH, KW): got (64, 3), expected a window that fits into the padded input (the weights look like (O, C, "
      "KH, KW))");
  EXPECT_EQ(message({1, 32, 32, 3}, {33, 3, 3, 8}),
            "weights (KH, KW): got (33, 3), expected a window that fits into the padded input (the window (33, 3) is "
            "larger than the padded input (32, 32))");
  EXPECT_EQ(message({2, 4, 5, 6}, {3, 3, 4, 8}),
            "input: got (2, 4, 5, 6), expected (2, 5, 6, 4) (it looks like (N, C, H, W))");
  EXPECT_EQ(message({2, 5, 6, 4}, {3, 3, 5, 8}),
            "weights: got (3, 3, 5, 8), expected (3, 3, 4, 8) (input (2, 5, 6, 4) has 4 channels)");
  // The channels would fit in the other order, but not the groups.
  EXPECT_EQ(message({2, 2, 1, 1}, {4, 5, 1, 7}, {.groups = 2}),
            "groups: got 2, expected a divisor of the 1 input channel and the 7 output channels");
  EXPECT_EQ(message({2, 28, 28, 1}, {5, 5, 6, 6}),
            "weights: got (5, 5, 6, 6), expected (5, 5, 1, 6) (input (2, 28, 28, 1) has 1 channel)");
}

// A filter for grey images, which meets a colour photograph.
TEST(ConvOrderTest, KnowsFiltersOfOneChannel) {
  const std::string channels = " (input (2, 5, 6, 3) has 3 channels";
  EXPECT_EQ(message({2, 5, 6, 3}, {3, 3, 1, 1}),
            "weights: got (3, 3, 1, 1), expected (3, 3, 3, 1)" + channels +
                "; to filter each by itself, repeat the weights to (3, 3, 1, 3) and set groups to 3)");
  EXPECT_EQ(message({2, 5, 6, 3}, {3, 3, 1, 6}), "weights: got (3, 3, 1, 6), expected (3, 3, 3, 6)" + channels +
                                                     "; to filter each by itself, set groups to 3)");
  EXPECT_EQ(message({2, 5, 6, 3}, {3, 3, 1, 4}), "weights: got (3, 3, 1, 4), expected (3, 3, 3, 4)" + channels + ")");
  EXPECT_EQ(
      message({2, 5, 6, 3}, {3, 3, 1, 1}, {.groups = 3}),
      "groups: got 3, expected a divisor of the 3 input channels and the 1 output channel (for one filter on every "
      "channel, repeat the weights to (3, 3, 1, 3))");
  EXPECT_EQ(message({1, 3, 9, 8}, {3, 3, 1, 1}),
            "input: got (1, 3, 9, 8), expected (1, 9, 8, 3) (it looks like (N, C, H, W))");
  const Tensor<float, 4> A_prev({1, 5, 5, 3}), W({3, 3, 1, 3}), b({1, 1, 1, 3});
  try {
    conv_forward(A_prev, W, b, ConvHparameters{});
    ADD_FAILURE();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "W: got (3, 3, 1, 3), expected (3, 3, 3, 3) (A_prev (1, 5, 5, 3) has 3 channels; to filter each by "
                 "itself, use ConvOptions: set groups to 3)");
  }
}

TEST(ConvOrderTest, KnowsTensorFlowsDepthwiseWeights) {
  const std::string expected = "groups: got 4, expected a divisor of the 4 input channels and the 2 output channels";
  EXPECT_EQ(
      message({2, 5, 6, 4}, {3, 3, 4, 2}, {.groups = 4}),
      expected + " (the weights look like TensorFlow's of a depthwise convolution: reshape them to (3, 3, 1, 8))");
  EXPECT_EQ(message({2, 5, 6, 4}, {3, 3, 1, 2}, {.groups = 4}), expected);
}

// A bias that does not fit is blamed on the order of the weights only where it would fit in PyTorch's.
TEST(ConvOrderTest, KnowsWhyABiasDoesNotFit) {
  const auto message = [](const Shape<4>& shape, int64_t length) -> std::string {
    const Tensor<float, 4> weights(shape);
    const Tensor<float, 1> bias({length});
    try {
      const ConvPlan<float> plan({1, 224, 224, shape[2]}, weights, bias);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({64, 3, 3, 3}, 64), "bias: got (64,), expected (3,) (the weights look like (O, C, KH, KW))");
  for (const Shape<4>& shape : {Shape<4>{3, 3, 1, 4}, Shape<4>{3, 3, 1, 1}, Shape<4>{3, 3, 4, 4}}) {
    EXPECT_EQ(message(shape, 3),
              "bias: got (3,), expected " + to_string(Shape<1>{shape[3]}) + " (one number per output channel)");
  }
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

}  // namespace
}  // namespace convstep
