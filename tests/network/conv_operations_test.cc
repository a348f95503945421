// Conv and ConvTranspose of networks beside their definitions, in all layouts, and their errors.
#include <gtest/gtest.h>

#include "convstep/error.h"
#include "tests/network/run_operation.h"

namespace convstep::network {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Integers = std::vector<int64_t>;

// Whole numbers of both signs, so small that all sums are exact.
Numbers some(const Dims& shape, int64_t seed) {
  return made(shape, [&](int64_t i) { return (i * 7 + seed * 5) % 11 - 5; });
}

// What ONNX defines, of two axes.
struct Window {
  int64_t stride[2] = {1, 1}, dilation[2] = {1, 1}, before[2] = {0, 0}, length[2];  // of the output
  int64_t groups = 1;
};

// Calls f(index of the larger array, index of the smaller one, index of W) for all that a convolution multiplies.
template <class F>
void each_product(const Window& window, const Dims& large, const Dims& small, const Dims& weights, const F& f) {
  const int64_t O = weights[0], per_group = weights[1];
  for (int64_t n = 0; n < large[0]; ++n) {
    for (int64_t o = 0; o < O; ++o) {
      for (int64_t i = 0; i < weights.count() / O; ++i) {
        const Dims tap = index_of({per_group, weights[2], weights[3]}, i);
        for (int64_t p = 0; p < small[2] * small[3]; ++p) {
          const int64_t y = p / small[3], x = p % small[3];
          const int64_t h = y * window.stride[0] + tap[1] * window.dilation[0] - window.before[0];
          const int64_t w = x * window.stride[1] + tap[2] * window.dilation[1] - window.before[1];
          const int64_t c = o / (O / window.groups) * per_group + tap[0];
          if (h < 0 || h >= large[2] || w < 0 || w >= large[3]) continue;
          f(((n * large[1] + c) * large[2] + h) * large[3] + w, ((n * small[1] + o) * small[2] + y) * small[3] + x,
            o * (weights.count() / O) + i);
        }
      }
    }
  }
}

Numbers conv(const Window& window, const Numbers& x, const Numbers& w, const Numbers& b) {
  const Dims shape{x.shape[0], w.shape[0], window.length[0], window.length[1]};
  Numbers y = made(shape, [&](int64_t i) { return b ? b.values[static_cast<size_t>(index_of(shape, i)[1])] : 0; });
  each_product(window, x.shape, shape, w.shape, [&](int64_t from, int64_t to, int64_t tap) {
    y.values[static_cast<size_t>(to)] += x.values[static_cast<size_t>(from)] * w.values[static_cast<size_t>(tap)];
  });
  return y;
}

Numbers conv_transpose(const Window& window, const Numbers& x, const Numbers& w, const Numbers& b) {
  const Dims shape{x.shape[0], w.shape[1] * window.groups, window.length[0], window.length[1]};
  Numbers y = made(shape, [&](int64_t i) { return b ? b.values[static_cast<size_t>(index_of(shape, i)[1])] : 0; });
  each_product(window, shape, x.shape, w.shape, [&](int64_t to, int64_t from, int64_t tap) {
    y.values[static_cast<size_t>(to)] += x.values[static_cast<size_t>(from)] * w.values[static_cast<size_t>(tap)];
  });
  return y;
}

// As one image of height 1 less: (N, C, 1, L) as (N, C, L).
Numbers flat(Numbers numbers) {
  numbers.shape = {numbers.shape[0], numbers.shape[1], numbers.shape[3]};
  return numbers;
}

// With weights that are constant and others.
void expect_layer(const char* operation, const Attributes& attributes, const std::vector<Numbers>& inputs,
                  const Numbers& wanted) {
  std::vector<Numbers> known = inputs;
  for (size_t i = 1; i < known.size() && i < 3; ++i) known[i].is_constant = true;
  expect_outputs(node_of(operation, inputs.size(), attributes), inputs, {wanted});
  expect_outputs(node_of(operation, inputs.size(), attributes), known, {wanted});
}

TEST(ConvOperationTest, IsTheSumOfProducts) {
  const Numbers x = some({2, 4, 7, 6}, 1), w = some({6, 2, 3, 2}, 2), b = some({6}, 3);
  const Window window{.stride = {2, 1}, .dilation = {1, 3}, .before = {1, 0}, .length = {4, 5}, .groups = 2};
  const Attributes attributes{{"strides", Integers{2, 1}},
                              {"dilations", Integers{1, 3}},
                              {"pads", Integers{1, 0, 2, 2}},
                              {"group", int64_t{2}},
                              {"kernel_shape", Integers{3, 2}}};
  expect_layer("Conv", attributes, {x, w, b}, conv(window, x, w, b));
  expect_layer("Conv", attributes, {x, w}, conv(window, x, w, kLeftOut));
}

TEST(ConvOperationTest, OneAxisIsAnImageOfHeightOne) {
  const Numbers x = some({2, 3, 1, 9}, 1), w = some({4, 3, 1, 3}, 2), b = some({4}, 3);
  const Window window{.stride = {1, 2}, .before = {0, 1}, .length = {1, 5}};
  const Attributes attributes{{"strides", Integers{2}}, {"pads", Integers{1, 1}}};
  expect_layer("Conv", attributes, {flat(x), flat(w), b}, flat(conv(window, x, w, b)));
}

TEST(ConvOperationTest, SamePaddingPutsTheOddOneWhereItsNameSays) {
  const Numbers x = some({1, 2, 5, 6}, 1), w = some({3, 2, 2, 3}, 2);
  Window window{.stride = {1, 2}, .before = {0, 0}, .length = {5, 3}};
  expect_layer("Conv", {{"auto_pad", "SAME_UPPER"}, {"strides", Integers{1, 2}}}, {x, w}, conv(window, x, w, kLeftOut));
  window.before[0] = window.before[1] = 1;
  expect_layer("Conv", {{"auto_pad", "SAME_LOWER"}, {"strides", Integers{1, 2}}}, {x, w}, conv(window, x, w, kLeftOut));
  expect_layer("Conv", {{"auto_pad", "VALID"}}, {x, w}, conv({.length = {4, 4}}, x, w, kLeftOut));
}

TEST(ConvOperationTest, AResidualComesBeforeTheActivation) {
  const Numbers x = some({2, 3, 4, 4}, 1), w = some({5, 3, 1, 1}, 2), b = some({5}, 3), more = some({2, 5, 4, 4}, 4);
  Numbers wanted = conv({.length = {4, 4}}, x, w, b);
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    const double z = wanted.values[i] + more.values[i];
    wanted.values[i] = z < 0 ? z * 0.25 : z;
  }
  expect_layer("Conv", {{"activation", "LeakyRelu"}, {"slope", 0.25}}, {x, w, b, more}, wanted);
}

TEST(ConvOperationTest, ErrorsNameOnnxsArguments) {
  const auto refuse = [](const Attributes& attributes, const std::vector<Numbers>& inputs, const char* argument,
                         const char* given) {
    const auto call = [&] { Evaluation<float>(node_of("Conv", inputs.size(), attributes), inputs, {}); };
    try {
      call();
      ADD_FAILURE() << "nothing was thrown for " << argument;
    } catch (const ArgumentError& error) {
      EXPECT_EQ(error.argument(), argument) << error.what();
      EXPECT_NE(error.given().find(given), std::string::npos) << error.what();
    }
  };
  const Numbers x = some({1, 4, 5, 6}, 1), w = some({2, 4, 3, 3}, 2);
  refuse({}, {kLeftOut, w}, "X", "none");
  refuse({}, {x}, "W", "none");
  refuse({}, {some({1, 4, 5, 6, 7}, 1), w}, "X", "(1, 4, 5, 6, 7)");
  refuse({}, {some({4, 5}, 1), w}, "X", "(4, 5)");
  refuse({}, {x, some({2, 4, 3}, 1)}, "W", "(2, 4, 3)");
  refuse({}, {x, some({2, 3, 3, 3}, 1)}, "W", "(2, 3, 3, 3)");
  refuse({}, {x, w, some({3}, 1)}, "B", "(3,)");
  refuse({}, {x, w, kLeftOut, some({1, 2, 3, 5}, 1)}, "residual", "(1, 2, 3, 5)");
  refuse({{"kernel_shape", Integers{3, 2}}}, {x, w}, "kernel_shape", "(3, 2)");
  refuse({{"strides", Integers{0, 1}}}, {x, w}, "strides", "(0, 1)");
  refuse({{"strides", Integers{1}}}, {x, w}, "strides", "(1,)");
  refuse({{"dilations", Integers{9, 1}}}, {x, w}, "kernel_shape", "(3, 3)");
  refuse({{"pads", Integers{-1, 0, 0, 0}}}, {x, w}, "pads", "(-1, 0, 0, 0)");
  refuse({{"pads", Integers{1, 1}}}, {x, w}, "pads", "(1, 1)");
  refuse({{"auto_pad", "SAME"}}, {x, w}, "auto_pad", "'SAME'");
  refuse({{"group", int64_t{3}}}, {x, w}, "group", "3");
  refuse({{"activation", "Softmax"}}, {x, w}, "activation", "'Softmax'");
}

TEST(ConvTransposeOperationTest, SpreadsEachElement) {
  const Numbers x = some({2, 4, 3, 4}, 1), w = some({4, 3, 3, 2}, 2), b = some({6}, 3);
  // 2*2 + 3 + 1 - 1 - 2 = 5 rows, 3*3 + 1*2 + 1 + 2 - 0 - 1 = 13 columns.
  const Window window{.stride = {2, 3}, .dilation = {1, 2}, .before = {1, 0}, .length = {5, 13}, .groups = 2};
  const Attributes attributes{{"strides", Integers{2, 3}},
                              {"dilations", Integers{1, 2}},
                              {"group", int64_t{2}},
                              {"pads", Integers{1, 0, 2, 1}},
                              {"output_padding", Integers{1, 2}}};
  expect_layer("ConvTranspose", attributes, {x, w, b}, conv_transpose(window, x, w, b));
  expect_layer("ConvTranspose", attributes, {x, w}, conv_transpose(window, x, w, kLeftOut));
}

TEST(ConvTransposeOperationTest, WhatNothingReachesHasTheBias) {
  const Numbers x = some({1, 2, 2, 2}, 1), w = some({2, 3, 1, 2}, 2), b = some({3}, 3);
  const Window window{.stride = {1, 1}, .length = {4, 7}};
  expect_layer("ConvTranspose", {{"output_shape", Integers{4, 7}}}, {x, w, b}, conv_transpose(window, x, w, b));
  expect_layer("ConvTranspose", {{"output_padding", Integers{2, 4}}}, {x, w, b}, conv_transpose(window, x, w, b));
}

TEST(ConvTransposeOperationTest, SameAndOutputShapeFindTheirPads) {
  const Numbers x = some({1, 2, 1, 4}, 1), w = some({2, 2, 1, 4}, 2);
  Window window{.stride = {1, 3}, .before = {0, 0}, .length = {1, 12}};  // 13 are there
  const auto expect = [&](const Attributes& attributes) {
    expect_layer("ConvTranspose", attributes, {flat(x), flat(w)}, flat(conv_transpose(window, x, w, kLeftOut)));
  };
  expect({{"auto_pad", "SAME_UPPER"}, {"strides", Integers{3}}});
  window.before[1] = 1;
  expect({{"auto_pad", "SAME_LOWER"}, {"strides", Integers{3}}});
  window.length[1] = 10;
  window.before[1] = 2;
  expect({{"output_shape", Integers{10}}, {"strides", Integers{3}}});
  window.before[1] = 1;
  expect({{"output_shape", Integers{10}}, {"strides", Integers{3}}, {"auto_pad", "SAME_UPPER"}});
}

TEST(ConvTransposeOperationTest, ErrorsNameOnnxsArguments) {
  const auto refuse = [](const Attributes& attributes, const std::vector<Numbers>& inputs, const char* argument) {
    try {
      Evaluation<double>(node_of("ConvTranspose", inputs.size(), attributes), inputs, {});
      ADD_FAILURE() << "nothing was thrown for " << argument;
    } catch (const ArgumentError& error) {
      EXPECT_EQ(error.argument(), argument) << error.what();
    }
  };
  const Numbers x = some({1, 4, 5, 6}, 1), w = some({4, 2, 3, 3}, 2);
  refuse({}, {x, some({3, 2, 3, 3}, 1)}, "W");
  refuse({}, {x, some({4, 2, 3}, 1)}, "W");
  refuse({}, {x, w, some({3}, 1)}, "B");
  refuse({{"group", int64_t{3}}}, {x, w}, "group");
  refuse({{"pads", Integers{4, 0, 3, 0}}}, {x, w}, "pads");
  refuse({{"pads", Integers{-1, 0, 0, 0}}}, {x, w}, "pads");
  refuse({{"strides", Integers{0, 1}}}, {x, w}, "strides");
  refuse({{"strides", Integers{int64_t{1} << 62, 1}}}, {x, w}, "strides");
  refuse({{"output_padding", Integers{-1, 0}}}, {x, w}, "output_padding");
  refuse({{"output_shape", Integers{0, 5}}}, {x, w}, "output_shape");
  refuse({{"kernel_shape", Integers{2, 3}}}, {x, w}, "kernel_shape");
}

}  // namespace
}  // namespace convstep::network
