#include "convstep/pad.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "convstep/notebook.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

TEST(ZeroPadTest, PutsZerosAroundEveryImage) {
  const auto X = counting<double, 4>({2, 2, 2, 1});
  const Tensor<double, 4> padded = zero_pad(X, 1);
  ASSERT_EQ(padded.shape(), (Shape<4>{2, 4, 4, 1}));
  double sum = 0;
  for (int64_t i = 0; i < padded.size(); ++i) sum += padded.data()[i];
  EXPECT_EQ(sum, 36);
  EXPECT_EQ(padded(0, 1, 1, 0), 1);
  EXPECT_EQ(padded(1, 2, 2, 0), 8);
  EXPECT_EQ(padded(1, 3, 3, 0), 0);
}

TEST(ZeroPadTest, PadsEverySideByItsOwnNumber) {
  const auto X = counting<float, 4>({1, 1, 1, 2});
  auto output = filled<float, 4>({1, 4, 8, 2}, kPoison);
  zero_pad(X, output, {1, 2, 3, 4});
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 8; ++x) {
      for (int64_t c = 0; c < 2; ++c) {
        EXPECT_EQ(output(0, y, x, c), y == 1 && x == 3 ? static_cast<float>(c + 1) : 0.0f) << y << " " << x;
      }
    }
  }
}

TEST(ZeroPadTest, ProgressReachesTheTotalAndMayThrow) {
  const auto X = counting<float, 4>({2, 3, 3, 1});
  Tensor<float, 4> output({2, 5, 5, 1});
  int64_t last = 0, all = 0;
  const auto progress = [&](int64_t done, int64_t total) {
    EXPECT_GT(done, last);
    EXPECT_TRUE(all == 0 || all == total);
    last = done;
    all = total;
  };
  zero_pad(X, output, Padding::all(1), {.progress = progress});
  EXPECT_GT(all, 0);
  EXPECT_EQ(last, all);
  const auto stop = [](int64_t, int64_t) { throw std::domain_error("stop"); };
  EXPECT_THROW(zero_pad(X, output, Padding::all(1), {.progress = stop}), std::domain_error);
}

// A row of millions of columns is done in parts, between which progress is heard.
TEST(ZeroPadTest, LongRowsAreDoneInParts) {
  set_num_threads(1);  // so that all parts are this thread's
  const int64_t width = 1'500'000;
  Tensor<float, 4> X({1, 1, width, 1});
  for (int64_t i = 0; i < X.size(); ++i) X.data()[i] = static_cast<float>(i % 1009 + 1);
  for (const Padding& padding : {Padding{0, 0, 0, 0}, {0, 1, 2'000'000, 3}, {1, 0, 5, 2'500'000}}) {
    Tensor<float, 4> X_pad(pad_output_shape(X.shape(), padding));
    int64_t reports = 0, wrong = 0;
    zero_pad(X, X_pad, padding, {.progress = [&](int64_t done, int64_t total) { reports += done < total; }});
    EXPECT_GE(reports, 1);
    for (int64_t y = 0; y < X_pad.shape(1); ++y) {
      for (int64_t x = 0; x < X_pad.shape(2); ++x) {
        const int64_t row = y - padding.top, column = x - padding.left;
        const bool is_inside = row == 0 && 0 <= column && column < width;
        wrong += X_pad(0, y, x, 0) != (is_inside ? X(0, row, column, 0) : 0);
      }
    }
    EXPECT_EQ(wrong, 0);
  }
  set_num_threads(0);
}

TEST(ZeroPadTest, ZeroPaddingIsACopyAndAnEmptyBatchIsEmpty) {
  const auto X = counting<float, 4>({1, 3, 2, 2});
  const Tensor<float, 4> copy = zero_pad(X, 0);
  EXPECT_NE(copy.data(), X.data());
  for (int64_t i = 0; i < X.size(); ++i) EXPECT_EQ(copy.data()[i], X.data()[i]);

  const Tensor<float, 4> empty = zero_pad(Tensor<float, 4>({0, 3, 2, 2}), 2);
  EXPECT_EQ(empty.shape(), (Shape<4>{0, 7, 6, 2}));
}

TEST(ZeroPadTest, RefusesNegativeAndBoundlessPadding) {
  const auto X = counting<float, 4>({1, 2, 2, 1});
  for (const int64_t pad : {int64_t{-1}, INT64_MIN}) {
    expect_error<ParameterError>([&] { zero_pad(X, pad); }, "pad", std::to_string(pad), "0 or more");
    expect_error<ParameterError>([&] { pad_output_shape(X.shape(), {0, 0, pad, 0}); }, "padding", std::to_string(pad));
  }
  expect_error<ShapeError>([&] { zero_pad(X, int64_t{1} << 62); }, "pad", std::to_string(int64_t{1} << 62));
  expect_error<ShapeError>([&] { zero_pad(X, int64_t{1} << 40); }, "pad",
                           to_string(Shape<4>{int64_t{1} << 40, int64_t{1} << 40, int64_t{1} << 40, int64_t{1} << 40}),
                           "2^63 bytes");
  for (const Padding& same : {Padding::same_upper(), Padding::same_lower()}) {
    expect_error<ParameterError>([&] { pad_output_shape(X.shape(), same); }, "padding", "SAME", "four numbers");
  }
  expect_error<ParameterError>(
      [&] {
        pad_output_shape(X.shape(), {0, 0, 0, 0, static_cast<Padding::Rule>(3)});
      },
      "padding", "3");
}

TEST(ZeroPadTest, RefusesEmptyImages) {
  for (const Shape<4>& shape :
       {Shape<4>{0, 0, 0, 0}, Shape<4>{1, 0, 2, 1}, Shape<4>{1, 2, 0, 1}, Shape<4>{1, 2, 2, 0}}) {
    expect_error<ShapeError>([&] { zero_pad(Tensor<float, 4>(shape), 1); }, "X", to_string(shape));
  }
}

TEST(ZeroPadTest, ChecksBeforeItWrites) {
  auto X = counting<double, 4>({1, 2, 2, 1});
  auto output = filled<double, 4>({1, 4, 4, 1}, kPoison);
  expect_error<ShapeError>([&] { zero_pad(X, output, Padding::all(2)); }, "output", "(1, 4, 4, 1)", "(1, 6, 6, 1)");
  expect_error<ParameterError>([&] { zero_pad(View<const double, 4>(nullptr, X.shape()), output, Padding::all(1)); },
                               "input", "null");
  expect_error<ParameterError>([&] { zero_pad(X, View<double, 4>(nullptr, output.shape()), Padding::all(1)); },
                               "output", "null");
  expect_error<ParameterError>(
      [&] {
        zero_pad(X, View<double, 4>(output.data(), output.shape(), {0, 0, 1, 1}), Padding::all(1));
      },
      "output", "strides");
  EXPECT_TRUE(is_untouched(output));

  expect_error<ParameterError>([&] { zero_pad(X, X, Padding{}); }, "output", "overlaps input");
  const View<const double, 4> last(&X(0, 1, 1, 0), {1, 1, 1, 1});
  expect_error<ParameterError>([&] { zero_pad(last, X, {1, 0, 1, 0}); }, "output", "overlaps input");
  EXPECT_EQ(X(0, 0, 0, 0), 1);
}

TEST(ZeroPadBackwardTest, CutsThePaddingOff) {
  const auto grad = counting<float, 4>({2, 5, 9, 2});
  auto input_grad = filled<float, 4>({2, 2, 2, 2}, kPoison);
  zero_pad_backward(grad, input_grad, {1, 2, 3, 4});
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t y = 0; y < 2; ++y) {
      for (int64_t x = 0; x < 2; ++x) {
        for (int64_t c = 0; c < 2; ++c) EXPECT_EQ(input_grad(n, y, x, c), grad(n, y + 1, x + 3, c));
      }
    }
  }
  Tensor<float, 4> copy(grad.shape());
  zero_pad_backward(grad, copy, {});
  for (int64_t i = 0; i < grad.size(); ++i) EXPECT_EQ(copy.data()[i], grad.data()[i]);
  Tensor<float, 4> empty({0, 2, 2, 1});
  zero_pad_backward(Tensor<float, 4>({0, 4, 4, 1}), empty, 1);
}

TEST(ZeroPadBackwardTest, ThreadsChangeNothingAndProgressReachesTheTotal) {
  const auto grad = counting<float, 4>({4, 130, 130, 16});
  Tensor<float, 4> expected({4, 128, 128, 16});
  zero_pad_backward(grad, expected, 1, {.threads = 1});
  for (const int64_t threads : {2, 3, 8}) {
    Tensor<float, 4> output(expected.shape());
    int64_t last = 0, all = 0;
    const auto progress = [&](int64_t done, int64_t total) {
      EXPECT_GT(done, last);
      last = done;
      all = total;
    };
    zero_pad_backward(grad, output, 1, {.threads = threads, .progress = progress});
    EXPECT_TRUE(std::equal(output.begin(), output.end(), expected.begin()));
    EXPECT_GT(all, 0);
    EXPECT_EQ(last, all);
  }
}

TEST(ZeroPadBackwardTest, ChecksBeforeItWrites) {
  auto grad = counting<double, 4>({1, 4, 4, 1});
  auto output = filled<double, 4>({1, 2, 2, 1}, kPoison);
  expect_error<ShapeError>([&] { zero_pad_backward(grad, output, 2); }, "grad", "(1, 4, 4, 1)", "(1, 6, 6, 1)");
  expect_error<ShapeError>([&] { zero_pad_backward(grad, View<double, 4>(), 1); }, "input_grad", "(0, 0, 0, 0)");
  expect_error<ParameterError>([&] { zero_pad_backward(grad, output, {0, -1, 0, 0}); }, "padding", "-1");
  expect_error<ParameterError>([&] { zero_pad_backward(grad, output, Padding::same_upper()); }, "padding", "SAME");
  expect_error<ParameterError>([&] { zero_pad_backward({nullptr, grad.shape()}, output, 1); }, "grad", "null");
  expect_error<ParameterError>([&] { zero_pad_backward(grad, {nullptr, output.shape()}, 1); }, "input_grad", "null");
  expect_error<ParameterError>(
      [&] {
        zero_pad_backward(grad, {output.data(), output.shape(), {0, 0, 1, 1}}, 1);
      },
      "input_grad", "strides");
  EXPECT_TRUE(is_untouched(output));
  const View<double, 4> inner(&grad(0, 1, 1, 0), {1, 2, 2, 1}, {16, 4, 1, 1});
  expect_error<ParameterError>([&] { zero_pad_backward(grad, inner, 1); }, "input_grad", "overlaps grad");
  EXPECT_EQ(grad(0, 1, 1, 0), 6);
}

}  // namespace
}  // namespace convstep
