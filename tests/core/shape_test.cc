#include "convstep/shape.h"

#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>

#include "convstep/convstep.h"
#include "core/window_axis.h"
#include "tests/support/expect_error.h"

namespace convstep {
namespace {

constexpr int64_t kMax = INT64_MAX;

WindowAxis axis_of(int64_t length, int64_t window, int64_t stride, const Padding& padding = {},
                   Rounding rounding = Rounding::kFloor, int64_t dilation = 1) {
  return resolve_geometry({length, length}, {window, window}, "window", {stride, stride}, {dilation, dilation}, padding,
                          rounding)
      .height;
}

TEST(ShapeTest, WritesShapesAsNumpyDoes) {
  EXPECT_EQ(to_string(Shape<4>{2, 3, 3, 8}), "(2, 3, 3, 8)");
  EXPECT_EQ(to_string(Shape<1>{5}), "(5,)");
  EXPECT_EQ(to_string(Size2{3, 4}), "(3, 4)");
}

template <class To, class From>
concept Takes = requires(From value) {
  To{value};
};
static_assert(Takes<Size2, int> && Takes<Size2, size_t> && Takes<Padding, int>);
static_assert(!Takes<Size2, bool> && !Takes<Size2, double> && !Takes<Size2, char>);
static_assert(!Takes<Padding, bool> && !Takes<Padding, double> && !Takes<Padding, char>);
static_assert(std::is_constructible_v<Padding, int, int, int, int>);
static_assert(!std::is_constructible_v<Padding, int, int, int>, "of which three sides?");
static_assert(std::is_constructible_v<Padding, Sides> && !std::is_constructible_v<Sides, int>);
static_assert(std::is_trivially_copyable_v<Size2> && std::is_trivially_copyable_v<Padding>);

TEST(Size2Test, OneNumberIsBothAxes) {
  const ConvOptions conv{.stride = 2, .dilation = {3}};
  EXPECT_EQ(conv.stride, (Size2{2, 2}));
  EXPECT_EQ(conv.dilation, (Size2{3, 3}));
  EXPECT_EQ((ConvOptions{.stride = {2, 1}}.stride), (Size2{2, 1}));
  const PoolOptions pool{.window = 3, .stride = size_t{2}};
  EXPECT_EQ(pool.window, (Size2{3, 3}));
  EXPECT_EQ(pool.stride, (Size2{2, 2}));
  const Shape<4> image{1, 12, 12, 1}, weights{3, 3, 1, 1};
  EXPECT_EQ(conv_output_shape(image, weights, {.stride = 2}), (Shape<4>{1, 5, 5, 1}));
  EXPECT_EQ(pool_output_shape(image, {.window = 3, .stride = 3}), (Shape<4>{1, 4, 4, 1}));
  EXPECT_EQ(Size2{}, Size2{1});
  constexpr Size2 size{2, 5};
  const auto [height, width] = size;
  EXPECT_EQ(height * 10 + width, 25);
  EXPECT_EQ(Size2{-1}, (Size2{-1, -1})) << "refused where it is used";
  expect_error<ParameterError>([&] { conv_output_shape(image, weights, {.stride = 0}); }, "stride", "(0, 0)");
}

TEST(PaddingTest, IsOfAllSidesOfRowsAndColumnsOrOfEachSide) {
  EXPECT_EQ((ConvOptions{.padding = 1}.padding), (Padding{1, 1, 1, 1}));
  EXPECT_EQ((ConvOptions{.padding = {1}}.padding), Padding::all(1));
  EXPECT_EQ((PoolOptions{.padding = {1, 2}}.padding), (Padding{1, 1, 2, 2}));
  const auto [top, bottom, left, right, rule] = ConvOptions{.padding = {1, 2, 3, 4}}.padding;
  EXPECT_EQ((Shape<4>{top, bottom, left, right}), (Shape<4>{1, 2, 3, 4}));
  EXPECT_EQ(rule, Padding::Rule::kExplicit);
  EXPECT_EQ((ConvOptions{.padding = {}}.padding), Padding::valid());
  EXPECT_EQ(Padding::same_upper(), (Padding{0, 0, 0, 0, Padding::Rule::kSameUpper}));
  EXPECT_EQ(conv_output_shape({1, 12, 12, 1}, {3, 3, 1, 1}, {.padding = 1}), (Shape<4>{1, 12, 12, 1}));
  EXPECT_EQ(pad_output_shape({1, 2, 2, 1}, {1, 2}), (Shape<4>{1, 4, 6, 1}));
}

TEST(PaddingTest, IsOfSidesByTheirNames) {
  EXPECT_EQ((ConvOptions{.padding = Sides{.top = 1}}.padding), (Padding{1, 0, 0, 0}));
  EXPECT_EQ((PoolOptions{.padding = {{.bottom = 2, .left = size_t{3}}}}.padding), (Padding{0, 2, 3, 0}));
  constexpr Padding padding = Sides{.top = 1, .bottom = 2, .left = 3, .right = 4};
  EXPECT_EQ(padding, (Padding{1, 2, 3, 4}));
  EXPECT_EQ(pad_output_shape({1, 2, 2, 1}, Sides{.right = 5}), (Shape<4>{1, 2, 7, 1}));
  expect_error<ParameterError>([] { pad_output_shape({1, 2, 2, 1}, Sides{.left = -1}); }, "padding", "(0, 0, -1, 0)");
}

// What counts something takes whole numbers alone.
template <class... Fields>
concept AreCounts = (std::same_as<Fields, Count> && ...);
static_assert(
    AreCounts<decltype(ConvOptions::groups), decltype(ConvOptions::threads), decltype(RunOptions::threads),
              decltype(PoolOptions::threads), decltype(ConvHparameters::stride), decltype(ConvHparameters::pad),
              decltype(PoolHparameters::stride), decltype(PoolHparameters::f)>);
static_assert(Takes<Count, int> && Takes<Count, size_t> && std::invocable<decltype(set_num_threads), int>);
static_assert(!Takes<Count, bool> && !Takes<Count, double> && !Takes<Count, char>);
static_assert(!std::invocable<decltype(set_num_threads), bool> && !std::invocable<decltype(set_num_threads), double>);

TEST(CountTest, IsANumberLikeOthers) {
  constexpr Count count = size_t{3};
  static_assert(count == 3 && 2 * count == 6 && std::is_same_v<decltype(count + 1), int64_t>);
  EXPECT_EQ(std::to_string(count), "3");
  for (const int64_t wrong : {int64_t{1} << 32, -(int64_t{1} << 32)}) {  // 0 in 32 bits
    expect_error<ParameterError>([&] { set_num_threads(wrong); }, "threads", std::to_string(wrong));
    expect_error<ParameterError>([&] { conv_output_shape({1, 2, 2, 4}, {1, 1, 4, 4}, {.groups = -wrong}); }, "groups");
  }
}

template <class Pad>
concept Pads = requires(const Tensor<float, 4>& X, Pad pad) {
  zero_pad(X, pad);
};
static_assert(Pads<int> && Pads<int64_t> && !Pads<double> && !Pads<bool>);

TEST(InferLengthTest, FindsTheOneThatIsLeft) {
  const auto infer = [](int64_t elements, Shape<3> shape) {
    infer_length(elements, shape.data(), 3);
    return shape;
  };
  EXPECT_EQ(infer(24, {2, 3, 4}), (Shape<3>{2, 3, 4}));
  EXPECT_EQ(infer(24, {-1, 3, 4}), (Shape<3>{2, 3, 4}));
  EXPECT_EQ(infer(24, {2, 12, -1}), (Shape<3>{2, 12, 1}));
  EXPECT_EQ(infer(0, {2, -1, 4}), (Shape<3>{2, 0, 4}));
  EXPECT_EQ(infer(0, {2, 0, 4}), (Shape<3>{2, 0, 4}));
  const int64_t large = int64_t{1} << 61;
  for (const Shape<3>& bad :
       {Shape<3>{2, 3, 5}, {-1, 5, 1}, {-1, -1, 1}, {-1, 0, 1}, {-2, -12, 1}, {-1, large, large}, {0, 1, 1}}) {
    expect_error<ShapeError>([&] { infer(24, bad); }, "shape", to_string(bad));
  }
  expect_error<ShapeError>([&] { infer(0, {-1, 0, 1}); }, "shape", "(-1, 0, 1)", "0 elements");
}

TEST(ElementCountTest, MultipliesAndKnowsItsLimits) {
  const auto count = [](Shape<4> shape, size_t element_size) {
    return element_count("input", shape.data(), 4, element_size);
  };
  EXPECT_EQ(count({2, 3, 4, 5}, 8), 120);
  EXPECT_EQ(count({0, 3, 4, 5}, 8), 0);
  EXPECT_EQ(count({1, 1, 1, int64_t{1} << 59}, 8), int64_t{1} << 59);
  const int64_t large = int64_t{1} << 61;
  for (const Shape<4>& shape : {Shape<4>{1, 1, 1, int64_t{1} << 60}, Shape<4>{large, large, 1, 1},
                                Shape<4>{0, large, large, 1}, Shape<4>{large, 0, 2, 1}, Shape<4>{4, 1, 1, large}}) {
    expect_error<ShapeError>([&] { count(shape, 8); }, "input", to_string(shape), "fewer than 2^63 bytes");
  }
  expect_error<ShapeError>([&] { count({1, -1, 1, 1}, 8); }, "input", "(1, -1, 1, 1)", "0 or more");
}

TEST(GeometryTest, FloorsAndRefusesWindowsThatDoNotFit) {
  EXPECT_EQ(axis_of(5, 3, 2).output, 2);
  EXPECT_EQ(axis_of(6, 3, 2).output, 2);
  EXPECT_EQ(axis_of(3, 3, 65536).output, 1);
  EXPECT_EQ(axis_of(3, 3, kMax).output, 1);
  EXPECT_EQ(axis_of(5, 2, 1, {}, Rounding::kFloor, 4).output, 1);
  // Division that truncates towards zero would make one window of (2 - 3) / 2 + 1.
  expect_error<ShapeError>([] { axis_of(2, 3, 2); }, "window", "(3, 3)", "fits into the padded input");
  expect_error<ShapeError>([] { axis_of(2, kMax, 2); }, "window", std::to_string(kMax));
  expect_error<ShapeError>([] { axis_of(5, 3, 1, {}, Rounding::kFloor, 3); }, "window");
  expect_error<ShapeError>([] { axis_of(5, 3, 1, {}, Rounding::kFloor, kMax); }, "dilation", std::to_string(kMax));
  expect_error<ShapeError>([] { axis_of(5, 3, 1, Padding::all(int64_t{1} << 62)); }, "padding");
}

// Figures of PyTorch's pooling_output_shape.
TEST(GeometryTest, CeilingFollowsPyTorch) {
  const auto ceil = [](int64_t length, int64_t window, int64_t stride, int64_t before, int64_t after) {
    return axis_of(length, window, stride, {before, after, before, after}, Rounding::kCeil).output;
  };
  EXPECT_EQ(ceil(2, 3, 2, 0, 0), 1);
  EXPECT_EQ(ceil(6, 3, 2, 0, 0), 3);
  EXPECT_EQ(ceil(5, 3, 2, 0, 0), 2);
  EXPECT_EQ(ceil(3, 1, 2, 0, 0), 2);
  EXPECT_EQ(ceil(4, 1, 4, 0, 0), 1);  // a second window would start beyond the input
  EXPECT_EQ(ceil(4, 3, 3, 1, 1), 2);
  EXPECT_EQ(ceil(1, 1, 1, 0, 1), 1);  // fits exactly, and lies wholly on trailing padding
  expect_error<ShapeError>([&] { ceil(1, 3, 2, 0, 0); }, "window");
}

// Length, window, stride, dilation; output, padding before and after for SAME_UPPER.
using SameCase = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t>;
class SameTest : public testing::TestWithParam<SameCase> {};

TEST_P(SameTest, HasTheSizeAndPaddingOfTensorFlowAndOnnx) {
  const auto [length, window, stride, dilation, output, before, after] = GetParam();
  const WindowAxis upper = axis_of(length, window, stride, Padding::same_upper(), Rounding::kFloor, dilation);
  EXPECT_EQ(upper.output, output);
  EXPECT_EQ(upper.before, before);
  EXPECT_EQ(upper.after, after);
  const WindowAxis lower = axis_of(length, window, stride, Padding::same_lower(), Rounding::kCeil, dilation);
  EXPECT_EQ(lower.output, output);
  EXPECT_EQ(lower.before, after);
  EXPECT_EQ(lower.after, before);
}

INSTANTIATE_TEST_SUITE_P(Table, SameTest,
                         testing::Values(SameCase{13, 6, 5, 1, 3, 1, 2},     // the example of TensorFlow's guide
                                         SameCase{224, 7, 2, 1, 112, 2, 3},  // the first layer of ResNet
                                         SameCase{224, 3, 2, 1, 112, 0, 1}, SameCase{5, 3, 1, 1, 5, 1, 1},
                                         SameCase{5, 2, 1, 1, 5, 0, 1}, SameCase{5, 3, 1, 2, 5, 2, 2},
                                         SameCase{5, 1, 3, 1, 2, 0, 0}, SameCase{4, 1, 3, 1, 2, 0, 0},
                                         SameCase{1, 5, 1, 1, 1, 2, 2}, SameCase{3, 3, 65536, 1, 1, 0, 0}));

TEST(GeometryTest, RefusesParametersOutOfRange) {
  for (const int64_t bad : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    const std::string given = std::to_string(bad);
    expect_error<ParameterError>([=] { axis_of(5, 3, bad); }, "stride", given, "1 or more");
    expect_error<ParameterError>([=] { axis_of(5, bad, 1); }, "window", given, "1 or more");
    expect_error<ParameterError>([=] { axis_of(5, 3, 1, {}, Rounding::kFloor, bad); }, "dilation", given, "1 or more");
  }
  for (const Padding& bad : {Padding{-1, 0, 0, 0}, Padding{0, -1, 0, 0}, Padding{0, 0, -1, 0}, Padding{0, 0, 0, -1}}) {
    expect_error<ParameterError>([=] { axis_of(5, 3, 1, bad); }, "padding", "-1", "0 or more");
  }
  for (const Padding::Rule rule : {Padding::Rule::kSameUpper, Padding::Rule::kSameLower}) {
    expect_error<ParameterError>([=] { axis_of(5, 3, 1, Padding{0, 0, 1, 0, rule}); }, "padding", "(0, 0, 1, 0)");
  }
  expect_error<ParameterError>(
      [] {
        axis_of(5, 3, 1, Padding{0, 0, 0, 0, static_cast<Padding::Rule>(7)});
      },
      "padding", "7");
}

TEST(GeometryTest, FindsWindowsThatReadNoInput) {
  const auto check = [](int64_t length, int64_t window, int64_t stride, int64_t before, int64_t after,
                        int64_t dilation) {
    check_no_empty_window(axis_of(length, window, stride, {before, after, before, after}, Rounding::kFloor, dilation),
                          "height");
  };
  const auto expect_empty = [&](int64_t length, int64_t window, int64_t stride, int64_t before, int64_t after,
                                int64_t dilation) {
    expect_error<ParameterError>([&] { check(length, window, stride, before, after, dilation); }, "padding",
                                 "along the height", "at least one element");
  };
  check(3, 2, 1, 1, 1, 1);
  expect_empty(3, 2, 1, 2, 0, 1);
  expect_empty(3, 2, 1, 0, 2, 1);
  check(3, 2, 5, 0, 2, 1);         // the stride passes over the empty ones
  check(1, 3, 1, 2, 2, 2);         // taps -2, 0, 2
  expect_empty(1, 3, 1, 3, 2, 2);  // taps -3, -1, 1 step over the only element
  expect_empty(2, 2, 1, 4, 4, 4);  // the second window's taps lie at -3 and 1, the third's at -2 and 2
  check(2, 2, 4, 4, 4, 4);
  // So many windows that a loop over them would not end.
  const int64_t far = int64_t{1} << 61;
  expect_empty(2, 2, 3, far, far, far);
  check(2, 2, far, far, far, far);
}

}  // namespace
}  // namespace convstep
