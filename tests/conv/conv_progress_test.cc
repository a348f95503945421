// Progress is heard again and again however a layer spends its time, so that Ctrl-C is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "convstep/notebook.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

struct Layer {
  const char* method;
  Shape<4> input, weights;
  ConvOptions options;
  int64_t least;  // reports; of those while nothing is done, one for each million of values or products
};

// Not few outputs, whose windows have too few weights for that.
const Layer kLayers[] = {
    {"winograd", {1, 6, 6, 512}, {3, 3, 512, 512}, {.padding = Padding::all(1)}, 8},
    {"direct", {1, 3, 3, 512}, {3, 3, 512, 512}, {.algorithm = ConvAlgorithm::kDirect}, 8},
    {"depthwise", {1, 5, 5, 100'000}, {5, 5, 1, 100'000}, {.groups = 100'000}, 2},
    {"groups-of-four", {1, 24, 24, 4096}, {24, 24, 4, 4096}, {.groups = 1024}, 8},
    {"direct, one pixel at a time", {1, 3000, 3000, 1}, {3000, 3000, 1, 1}, {}, 8},
    {"reference", {1, 3000, 3000, 1}, {3000, 3000, 1, 1}, {.algorithm = ConvAlgorithm::kReference}, 8},
    {"reference", {1, 1, 1, 9'000'000}, {1, 1, 9'000'000, 1}, {.algorithm = ConvAlgorithm::kReference}, 8},
    {"reference", {1, 7, 7, 64}, {7, 7, 64, 4096}, {.algorithm = ConvAlgorithm::kReference}, 8},
};

struct Enough : std::runtime_error {
  Enough() : std::runtime_error("enough") {}
};

TEST(ConvProgress, IsHeardWhileNothingIsDone) {
  for (const Layer& layer : kLayers) {
    const Tensor<float, 4> input(layer.input), weights(layer.weights);
    EXPECT_THAT(ConvPlan<float>(layer.input, weights, {}, layer.options).describe(), testing::StartsWith(layer.method));
    for (const int threads : {1, 3}) {
      const std::thread::id caller = std::this_thread::get_id();
      int64_t reports = 0, last = 0;
      ConvOptions options = layer.options;
      options.threads = threads;
      options.progress = [&](int64_t done, int64_t total) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        EXPECT_LE(last, done);
        EXPECT_LE(done, total);
        reports += done == 0;
        last = done;
      };
      Tensor<float, 4> output(conv_output_shape(layer.input, layer.weights, options));
      conv_forward(input, weights, {}, output, options);
      EXPECT_GE(reports, threads == 1 ? layer.least : 1) << layer.method << ", " << threads;
    }
  }
}

TEST(ConvProgress, MayStopACallOrAPlanThatPacks) {
  for (const Layer& layer : kLayers) {
    const Tensor<float, 4> input(layer.input), weights(layer.weights);
    ConvOptions options = layer.options;
    Tensor<float, 4> output(conv_output_shape(layer.input, layer.weights, options));
    options.progress = [](int64_t, int64_t) { throw Enough(); };
    for (const int threads : {1, 3}) {
      options.threads = threads;
      EXPECT_THROW(conv_forward(input, weights, {}, output, options), Enough) << layer.method;
      if (options.algorithm == ConvAlgorithm::kReference && layer.weights[0] < 99) continue;  // packs little
      EXPECT_THROW(ConvPlan<float>(layer.input, weights, {}, options), Enough) << layer.method;
    }
  }
}

TEST(ConvProgress, IsHeardWithinASingleStep) {
  const Tensor<float, 3> b({1, 1, 1});
  for (const Shape<3>& shape : {Shape<3>{3000, 3000, 1}, {1, 3000, 3000}, {1, 1, 9'000'000}}) {
    const Tensor<float, 3> slice(shape), W(shape);
    int64_t reports = 0, last = 0;
    const auto count = [&](int64_t done, int64_t total) {
      EXPECT_LT(last, done);
      EXPECT_EQ(total, slice.size());
      last = done;
      ++reports;
    };
    conv_single_step(slice, W, b, {.progress = count});
    EXPECT_GE(reports, 9) << to_string(shape);
    EXPECT_EQ(last, slice.size());
    const auto stop = [](int64_t, int64_t) { throw Enough(); };
    EXPECT_THROW(conv_single_step(slice, W, b, {.progress = stop}), Enough);
  }
}

// However much memory a method may take for a task, or little it needs.
TEST(ConvProgress, IsHeardWithinALargeLayer) {
  const Layer layers[] = {{"depthwise", {1, 160, 160, 16}, {60, 60, 1, 16}, {.groups = 16}, 5},
                          {"winograd", {1, 24, 24, 1024}, {3, 3, 1024, 1024}, {.padding = Padding::all(1)}, 2}};
  for (const Layer& layer : layers) {
    const Tensor<float, 4> input(layer.input), weights(layer.weights);
    int64_t reports = 0;
    const ConvPlan<float> plan(layer.input, weights, {}, layer.options);
    EXPECT_TRUE(plan.describe().starts_with(layer.method)) << plan.describe();
    Tensor<float, 4> output(plan.output_shape(1));
    plan.run(input, output, {}, {.threads = 1, .progress = [&](int64_t, int64_t) { ++reports; }});
    EXPECT_GE(reports, layer.least) << layer.method;
  }
}

// The chain of a long window goes on from part to part.
TEST(ConvProgress, LongWindowsHaveTheBitsOfOneChain) {
  const Shape<4> shape{1, 1200, 1000, 1}, window{1199, 1000, 1, 3};
  const auto input = random_tensor<float, 4>(shape, 1), weights = random_tensor<float, 4>(window, 2);
  const auto bias = random_tensor<float, 1>({3}, 3);
  const auto residual = random_tensor<float, 4>({1, 2, 1, 3}, 4);
  const ConvOptions options{.activation = Activation::kRelu, .algorithm = ConvAlgorithm::kDirect};
  Tensor<float, 4> output({1, 2, 1, 3});
  const ConvPlan<float> plan(shape, weights, bias, options);
  ASSERT_TRUE(plan.describe().starts_with("direct, one pixel")) << plan.describe();
  plan.run(input, output, residual);
  for (int64_t y = 0; y < 2; ++y) {
    for (int64_t o = 0; o < 3; ++o) {
      float sum = bias(o);
      for (int64_t i = 0; i < window[0]; ++i) {
        for (int64_t j = 0; j < window[1]; ++j) {
          const float a = input(0, y + i, j, 0), w = weights(i, j, 0, o);
          sum = target_fuses(plan.target()) ? std::fma(a, w, sum) : sum + a * w;
        }
      }
      const float z = sum + residual(0, y, 0, o);
      EXPECT_EQ(output(0, y, 0, o), z > 0 ? z : 0) << y << ", " << o;
    }
  }
}

}  // namespace
}  // namespace convstep
