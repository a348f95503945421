#include "convstep/pool.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

constexpr int64_t kMax = INT64_MAX;

template <class T>
T pool_row(std::vector<T> row, PoolMode mode, PoolOptions options = {}) {
  const int64_t width = static_cast<int64_t>(row.size());
  options.window = {1, width};
  options.mode = mode;
  Tensor<T, 4> output({1, 1, 1, 1});
  pool_forward(View<const T, 4>(row.data(), {1, 1, width, 1}), output, options);
  return output(0, 0, 0, 0);
}

template <class T>
class PoolTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolTest, Types);

TYPED_TEST(PoolTest, MaximumIsThatOfIeee754) {
  using V = std::vector<TypeParam>;
  const TypeParam inf = std::numeric_limits<TypeParam>::infinity(), nan = std::numeric_limits<TypeParam>::quiet_NaN();
  EXPECT_EQ(pool_row(V{-inf, -inf}, PoolMode::kMax), -inf);
  EXPECT_EQ(pool_row(V{-3, -2}, PoolMode::kMax), -2);
  for (const V& row : {V{nan, 1}, V{1, nan}, V{inf, nan}, V{nan, inf}, V{1, nan, 2}}) {
    EXPECT_TRUE(std::isnan(pool_row(row, PoolMode::kMax)));
    EXPECT_TRUE(std::isnan(pool_row(row, PoolMode::kAverage)));
    EXPECT_TRUE(std::isnan(pool_row(row, PoolMode::kLp)));
  }
  EXPECT_FALSE(std::signbit(pool_row(V{TypeParam(-0.0), 0}, PoolMode::kMax)));
  EXPECT_FALSE(std::signbit(pool_row(V{0, TypeParam(-0.0)}, PoolMode::kMax)));
  EXPECT_TRUE(std::signbit(pool_row(V{TypeParam(-0.0), TypeParam(-0.0)}, PoolMode::kMax)));
}

TYPED_TEST(PoolTest, ThreeFourFive) {
  using V = std::vector<TypeParam>;
  EXPECT_EQ(pool_row(V{3, -4}, PoolMode::kLp), 5);
  EXPECT_EQ(pool_row(V{3, -4}, PoolMode::kLp, {.p = 1}), 7);
  EXPECT_NEAR(pool_row(V{3, -4, 5}, PoolMode::kLp, {.p = 3}), 6, 1e-6);
  EXPECT_EQ(pool_row(V{3, -4}, PoolMode::kAverage), TypeParam(-0.5));
}

TYPED_TEST(PoolTest, IndicesNameTheFirstMaximumInTheUnpaddedImage) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  std::vector<TypeParam> image{1,   7, 7,    //
                               7,   2, nan,  //
                               nan, 3, 4};
  Tensor<TypeParam, 4> output({1, 2, 2, 1});
  Tensor<int64_t, 4> indices(output.shape());
  pool_forward(View<const TypeParam, 4>(image.data(), {1, 3, 3, 1}), output, indices,
               {.window = {2, 2}, .stride = {2, 2}, .padding = {0, 1, 0, 1}});
  EXPECT_EQ(indices(0, 0, 0, 0), 1);
  EXPECT_EQ(indices(0, 0, 1, 0), 5);
  EXPECT_EQ(indices(0, 1, 0, 0), 6);
  EXPECT_EQ(indices(0, 1, 1, 0), 8);
}

TYPED_TEST(PoolTest, PaddingOfTheAverageCountsOnlyWhenAsked) {
  const auto x = filled<TypeParam, 4>({1, 2, 2, 1}, 12);
  Tensor<TypeParam, 4> output({1, 1, 1, 1});
  PoolOptions options{.window = {3, 3}, .mode = PoolMode::kAverage, .padding = {1, 0, 1, 0}};
  pool_forward(x, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), 12);
  options.count_include_pad = true;
  pool_forward(x, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), TypeParam(48) / 9);
  options.padding = {};
  options.ceil_mode = true;
  options.stride = {2, 2};  // the rows that ceil_mode adds are no padding
  pool_forward(x, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), 12);
}

// The work must follow from what a window reads, not from how large it is said to be.
TYPED_TEST(PoolTest, WindowsBeyondAllMeasureAreAnsweredAtOnce) {
  const auto x = counting<TypeParam, 4>({1, 3, 3, 1});
  const int64_t huge = int64_t{1} << 61;
  Tensor<TypeParam, 4> output({1, 1, 1, 1});
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    const TypeParam expected = mode == PoolMode::kMax ? 9 : mode == PoolMode::kAverage ? 5 : 45;
    pool_forward(x, output,
                 {.window = {kMax, kMax}, .stride = {3, 3}, .mode = mode, .padding = Padding::same_upper(), .p = 1});
    EXPECT_EQ(output(0, 0, 0, 0), expected);
    pool_forward(x, output, {.window = {kMax, kMax}, .stride = {kMax, kMax}, .mode = mode, .ceil_mode = true, .p = 1});
    EXPECT_EQ(output(0, 0, 0, 0), expected);
    pool_forward(
        x, output,
        {.window = {2 * huge, 2 * huge}, .stride = {kMax, kMax}, .mode = mode, .padding = Padding::all(huge), .p = 1});
    EXPECT_EQ(output(0, 0, 0, 0), expected);
  }
  pool_forward(x, output,
               {.window = {2 * huge, 2 * huge},
                .stride = {kMax, kMax},
                .mode = PoolMode::kAverage,
                .padding = Padding::all(huge),
                .count_include_pad = true});
  EXPECT_EQ(output(0, 0, 0, 0), std::ldexp(TypeParam(45), -124));
}

// A window of 2^62 taps that moves by as many: the first sees two columns, the last, which ceil_mode adds, the others.
// A step over so much padding times the channels would overflow.
TEST(PoolForwardTest, RefusesWindowsThatMoveOverBoundlessPadding) {
  const int64_t huge = int64_t{1} << 62;
  const auto x = counting<float, 4>({1, 1, 4, 2});
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    const PoolOptions options{
        .window = {1, huge}, .stride = {1, huge}, .mode = mode, .padding = {0, 0, huge - 2, 0}, .ceil_mode = true};
    auto output = filled<float, 4>({1, 1, 2, 2}, kPoison);
    expect_error<ShapeError>([&] { pool_forward(x, output, options); }, "padding", std::to_string(huge - 2), "2^56");
    EXPECT_TRUE(is_untouched(output));
  }
}

// NumPy's sums start at 0.
TYPED_TEST(PoolTest, AnAverageOfMinusZerosIsZero) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t window : {1, 2, 3, 5, 12}) {
      for (const int64_t channels : {1, 5, 40}) {
        const auto x = filled<TypeParam, 4>({1, 12, 12, channels}, TypeParam(-0.0));
        const PoolOptions options{.window = {window, window}, .mode = PoolMode::kAverage};
        Tensor<TypeParam, 4> y(pool_output_shape(x.shape(), options));
        pool_forward(x, y, options);
        for (int64_t i = 0; i < y.size(); ++i) ASSERT_FALSE(std::signbit(y.data()[i])) << target << ", " << window;
      }
    }
  }
  set_simd_target("");
}

TEST(PoolForwardTest, StrideAndDilationKeepHeightAndWidthApart) {
  const auto x = counting<float, 4>({1, 4, 6, 1});
  const PoolOptions options{.window = {2, 1}, .stride = {1, 3}, .dilation = {2, 1}};
  Tensor<float, 4> output(pool_output_shape(x.shape(), options));
  ASSERT_EQ(output.shape(), (Shape<4>{1, 2, 2, 1}));
  pool_forward(x, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), 13);
  EXPECT_EQ(output(0, 0, 1, 0), 16);
  EXPECT_EQ(output(0, 1, 0, 0), 19);
  EXPECT_EQ(output(0, 1, 1, 0), 22);
}

TEST(PoolForwardTest, AStrideBeyondTheImageLeavesOneOutput) {
  for (const int64_t channels : {1, 16}) {  // steps to the next window, were there one, overflow with 16
    const auto x = counting<float, 4>({1, 3, 3, channels});
    for (const int64_t stride : {int64_t{2}, int64_t{65536}, int64_t{1} << 61, kMax}) {
      Tensor<float, 4> output({1, 1, 1, channels});
      Tensor<int64_t, 4> indices(output.shape());
      pool_forward(x, output, indices, {.window = {2, 2}, .stride = {stride, stride}});
      EXPECT_EQ(output(0, 0, 0, channels - 1), x(0, 1, 1, channels - 1));
      EXPECT_EQ(indices(0, 0, 0, channels - 1), 4);
      output(0, 0, 0, 0) = 0;
      pool_forward(x, output, {.window = {3, 2}, .stride = {1, stride}});
      EXPECT_EQ(output(0, 0, 0, channels - 1), x(0, 2, 1, channels - 1));
    }
  }
}

// Rows and columns of a view may share elements, so that an image of 2^32 fits into a vector of 2^17.
TEST(PoolForwardTest, IndicesBeyond32BitsAreRight) {
  const int64_t side = 65536;
  std::vector<float> data(2 * side - 1);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const View<const float, 4> image(data.data(), {1, side, side, 1}, {0, 1, 1, 1});
  Tensor<float, 4> output({1, 2, 2, 1});
  Tensor<int64_t, 4> indices(output.shape());
  pool_forward(image, output, indices, {.window = {2, 2}, .stride = {side - 2, side - 2}});
  EXPECT_EQ(output(0, 0, 0, 0), 2);
  EXPECT_EQ(output(0, 1, 1, 0), 131070);
  EXPECT_EQ(indices(0, 0, 1, 0), side + side - 1);
  EXPECT_EQ(indices(0, 1, 1, 0), side * side - 1);
}

TEST(PoolForwardTest, AnEmptyBatchGivesAnEmptyResult) {
  const View<const float, 4> input(nullptr, {0, 4, 4, 3});
  const PoolOptions options{.window = {2, 2}, .stride = {2, 2}};
  Tensor<float, 4> output(pool_output_shape(input.shape(), options));
  EXPECT_EQ(output.shape(), (Shape<4>{0, 2, 2, 3}));
  pool_forward(input, output, options);
}

TEST(PoolForwardTest, GlobalOptionsCoverTheImage) {
  const auto x = counting<double, 4>({2, 3, 5, 1});
  const PoolOptions options = global_pool_options(x.shape(), PoolMode::kAverage);
  Tensor<double, 4> output(pool_output_shape(x.shape(), options));
  ASSERT_EQ(output.shape(), (Shape<4>{2, 1, 1, 1}));
  pool_forward(x, output, options);
  EXPECT_EQ(output(0, 0, 0, 0), 8);
  EXPECT_EQ(output(1, 0, 0, 0), 23);
  expect_error<ParameterError>(
      [] {
        pool_output_shape({1, 3, 3, 1}, global_pool_options({1, 0, 3, 1}, PoolMode::kMax));
      },
      "window", "(0, 3)");
}

TEST(PoolForwardTest, ProgressReachesTheTotalAndMayThrow) {
  const auto x = counting<double, 4>({3, 4, 4, 2});
  Tensor<double, 4> output({3, 4, 4, 2});
  int64_t last = 0, all = 0;
  pool_forward(x, output, {.progress = [&](int64_t done, int64_t total) {
                 EXPECT_GT(done, last);
                 EXPECT_TRUE(all == 0 || all == total);
                 all = total;
                 last = done;
               }});
  EXPECT_GT(all, 0);
  EXPECT_EQ(last, all);
  EXPECT_THROW(pool_forward(x, output, {.progress = [](int64_t, int64_t) { throw std::domain_error("stop"); }}),
               std::domain_error);
}

// Where the windows of a few rows read many millions of elements, be they side by side or not.
TEST(PoolForwardTest, ProgressIsHeardWithinLongRowsOfWindows) {
  const Tensor<float, 4> large({1, 3000, 3000, 1}), small({1, 600, 600, 1});
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    const View<const float, 4> x = mode == PoolMode::kLp ? small : large;  // a power takes longer
    const int64_t n = x.shape(1);
    for (const View<const float, 4>& input : {x, View<const float, 4>(x.data(), x.shape(), {n * n, 1, n, 1})}) {
      int64_t reports = 0;
      PoolOptions options{.window = n - 1, .mode = mode, .p = 3, .threads = 1};
      options.progress = [&](int64_t done, int64_t) { reports += done == 0; };
      Tensor<float, 4> output({1, 2, 2, 1});
      pool_forward(input, output, options);
      EXPECT_GE(reports, 8) << static_cast<int>(mode);
      options.progress = [&](int64_t, int64_t) { throw std::domain_error("stop"); };
      EXPECT_THROW(pool_forward(input, output, options), std::domain_error);
    }
  }
}

// From within a window of so many taps that its sum is under way when progress is reported. The pooling inside copies
// its input, whose channels lie apart, to the workspace.
TEST(PoolForwardTest, ProgressMayPool) {
  constexpr int64_t kSide = 1500;
  const auto x = counting<float, 4>({1, kSide, kSide, 1});
  const PoolOptions whole = global_pool_options(x.shape(), PoolMode::kAverage);
  const auto planes = counting<float, 4>({1, 8, 90, 90});
  const View<const float, 4> apart(planes.data(), {1, 90, 90, 8}, {0, 90, 1, 90 * 90});
  const PoolOptions small{.window = {3, 3}, .stride = {2, 2}, .mode = PoolMode::kAverage};
  Tensor<float, 4> output({1, 1, 1, 1}), inner(pool_output_shape(apart.shape(), small));
  pool_forward(apart, inner, small);
  const std::vector<float> inner_expected(inner.data(), inner.data() + inner.size());
  pool_forward(x, output, whole);
  const float expected = output(0, 0, 0, 0);
  int calls = 0;
  PoolOptions options = whole;
  options.progress = [&](int64_t, int64_t) {
    ++calls;
    pool_forward(apart, inner, small);
  };
  std::thread([&] { pool_forward(x, output, options); }).join();  // a thread whose workspace is small at first
  EXPECT_EQ(output(0, 0, 0, 0), expected);
  EXPECT_GE(calls, 2) << "one of them inside the window";
  EXPECT_TRUE(std::equal(inner_expected.begin(), inner_expected.end(), inner.data()));
}

// Windows share the work of their columns only within a block.
TEST(PoolForwardTest, LongWindowsAreNotCutIntoManyBlocks) {
  const auto blocks = [](const Shape<4>& input, const Size2& window, PoolMode mode) {
    const Tensor<float, 4> x(input);
    PoolOptions options{.window = window, .mode = mode};
    int64_t all = 0;
    options.progress = [&](int64_t, int64_t total) { all = total; };
    Tensor<float, 4> output(pool_output_shape(input, options));
    pool_forward(x, output, options);
    return all;
  };
  EXPECT_LE(blocks({1, 1, 12'000, 16}, {1, 4'000}, PoolMode::kMax), 16);
  EXPECT_LE(blocks({1, 1, 12'000, 16}, {1, 4'200}, PoolMode::kMax), 16);
  EXPECT_LE(blocks({1, 300, 300, 32}, {150, 150}, PoolMode::kMax), 200);
  EXPECT_LE(blocks({1, 300, 300, 32}, {150, 150}, PoolMode::kAverage), 200);
}

TEST(PoolNotebookTest, ReturnsTheOutputAndACacheThatBorrows) {
  const auto A_prev = counting<double, 4>({1, 4, 4, 1});
  const auto [A, cache] = pool_forward(A_prev, {.stride = 2, .f = 2});
  ASSERT_EQ(A.shape(), (Shape<4>{1, 2, 2, 1}));
  EXPECT_EQ(A(0, 0, 0, 0), 6);
  EXPECT_EQ(A(0, 1, 1, 0), 16);
  EXPECT_EQ(cache.A_prev.data(), A_prev.data());
  EXPECT_EQ(cache.hparameters.stride, 2);
  EXPECT_EQ(cache.hparameters.f, 2);
  EXPECT_EQ(pool_forward(A_prev, {.stride = 2, .f = 2}, "average").A(0, 1, 1, 0), 13.5);
}

TEST(PoolNotebookTest, NamesItsOwnParameters) {
  const auto A_prev = counting<float, 4>({1, 4, 4, 1});
  for (const std::string mode : {"MAX", "", "avg", "max ", "lp"}) {
    expect_error<ParameterError>([&] { pool_forward(A_prev, {.stride = 1, .f = 2}, mode); }, "mode", "\"" + mode + "\"",
                                 "\"max\" or \"average\"");
  }
  for (const int64_t bad : {int64_t{0}, int64_t{-1}}) {
    expect_error<ParameterError>([&] { pool_forward(A_prev, {.stride = bad, .f = 2}); }, "stride", std::to_string(bad));
    expect_error<ParameterError>([&] { pool_forward(A_prev, {.stride = 1, .f = bad}); }, "f", std::to_string(bad));
  }
  expect_error<ShapeError>([&] { pool_forward(A_prev, {.stride = 2, .f = 5}); }, "f", "(5, 5)");
  expect_error<ParameterError>([&] { pool_forward(View<const float, 4>(nullptr, A_prev.shape()), {}); }, "A_prev",
                               "null");
}

}  // namespace
}  // namespace convstep
