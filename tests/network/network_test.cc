#include "convstep/network.h"

#include <gtest/gtest.h>

#include <thread>

#include "convstep/activation.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

const std::vector<NetworkLayer> kLayers{
    layers::Conv{.filters = 6, .window = 3, .padding = Padding::same_upper(), .activation = Activation::kRelu},
    layers::Pool{.window = 2, .stride = 2},
    layers::Conv{.filters = 9, .window = {3, 1}, .groups = 3},
    layers::Activate{Activation::kRelu6},
    layers::Flatten{},
    layers::Linear{.outputs = 4},
    layers::Softmax{}};

template <class T, int Rank>
Tensor<T, Rank> waves(const Shape<Rank>& shape) {
  Tensor<T, Rank> tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.data()[i] = static_cast<T>(static_cast<double>(i * 37 % 101) / 50 - 1);
  return tensor;
}

TEST(Network, RunsLayerAfterLayer) {
  const Network<float> network({10, 8, 3}, kLayers, 7);
  EXPECT_EQ(network.parameters(), 3 * 3 * 3 * 6 + 6 + 3 * 2 * 9 + 9 + 3 * 4 * 9 * 4 + 4 + 2);
  const auto plan = network.plan({2, 10, 8, 3});
  const auto images = waves<float, 4>({2, 10, 8, 3});
  Tensor<float, 2> scores({2, 4});
  plan.run(images, scores);
  for (int64_t n = 0; n < 2; ++n) EXPECT_NEAR(scores(n, 0) + scores(n, 1) + scores(n, 2) + scores(n, 3), 1, 1e-6);
  const NetworkOutput<float> output = network.run(images);
  EXPECT_EQ(output.shape(), (std::vector<int64_t>{2, 4}));
  EXPECT_TRUE(std::equal(scores.begin(), scores.end(), output.values().begin()));
  EXPECT_EQ((output.view<2>()(1, 2)), scores(1, 2));
}

// The same by the operations of conv.h, pool.h and linear.h, to the bit.
template <class T>
void expect_what_operations_compute() {
  const auto weights1 = waves<T, 4>({3, 3, 3, 8}), weights2 = waves<T, 4>({1, 1, 8, 8});
  const auto bias = waves<T, 1>({8});
  const auto matrix = waves<T, 2>({4 * 5 * 16, 3});
  const auto column = waves<T, 1>({3});
  NetworkBuilder<T> build;
  const auto x = build.input({8, 10, 3});
  const auto a = build.conv(x, weights1, bias, {.padding = 1, .activation = Activation::kLeakyRelu, .slope = 0.1});
  const auto b = build.activation(build.add(build.conv(a, weights2, {}), a), Activation::kTanh);
  const auto both = build.concat({build.pool(b, {.window = 2, .stride = 2}),
                                  build.pool(a, {.window = 2, .stride = 2, .mode = PoolMode::kAverage})});
  EXPECT_EQ(build.shape(both), (std::vector<int64_t>{1, 4, 5, 16}));
  build.output(build.linear(build.flatten(both), matrix, column), "scores");
  build.output(both, "features");
  const Network<T> network = build.network();

  const auto image = waves<T, 4>({3, 8, 10, 3});
  Tensor<T, 4> first({3, 8, 10, 8}), second({3, 8, 10, 8}), features({3, 4, 5, 16});
  Tensor<T, 2> scores({3, 3});
  conv_forward(image, weights1, bias, first, {.padding = 1, .activation = Activation::kLeakyRelu, .slope = 0.1});
  conv_forward(first, weights2, {}, second, {.activation = Activation::kTanh}, first);
  const auto half = [&](int64_t begin) {
    return View<T, 4>(features.data() + begin, {3, 4, 5, 8}, features.view().strides());
  };
  pool_forward(second, half(0), {.window = 2, .stride = 2});
  pool_forward(first, half(8), {.window = 2, .stride = 2, .mode = PoolMode::kAverage});
  linear_forward(features.template reshape<2>({3, -1}), matrix, column, scores);

  Tensor<T, 2> got_scores({3, 3});
  Tensor<T, 4> got_features({3, 4, 5, 16});
  network.plan({3, 8, 10, 3}).run({image}, {got_scores, got_features});
  EXPECT_TRUE(std::equal(scores.begin(), scores.end(), got_scores.begin()));
  EXPECT_TRUE(std::equal(features.begin(), features.end(), got_features.begin()));
  EXPECT_EQ(network.inputs()[0].shape, (std::vector<int64_t>{-1, -1, -1, 3}));
  EXPECT_EQ(network.outputs()[1].name, "features");
}
TEST(Network, ComputesWhatOperationsCompute) {
  expect_what_operations_compute<float>();
  expect_what_operations_compute<double>();
}

TEST(Network, ReadsAndWritesViewsOfAnyStrides) {
  const Network<double> network({6, 6, 2}, {layers::Conv{.filters = 3, .window = 3}}, 1);
  const auto image = waves<double, 4>({1, 6, 6, 2});
  const NetworkOutput<double> wanted = network.run(image);
  Tensor<double, 4> planes({1, 2, 6, 6}), wide({1, 4, 4, 7});
  const View<double, 4> turned(planes.data(), {1, 6, 6, 2}, {72, 6, 1, 36});
  for (int64_t y = 0; y < 6; ++y) {
    for (int64_t x = 0; x < 6; ++x) {
      for (int64_t c = 0; c < 2; ++c) turned(0, y, x, c) = image(0, y, x, c);
    }
  }
  const View<double, 4> range(wide.data() + 2, {1, 4, 4, 3}, wide.view().strides());
  network.plan({1, 6, 6, 2}).run(turned, range);
  EXPECT_EQ((Tensor<double, 4>(View<const double, 4>(range)).size()), 48);
  int64_t i = 0;
  for (const double value : Tensor<double, 4>(View<const double, 4>(range))) {
    EXPECT_EQ(value, wanted.values()[static_cast<size_t>(i++)]);
  }
  EXPECT_EQ(wide(0, 0, 0, 1), 0);
  EXPECT_EQ(wide(0, 0, 0, 5), 0);
}

TEST(Network, TakesImagesOfOtherSizes) {
  const Network<float> network({10, 10, 3}, {layers::Conv{.filters = 4, .window = 3}, layers::GlobalPool{}}, 1);
  for (const int64_t size : {10, 20, 3, 15, 33, 10, 4}) {
    const NetworkOutput<float> output = network.run(waves<float, 4>({2, size, size + 1, 3}));
    EXPECT_EQ(output.shape(), (std::vector<int64_t>{2, 1, 1, 4}));
  }
  const Network<float> fixed({10, 8, 3}, kLayers, 7);
  expect_error<ShapeError>([&] { fixed.plan({1, 12, 8, 3}); }, "Gemm 'linear1', B");
}

TEST(Network, KeepsThePlansThatWereAskedForLast) {
  const Network<float> network({10, 8, 3}, kLayers, 7), copied = network;
  using Shapes = std::vector<std::vector<int64_t>>;
  const auto kept = [&](int64_t images, int64_t memory_bytes = 0) {
    return network.kept_plan(Shapes{{images, 10, 8, 3}}, {.memory_bytes = memory_bytes});
  };
  const auto one = kept(1);
  EXPECT_EQ(kept(1), one);
  EXPECT_EQ(copied.kept_plan(Shapes{{1, 10, 8, 3}}), one);
  EXPECT_NE(kept(2), one);
  const int64_t all = static_cast<int64_t>(one->memory_bytes());
  EXPECT_NE(kept(1, all), one);
  EXPECT_EQ(kept(1, all), kept(1, all));
  EXPECT_EQ(kept(1), one);
  for (int64_t images = 2; images < 2 + int64_t{Network<float>::kPlans}; ++images) kept(images);
  EXPECT_NE(kept(1), one);
  expect_error<ParameterError>([&] { kept(1, 1); }, "memory", "1 bytes");
}

TEST(Network, RunsInManyThreadsAtOnce) {
  const Network<float> network({10, 8, 3}, kLayers, 7);
  std::vector<std::vector<float>> results(8);
  std::vector<std::thread> threads;
  for (size_t k = 0; k < results.size(); ++k) {
    threads.emplace_back([&network, &result = results[k], k] {
      for (int run = 0; run < 20; ++run) {
        const NetworkOutput<float> output = network.run(waves<float, 4>({1 + static_cast<int64_t>(k % 6), 10, 8, 3}));
        result.assign(output.values().begin(), output.values().begin() + 4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

// Of seed 1, on every machine.
TEST(Network, BeginsWithTheSameWeightsEverywhere) {
  NetworkBuilder<double> build(1);
  const auto x = build.input({1, 1, 1});
  build.output(build.layer(x, layers::Conv{.filters = 3, .has_bias = false}));
  const NetworkOutput<double> he = build.network().run(Tensor<double, 4>::full({1, 1, 1, 1}, 1));
  const double limit = std::sqrt(6.0);
  EXPECT_EQ(he.values()[0], 0x1.10a2dec890258p-3 * limit);
  for (const double weight : he.values()) EXPECT_LE(std::abs(weight), limit);
  const Network<float> a({10, 8, 3}, kLayers, 7), b({10, 8, 3}, kLayers, 7), c({10, 8, 3}, kLayers, 8);
  const auto image = waves<float, 4>({1, 10, 8, 3});
  const auto values = [&](const Network<float>& network) {
    const NetworkOutput<float> output = network.run(image);
    return std::vector<float>(output.values().begin(), output.values().end());
  };
  EXPECT_EQ(values(a), values(b));
  EXPECT_NE(values(a), values(c));
}

TEST(Network, KeepsRoundingsWhereAskedTo) {
  NetworkBuilder<float> build(3);
  const auto x = build.input({6, 6, 4});
  const auto scale = waves<float, 1>({5}), variance = Tensor<float, 1>::full({5}, 0.3f);
  build.output(build.batch_normalization(build.layer(x, layers::Conv{.filters = 5, .window = 3}), scale, scale, scale,
                                         variance));
  const auto image = waves<float, 4>({1, 6, 6, 4});
  const auto folded = build.network(), kept = build.network({.keep_roundings = true});
  EXPECT_EQ(folded.plan({1, 6, 6, 4}).steps().size(), 1u);
  EXPECT_EQ(kept.plan({1, 6, 6, 4}).steps().size(), 2u);
  const NetworkOutput<float> a = folded.run(image), b = kept.run(image);
  for (size_t i = 0; i < a.values().size(); ++i) EXPECT_NEAR(a.values()[i], b.values()[i], 1e-5);
}

TEST(Network, DescribesAndMeasures) {
  const Network<float> network({10, 8, 3}, kLayers, 7);
  EXPECT_EQ(network.inputs()[0].shape, (std::vector<int64_t>{-1, -1, -1, 3}));
  EXPECT_EQ(network.inputs()[0].usual_shape, (std::vector<int64_t>{1, 10, 8, 3}));
  const auto plan = network.plan({1, 10, 8, 3});
  const std::string text = plan.describe();
  EXPECT_EQ(network.describe(), text);
  EXPECT_NE(text.find("Conv 'conv1'"), std::string::npos) << text;
  EXPECT_NE(text.find("(1, 10, 8, 6)"), std::string::npos) << text;
  EXPECT_NE(text.find("12,960"), std::string::npos) << text;  // multiply-adds of conv1
  EXPECT_NE(plan.profile(2).find("ms"), std::string::npos);
  const auto steps = plan.measured_steps(2, {.threads = 1});
  EXPECT_EQ(steps[0].parameters, 168);
  EXPECT_EQ(steps[0].multiply_adds, 12960);
  expect_error<ParameterError>([&] { plan.profile(0); }, "runs", "0");
}

TEST(Network, RefusesWhatDoesNotFit) {
  using layers::Conv;
  const auto build = [](std::vector<NetworkLayer> all) { return [all] { Network<float>({10, 8, 3}, all); }; };
  expect_error<ParameterError>(build({Conv{.filters = 0}}), "filters", "0", "1 or more");
  expect_error<ParameterError>(build({Conv{.filters = 6, .groups = 2}}), "groups", "2", "divides 3 channels");
  expect_error<ParameterError>(build({Conv{.filters = 6, .window = {3, 0}}}), "window", "(3, 0)", "1 or more");
  expect_error<ParameterError>(build({layers::Pool{.window = 2, .stride = 0}}), "stride", "(0, 0)", "1 or more");
  expect_error<ShapeError>(build({Conv{.filters = 6, .window = 11}}), "Conv 'conv1', kernel_shape", "(11, 11)");
  expect_error<ShapeError>(build({layers::Linear{.outputs = 2}}), "input", "(1, 10, 8, 3)", "rows, of two axes");
  expect_error<ShapeError>(build({layers::Flatten{}, Conv{.filters = 6}}), "input", "(1, 240)", "images, of four axes");
  expect_error<ParameterError>(build({layers::Flatten{}, layers::Linear{.outputs = 0}}), "outputs", "0", "1 or more");
  expect_error<ShapeError>([] { Network<float>({10, 0, 3}, {Conv{.filters = 6}}); }, "input", "(10, 0, 3)");

  NetworkBuilder<float> graph;
  const auto x = graph.input({4, 4, 2});
  const Tensor<float, 4> weights({1, 1, 2, 3});
  expect_error<ParameterError>([&] { graph.network(); }, "outputs", "none");
  expect_error<ParameterError>([&] { graph.flatten({99}); }, "value", "99");
  expect_error<ShapeError>([&] { graph.add(x, graph.conv(x, weights, {})); }, "b", "(1, 3, 4, 4)", "(1, 2, 4, 4)");
  expect_error<ParameterError>([&] { graph.conv(x, weights, {}, {.numerics = Numerics::kNumpy}); }, "numerics");
  expect_error<ParameterError>([&] { graph.conv(x, weights, {}, {.algorithm = ConvAlgorithm::kDirect}); }, "algorithm");
  expect_error<ShapeError>([&] { graph.conv(x, {}, {}); }, "weights", "none");
  expect_error<ParameterError>([&] { graph.pool(x, {.mode = PoolMode::kLp, .p = 1.5}); }, "p", "1.5");
  graph.output(x);  // which is an input, and becomes another value
  const Network<float> network = graph.network();
  expect_error<ParameterError>([&] { network.plan(std::vector<std::vector<int64_t>>{}); }, "inputs", "0 shapes", "1");
  expect_error<ShapeError>([&] { network.plan({4, 4, 2}); }, "input", "(4, 4, 2)", "4 axes");
  expect_error<ShapeError>([&] { network.plan({1, 4, 4, 3}); }, "input", "(1, 4, 4, 3)", "(any, any, any, 2)");
  const auto plan = network.plan({1, 4, 4, 2});
  Tensor<float, 4> image({1, 4, 4, 2}), output({1, 4, 4, 2});
  Tensor<int64_t, 4> whole({1, 4, 4, 2});
  expect_error<ParameterError>([&] { plan.run(image, image); }, "output", "memory that overlaps input");
  expect_error<ParameterError>([&] { plan.run(whole, output); }, "input", "whole numbers", "real numbers");
  expect_error<ShapeError>([&] { plan.run(image, Tensor<float, 2>({4, 8}).view()); }, "output", "(4, 8)");
  const NetworkOutput<float> result = network.run(image);
  expect_error<ShapeError>([&] { result.view<2>(); }, "output", "(1, 4, 4, 2)", "2 axes");
}

}  // namespace
}  // namespace convstep
