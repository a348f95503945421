// pool_refusal_test.cc: what a pooling refuses, before it writes.
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "convstep/pool.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

constexpr int64_t kMax = INT64_MAX;

// A valid call whose parts the tests replace by bad ones. Every refusal must leave the outputs as they were.
class PoolRefusalTest : public testing::Test {
 protected:
  template <class Error>
  void expect_refused(const std::string& argument, const std::string& given = {}, const std::string& expected = {}) {
    expect_error<Error>([this] { pool_forward(input_, output_, options_); }, argument, given, expected);
    EXPECT_TRUE(is_untouched(memory_));
  }

  Tensor<float, 4> x_ = counting<float, 4>({2, 4, 4, 3});
  Tensor<float, 4> memory_ = filled<float, 4>({2, 2, 2, 3}, kPoison);
  Tensor<int64_t, 4> index_memory_ = filled<int64_t, 4>({2, 2, 2, 3}, static_cast<int64_t>(kPoison));
  View<const float, 4> input_ = x_;
  View<float, 4> output_ = memory_;
  PoolOptions options_{.window = {2, 2}, .stride = {2, 2}};
};

TEST_F(PoolRefusalTest, TheCallItselfIsValid) {
  pool_forward(input_, output_, options_);
  EXPECT_FALSE(is_untouched(memory_));
}

TEST_F(PoolRefusalTest, Parameters) {
  const PoolOptions valid = options_;
  for (const int64_t bad : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    const std::string given = std::to_string(bad);
    (options_ = valid).window = {bad, 2};
    expect_refused<ParameterError>("window", given, "1 or more");
    (options_ = valid).window = {2, bad};
    expect_refused<ParameterError>("window", given, "1 or more");
    (options_ = valid).stride = {2, bad};
    expect_refused<ParameterError>("stride", given, "1 or more");
    (options_ = valid).dilation = {bad, 1};
    expect_refused<ParameterError>("dilation", given, "1 or more");
  }
  (options_ = valid).padding = {0, -1, 0, 0};
  expect_refused<ParameterError>("padding", "(0, -1, 0, 0)", "0 or more");
  (options_ = valid).padding = {0, 1, 0, 0, Padding::Rule::kSameLower};
  expect_refused<ParameterError>("padding", "(0, 1, 0, 0)");
  for (const int mode : {-1, 3}) {
    (options_ = valid).mode = static_cast<PoolMode>(mode);
    expect_refused<ParameterError>("mode", std::to_string(mode));
  }
  const std::pair<double, std::string> norms[] = {{0, "0"}, {0.5, "0.5"}, {-1, "-1"}, {NAN, "nan"}, {INFINITY, "inf"}};
  for (const auto& [p, text] : norms) {
    options_ = valid;
    options_.p = p;
    pool_output_shape(x_.shape(), options_);  // only kLp reads it
    options_.mode = PoolMode::kLp;
    expect_refused<ParameterError>("p", text, "1 or more");
  }
}

TEST_F(PoolRefusalTest, Windows) {
  options_ = {.window = {5, 2}};
  expect_refused<ShapeError>("window", "(5, 2)", "fits into the padded input");
  options_ = {.window = {1, kMax}};
  expect_refused<ShapeError>("window", std::to_string(kMax));
  options_ = {.window = {2, 2}, .dilation = {1, 4}};
  expect_refused<ShapeError>("window", "(2, 2)");
  options_ = {.window = {3, 3}, .dilation = {kMax, 1}};
  expect_refused<ShapeError>("dilation", std::to_string(kMax));
  options_ = {.window = {3, 3}, .padding = Padding::all(int64_t{1} << 62)};
  expect_refused<ShapeError>("padding", std::to_string(int64_t{1} << 62));
  // Truncating division would find (2 - 3) / 2 + 1 = 1 window; with ceil_mode that is PyTorch's answer.
  options_ = {.window = {3, 3}, .stride = {2, 2}};
  EXPECT_EQ(pool_output_shape({1, 5, 5, 1}, options_), (Shape<4>{1, 2, 2, 1}));
  input_ = {x_.data(), {1, 2, 5, 1}};
  expect_refused<ShapeError>("window", "(3, 3)");
  options_.ceil_mode = true;
  EXPECT_EQ(pool_output_shape({1, 2, 5, 1}, options_), (Shape<4>{1, 1, 2, 1}));
}

TEST_F(PoolRefusalTest, SaysHowFarADilatedWindowReaches) {
  try {
    pool_output_shape({1, 3, 3, 9}, {.window = {2, 2}, .dilation = {3, 3}});
    ADD_FAILURE();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "window: got (2, 2), expected a window that fits into the padded input (the window (2, 2), dilated to "
                 "(4, 4), is larger than the padded input (3, 3))");
  }
}

TEST_F(PoolRefusalTest, WindowsOnPaddingAlone) {
  options_ = {.window = {2, 2}, .padding = {2, 0, 0, 0}};
  expect_refused<ParameterError>("padding", "(2, 0) along the height", "at least one element");
  options_ = {.window = {2, 2}, .padding = {0, 0, 1, 2}};
  expect_refused<ParameterError>("padding", "(1, 2) along the width", "at least one element");
  // Taps at -1 and 4 lie on both sides of the four rows.
  options_ = {.window = {2, 2}, .padding = {1, 1, 0, 0}, .dilation = {5, 1}};
  expect_refused<ParameterError>("padding", "(1, 1) along the height");
}

TEST_F(PoolRefusalTest, Shapes) {
  for (const Shape<4>& shape :
       {Shape<4>{0, 0, 0, 0}, Shape<4>{2, 0, 4, 3}, Shape<4>{2, 4, 0, 3}, Shape<4>{2, 4, 4, 0}}) {
    input_ = {x_.data(), shape};
    expect_refused<ShapeError>("input", to_string(shape), "no axis of length 0");
  }
  input_ = x_;
  for (const Shape<4>& shape :
       {Shape<4>{1, 2, 2, 3}, Shape<4>{2, 1, 2, 3}, Shape<4>{2, 2, 1, 3}, Shape<4>{2, 2, 2, 1}}) {
    output_ = {memory_.data(), shape};
    expect_refused<ShapeError>("output", to_string(shape), "(2, 2, 2, 3)");
  }
}

TEST_F(PoolRefusalTest, Memory) {
  input_ = {nullptr, x_.shape()};
  expect_refused<ParameterError>("input", "null");
  input_ = {memory_.data() + memory_.size() - 1, x_.shape(), {0, 0, 0, 0}};
  expect_refused<ParameterError>("output", "overlaps input");
  input_ = x_;
  output_ = {nullptr, memory_.shape()};
  expect_refused<ParameterError>("output", "null");
  output_ = {memory_.data(), memory_.shape(), {12, 6, 0, 1}};
  expect_refused<ParameterError>("output", "strides (12, 6, 0, 1)");
}

TEST_F(PoolRefusalTest, Indices) {
  View<int64_t, 4> indices = index_memory_;
  const auto expect_indices_refused = [&]<class Error>(std::type_identity<Error>, const std::string& argument,
                                                       const std::string& given) {
    expect_error<Error>([&] { pool_forward(input_, output_, indices, options_); }, argument, given);
    EXPECT_TRUE(is_untouched(memory_));
    EXPECT_TRUE(is_untouched(index_memory_));
  };
  const std::type_identity<ParameterError> parameter;
  for (const PoolMode mode : {PoolMode::kAverage, PoolMode::kLp, static_cast<PoolMode>(9)}) {
    options_.mode = mode;
    expect_indices_refused(parameter, "mode", "");
  }
  options_.mode = PoolMode::kMax;
  indices = {index_memory_.data(), {2, 2, 3, 2}};
  expect_indices_refused(std::type_identity<ShapeError>{}, "indices", "(2, 2, 3, 2)");
  indices = {};
  expect_indices_refused(std::type_identity<ShapeError>{}, "indices", "(0, 0, 0, 0)");
  indices = {nullptr, memory_.shape()};
  expect_indices_refused(parameter, "indices", "null");
  indices = {index_memory_.data(), memory_.shape(), {0, 0, 0, 0}};
  expect_indices_refused(parameter, "indices", "strides");
  indices = {reinterpret_cast<int64_t*>(memory_.data()), memory_.shape()};
  expect_indices_refused(parameter, "indices", "overlaps output");
  indices = {reinterpret_cast<int64_t*>(x_.data()), memory_.shape()};
  expect_indices_refused(parameter, "indices", "overlaps input");
  indices = index_memory_;
  output_ = {memory_.data(), {2, 2, 1, 3}};
  expect_indices_refused(std::type_identity<ShapeError>{}, "output", "(2, 2, 1, 3)");
}

}  // namespace
}  // namespace convstep
