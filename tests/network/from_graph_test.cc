// Graphs of files as networks: the axes of images.
#include "network/from_graph.h"

#include <gtest/gtest.h>

#include "tests/network/random_graph.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep::network {
namespace {

using Ints = std::vector<int64_t>;
const Tensor<float, 4> kImage = counting<float, 4>({1, 4, 5, 3});
const Tensor<float, 4> kWeights = counting<float, 4>({1, 1, 3, 2});

Constant<float> filters() {
  std::vector<float> turned(6);
  for (size_t o = 0; o < 2; ++o) {
    for (size_t c = 0; c < 3; ++c) turned[3 * o + c] = kWeights(0, 0, c, o);
  }
  return Constant<float>(Tensor<float, 1>({6}, turned), {2, 3, 1, 1});
}

Tensor<float, 4> wanted() {
  Tensor<float, 4> output({1, 4, 5, 2});
  conv_forward(kImage, kWeights, {}, output);
  return output;
}

void expect_wanted(const Network<float>& network) {
  const NetworkOutput<float> output = network.run(kImage);
  const Tensor<float, 4> expected = wanted();
  EXPECT_EQ(output.shape(), (Ints{1, 4, 5, 2}));
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), output.values().begin()));
}

TEST(FromGraph, GivesImagesChannelsLast) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 3, 4, 5}, channels_last());
  build.graph.outputs = {build.add1("Conv", {x, build.constant(filters())})};
  const Network<float> network = make_network(build.graph);
  EXPECT_EQ(network.inputs()[0].shape, (Ints{1, 4, 5, 3}));
  expect_wanted(network);

  const Network<float> as_it_is = make_network(build.graph, {}, ImageAxes::kOfGraph);
  EXPECT_EQ(as_it_is.inputs()[0].shape, (Ints{1, 3, 4, 5}));
  const View<const float, 4> planes(kImage.data(), {1, 3, 4, 5}, {60, 1, 15, 3});
  const NetworkOutput<float> output = as_it_is.run(planes);
  EXPECT_EQ(output.shape(), (Ints{1, 2, 4, 5}));
  EXPECT_EQ((output.view<4>()(0, 1, 2, 3)), wanted()(0, 2, 3, 1));
}

// Files of TensorFlow's turn their images themselves.
TEST(FromGraph, LeavesImagesThatAreTurnedInTheGraph) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 4, 5, 3}, row_major(4));
  const ValueId turned = build.add1("Transpose", {x}, {{"perm", Ints{0, 3, 1, 2}}});
  const ValueId y = build.add1("Conv", {turned, build.constant(filters())});
  build.graph.outputs = {build.add1("Transpose", {y}, {{"perm", Ints{0, 2, 3, 1}}})};
  const Network<float> network = make_network(build.graph);
  EXPECT_EQ(network.inputs()[0].shape, (Ints{1, 4, 5, 3}));
  EXPECT_EQ(network.plan({1, 4, 5, 3}).steps().size(), 1u);  // nothing is moved
  expect_wanted(network);
}

TEST(FromGraph, RefusesGraphsThatAreNone) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 3}, row_major(2));
  const auto make = [&] { make_network(build.graph); };
  expect_error<ParameterError>(make, "outputs", "none", "at least one");
  const ValueId y = build.graph.add_value("y");
  build.graph.outputs = {y};
  expect_error<ParameterError>(make, "outputs", "'y', which nothing gives");
  build.graph.nodes.push_back({"Foo", "", {x}, {y}, {}});
  expect_error<ParameterError>(make, "graph", "Foo", "operations that convstep has");
  build.graph.nodes = {{"Relu", "", {y}, {y}, {}}};
  expect_error<ParameterError>(make, "Relu of 'y'", "depends on its own output");
}

TEST(FromGraph, KnowsItsOperations) {
  const std::vector<std::string> names = known_operations();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_NE(std::find(names.begin(), names.end(), "Conv"), names.end());
}

}  // namespace
}  // namespace convstep::network
