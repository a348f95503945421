// error_test.cc: what an error says, in the library's words and in others.
#include "convstep/error.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "convstep/conv.h"
#include "convstep/pool.h"

namespace convstep {
namespace {

static_assert(std::is_nothrow_copy_constructible_v<ShapeError> && std::is_nothrow_copy_assignable_v<ShapeError>);

// Of a caller with the channels second, who names things as he likes.
constexpr Wording::Argument kArguments[] = {{"input", "photo", {0, 3, 1, 2}},
                                            {"weights", "kernels", {3, 2, 0, 1}},
                                            {"weights (KH, KW)", "kernels (KH, KW)"},
                                            {"window", "size"},
                                            {"output", "result", {0, 3, 1, 2}}};
constexpr Wording::Phrase kPhrases[] = {{Guess::kItIsNchw, "turn it"}, {Guess::kWeightsAreDepthwise, ""}};
constexpr Wording kOwn{kArguments, kPhrases};

template <class Call>
std::string message(Call call, const Wording& wording) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return ArgumentError(error, wording).what();
  }
  return "";
}

std::string of_conv(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options = {}) {
  return message([&] { conv_output_shape(input, weights, options); }, kOwn);
}

TEST(ArgumentErrorTest, IsMadeOfStrings) {
  const std::string given = "3";
  const ParameterError error("stride", given, std::string_view("1 or 2"), "there is little room");
  EXPECT_STREQ(error.what(), "stride: got 3, expected 1 or 2 (there is little room)");
  EXPECT_EQ(error.argument(), "stride");
  EXPECT_EQ(error.given(), "3");
  EXPECT_EQ(error.expected(), "1 or 2");
  EXPECT_EQ(error.hint(), "there is little room");
  EXPECT_EQ(error.guess(), Guess::kNone);
  EXPECT_STREQ(ParameterError("stride", "3", "1 or 2").what(), "stride: got 3, expected 1 or 2");
  EXPECT_STREQ(ParameterError(error, kOwn).what(), error.what());
}

TEST(ArgumentErrorTest, SaysItInTheLibrarysWordsOrOthers) {
  const ShapeError error("weights", ErrorText::axes("weights", {3, 3, 5, 8}), ErrorText::axes("bias", {1, 2, 3, 4}),
                         ErrorText(Guess::kItIsNchw) + ", as " + ErrorText::name("input") + " " +
                             ErrorText::axes("input", {"N", "H", "W", "C"}) + " is, " +
                             ErrorText::axes("input", Shape<4>{6, 7, 8, 9}.data(), 3) +
                             ErrorText::axes("input", {"C"}));
  EXPECT_STREQ(
      error.what(),
      "weights: got (3, 3, 5, 8), expected (1, 2, 3, 4) (it looks like (N, C, H, W), as input (N, H, W, C) is, "
      "(6, 7, 8)(C,))");
  EXPECT_EQ(error.guess(), Guess::kItIsNchw);
  const ShapeError own(error, kOwn);
  EXPECT_STREQ(own.what(),
               "kernels: got (8, 5, 3, 3), expected (1, 2, 3, 4) (turn it, as photo (N, C, H, W) is, (6, 7, 8)(C,))");
  EXPECT_EQ(own.argument(), "kernels");
  EXPECT_EQ(own.given(), "(8, 5, 3, 3)");
  EXPECT_EQ(own.expected(), "(1, 2, 3, 4)");
  EXPECT_EQ(own.hint(), "turn it, as photo (N, C, H, W) is, (6, 7, 8)(C,)");
}

TEST(ArgumentErrorTest, LeavesOutAHintWhoseGuessHasNoWords) {
  const ShapeError error("weights", "this", "that",
                         "perhaps " + ErrorText(Guess::kWeightsAreDepthwise) + ": turn them");
  EXPECT_EQ(error.hint(), "perhaps the weights look like TensorFlow's of a depthwise convolution: turn them");
  EXPECT_STREQ(ShapeError(error, kOwn).what(), "kernels: got this, expected that");
}

TEST(ArgumentErrorTest, KeepsWhatItSaysWhenItIsCopiedOrMoved) {
  auto first = std::make_unique<ShapeError>("input", ErrorText::axes("input", {1, 2, 3, 4}), "more");
  const ShapeError copy = *first, moved = std::move(*first);
  EXPECT_STREQ(first->what(), copy.what());
  EXPECT_EQ(first->given(), "(1, 2, 3, 4)");
  first.reset();
  EXPECT_EQ(copy.given(), "(1, 2, 3, 4)");
  EXPECT_STREQ(ShapeError(moved, kOwn).what(), "photo: got (1, 4, 2, 3), expected more");
}

TEST(ErrorTextTest, AddsUp) {
  const ErrorText text = ErrorText::name("input") + "!";
  EXPECT_EQ((text + text).in(kOwn), "photo!photo!");
  EXPECT_EQ((text + text).in({}), "input!input!");
  EXPECT_EQ(ErrorText().in(kOwn), "");
}

TEST(WordingTest, IsThatOfConvolutions) {
  EXPECT_EQ(of_conv({2, 5, 6, 4}, {3, 3, 5, 8}),
            "kernels: got (8, 5, 3, 3), expected (8, 4, 3, 3) (photo (2, 4, 5, 6) has 4 channels)");
  EXPECT_EQ(of_conv({2, 5, 6, 3}, {3, 3, 1, 1}),
            "kernels: got (1, 1, 3, 3), expected (1, 3, 3, 3) (photo (2, 3, 5, 6) has 3 channels; to filter each by "
            "itself, repeat the weights to (3, 1, 3, 3) and set groups to 3)");
  EXPECT_EQ(of_conv({2, 4, 5, 6}, {3, 3, 4, 8}), "photo: got (2, 6, 4, 5), expected (2, 4, 5, 6) (turn it)");
  EXPECT_EQ(of_conv({2, 5, 6, 4}, {3, 3, 4, 2}, {.groups = 4}),
            "groups: got 4, expected a divisor of the 4 input channels and the 2 output channels");
  EXPECT_EQ(of_conv({2, 5, 0, 4}, {3, 3, 4, 2}),
            "photo: got (2, 4, 5, 0), expected no axis of length 0 but the first, the batch");
  EXPECT_EQ(of_conv({2, 5, 6, 4}, {3, 3, 4, 8}, {.padding = {0, int64_t{1} << 60}}).substr(0, 21),
            "result: got (2, 8, 3,");
  // The window is that of the weights by any rule of padding.
  for (const Padding& padding : {Padding(int64_t{1} << 61), Padding::same_upper()}) {
    EXPECT_EQ(
        of_conv({1, 5, 5, 1}, {3, 3, 1, 1}, {.padding = padding, .dilation = (int64_t{1} << 62) - 1}).substr(0, 16),
        "kernels (KH, KW)");
  }
  EXPECT_EQ(of_conv({2, 5, 6, 4}, {3, 3, 4, 8}, {.padding = {1, -2, 3, 4}}),
            "padding: got (1, -2, 3, 4), expected 0 or more on every side");
}

TEST(WordingTest, IsThatOfTheArraysOfACall) {
  const Tensor<float, 4> input({2, 5, 6, 4}), weights({3, 3, 4, 8});
  Tensor<float, 4> output({2, 3, 4, 8});
  const auto of_call = [&](const View<const float, 4>& x, const View<float, 4>& y) {
    return message([&] { conv_forward(x, weights, {}, y); }, kOwn);
  };
  EXPECT_EQ(of_call(input, output), "");
  EXPECT_EQ(of_call(input, Tensor<float, 4>({2, 4, 3, 8})),
            "result: got (2, 8, 4, 3), expected (2, 8, 3, 4) ((N, O, OH, OW))");
  EXPECT_EQ(of_call({nullptr, input.shape()}, output),
            "photo: got a null pointer, expected the elements of an array of shape (2, 4, 5, 6)");
  EXPECT_EQ(of_call({output.data(), input.shape(), {0, 0, 0, 0}}, output),
            "result: got memory that overlaps photo, expected memory of its own");
  EXPECT_EQ(of_call(input, {output.data(), output.shape(), {9, 8, 0, 1}}),
            "result: got strides (9, 1, 8, 0), expected strides that lead every index to an element of its own");
  const ConvPlan<float> plan({1, 6, 6, 4}, weights, {});
  EXPECT_EQ(message([&] { plan.run(input, output); }, kOwn),
            "photo: got (2, 4, 5, 6), expected (2, 4, 6, 6) ((N, C, H, W) of the plan)");
  EXPECT_EQ(message([&] { pool_forward(input, output, {.window = 9}); }, kOwn),
            "size: got (9, 9), expected a window that fits into the padded input (the window (9, 9) is larger than the "
            "padded input (5, 6))");
}

}  // namespace
}  // namespace convstep
