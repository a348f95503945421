// Operations as older opsets have them, in the form of the newest. (That both compute the same, ONNX's own cases and
// the real models show.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace convstep {
namespace {

using network::Constant;
using network::Element;
using network::Graph;
using network::kNoValue;
using network::Node;
using test::ModelBuilder;
using test::read;
using test::set;
using testing::ElementsAre;

struct Upgraded {
  Graph<float> graph;

  const Node& node(size_t n = 0) const { return graph.nodes.at(n); }
  // What an input of a node is, which must be a constant.
  std::vector<double> constant(size_t input) const {
    const Constant<float>& constant = graph[node().inputs.at(input)].constant;
    std::vector<double> numbers;
    for (int64_t i = 0; i < constant.shape().count(); ++i) {
      const bool is_integer = constant.element() == Element::kInteger;
      numbers.push_back(is_integer ? static_cast<double>(constant.view().integers().data[i])
                                   : constant.view().real().data[i]);
    }
    return numbers;
  }
  int rank(size_t input) const { return graph[node().inputs.at(input)].constant.shape().rank(); }
  bool is_left_out(size_t input) const { return node().inputs.size() <= input || node().inputs[input] == kNoValue; }
};

// One node of an opset, its inputs x and those given, its outputs y and those given.
template <class Change>
ModelBuilder one_node(int64_t opset, const char* operation, const Change& change,
                      const std::vector<std::string>& more_inputs = {},
                      const std::vector<std::string>& more_outputs = {}) {
  ModelBuilder builder(opset);
  builder.input("x", {-1, 3});
  std::vector<std::string> inputs = {"x"}, outputs = {"y"};
  inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
  outputs.insert(outputs.end(), more_outputs.begin(), more_outputs.end());
  change(builder.node(operation, inputs, outputs));
  builder.output("y");
  return builder;
}

template <class Change>
Upgraded upgraded(int64_t opset, const char* operation, const Change& change) {
  return {read(one_node(opset, operation, change))};
}

const auto kAsItIs = [](auto&) {};

TEST(OnnxUpgradeTest, Clip) {
  const auto bounds = [](auto& node) {
    set(node, "min", -1.0F);
    set(node, "max", 6.0F);
  };
  const Upgraded clip = upgraded(10, "Clip", bounds);
  EXPECT_THAT(clip.constant(1), ElementsAre(-1));
  EXPECT_THAT(clip.constant(2), ElementsAre(6));
  EXPECT_EQ(clip.rank(1), 0);
  EXPECT_TRUE(clip.node().attributes.empty());
  EXPECT_TRUE(upgraded(11, "Clip", kAsItIs).is_left_out(1));
  const Upgraded above = upgraded(7, "Clip", [](auto& node) { set(node, "max", 6.0F); });
  EXPECT_TRUE(above.is_left_out(1));
  EXPECT_THAT(above.constant(2), ElementsAre(6));
}

TEST(OnnxUpgradeTest, AxesBecomeAnInput) {
  const auto axes = [](auto& node) { set(node, "axes", {0, -1}); };
  const auto check = [&](const char* operation, int64_t last) {
    EXPECT_THAT(upgraded(last, operation, axes).constant(1), ElementsAre(0, -1)) << operation;
    EXPECT_TRUE(upgraded(last, operation, kAsItIs).is_left_out(1)) << operation;
    EXPECT_TRUE(upgraded(last + 1, operation, axes).is_left_out(1)) << operation;
  };
  check("Squeeze", 12);
  check("Unsqueeze", 12);
  check("ReduceSum", 12);
  check("ReduceMean", 17);
}

TEST(OnnxUpgradeTest, Pad) {
  const Upgraded pad = upgraded(10, "Pad", [](auto& node) {
    set(node, "pads", {0, 1, 0, 2});
    set(node, "value", 0.5F);
    set(node, "mode", "constant");
  });
  EXPECT_THAT(pad.constant(1), ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(pad.constant(2), ElementsAre(0.5));
  EXPECT_EQ(pad.node().text("mode", ""), "constant");
}

TEST(OnnxUpgradeTest, Slice) {
  const Upgraded slice = upgraded(9, "Slice", [](auto& node) {
    set(node, "starts", {1});
    set(node, "ends", {-1});
    set(node, "axes", {1});
  });
  EXPECT_THAT(slice.constant(1), ElementsAre(1));
  EXPECT_THAT(slice.constant(2), ElementsAre(-1));
  EXPECT_THAT(slice.constant(3), ElementsAre(1));
}

TEST(OnnxUpgradeTest, TopK) {
  const Upgraded top = upgraded(9, "TopK", [](auto& node) { set(node, "k", int64_t{2}); });
  EXPECT_THAT(top.constant(1), ElementsAre(2));
  EXPECT_EQ(top.rank(1), 1);
}

TEST(OnnxUpgradeTest, Split) {
  const auto sizes = [](auto& node) { set(node, "split", {1, 2}); };
  EXPECT_THAT(Upgraded{read(one_node(12, "Split", sizes, {}, {"z"}))}.constant(1), ElementsAre(1, 2));
  for (const int64_t opset : {7, 17}) {
    const Upgraded equal{read(one_node(opset, "Split", kAsItIs, {}, {"z"}))};
    EXPECT_EQ(equal.node().integer("num_outputs", 0), 2) << opset;
  }
  EXPECT_FALSE(Upgraded{read(one_node(18, "Split", kAsItIs, {}, {"z"}))}.node().has("num_outputs"));
}

TEST(OnnxUpgradeTest, Dropout) {
  const auto ratio = [](auto& node) { set(node, "ratio", 0.5F); };
  EXPECT_TRUE(upgraded(11, "Dropout", ratio).node().attributes.empty());
}

TEST(OnnxUpgradeTest, SoftmaxOfRows) {
  const auto expect_rows = [](const Upgraded& softmax, int64_t axis) {
    ASSERT_EQ(softmax.graph.nodes.size(), 4u);
    EXPECT_EQ(softmax.node(0).operation, "Shape");
    EXPECT_EQ(softmax.node(1).operation, "Flatten");
    EXPECT_EQ(softmax.node(1).integer("axis", 99), axis);
    EXPECT_EQ(softmax.node(2).operation, "Softmax");
    EXPECT_EQ(softmax.node(2).integer("axis", 99), -1);
    EXPECT_EQ(softmax.node(3).operation, "Reshape");
    EXPECT_EQ(softmax.node(3).outputs, softmax.graph.outputs);
    EXPECT_EQ(softmax.node(3).inputs[1], softmax.node(0).outputs[0]);
  };
  expect_rows(upgraded(12, "Softmax", kAsItIs), 1);
  expect_rows(upgraded(7, "Softmax", [](auto& node) { set(node, "axis", int64_t{2}); }), 2);
  const auto last = [](auto& node) { set(node, "axis", int64_t{-1}); };
  EXPECT_EQ(upgraded(12, "Softmax", last).graph.nodes.size(), 1u);
  EXPECT_FALSE(upgraded(13, "Softmax", kAsItIs).node().has("axis"));
}

TEST(OnnxUpgradeTest, Upsample) {
  const Upgraded by_attribute = upgraded(7, "Upsample", [](auto& node) {
    test::set_floats(node, "scales", {1, 1, 2, 3});
  });
  const Node& node = by_attribute.node();
  EXPECT_EQ(node.operation, "Resize");
  EXPECT_THAT(by_attribute.constant(2), ElementsAre(1, 1, 2, 3));
  EXPECT_TRUE(by_attribute.is_left_out(1));
  EXPECT_EQ(node.text("coordinate_transformation_mode", ""), "asymmetric");
  EXPECT_EQ(node.text("nearest_mode", ""), "floor");
  ModelBuilder by_input = one_node(9, "Upsample", kAsItIs, {"s"});
  by_input.floats("s", {4}, {1, 1, 2, 2});
  const Upgraded as_input{read(by_input)};
  EXPECT_THAT(as_input.constant(2), ElementsAre(1, 1, 2, 2));
  EXPECT_TRUE(as_input.is_left_out(1));
}

TEST(OnnxUpgradeTest, ResizeByScales) {
  const auto resized = [](std::initializer_list<float> scales) {
    ModelBuilder builder = one_node(10, "Resize", kAsItIs, {"s"});
    builder.floats("s", {2}, scales);
    return builder;
  };
  EXPECT_EQ(Upgraded{read(resized({1, 2}))}.node().text("nearest_mode", ""), "floor");
  EXPECT_EQ(Upgraded{read(resized({0.5, 1}))}.node().text("nearest_mode", ""), "ceil");
  EXPECT_THAT(Upgraded{read(resized({0.5, 1}))}.constant(2), ElementsAre(0.5, 1));
  EXPECT_THAT(test::refusal_of(resized({0.5, 2})), testing::HasSubstr("Resize of 'y': scales: got some below"));
}

TEST(OnnxUpgradeTest, ResizeHasNoInputsOfNoElements) {
  ModelBuilder builder = one_node(13, "Resize", kAsItIs, {"roi", "scales", "sizes"});
  builder.tensor("roi", {0});
  builder.tensor("scales", {0});
  builder.integers("sizes", {4, 6});
  const Upgraded resize{read(builder)};
  EXPECT_TRUE(resize.is_left_out(1));
  EXPECT_TRUE(resize.is_left_out(2));
  EXPECT_THAT(resize.constant(3), ElementsAre(4, 6));
}

TEST(OnnxUpgradeTest, BatchNormalization) {
  const auto spatial = [](int64_t value) { return [value](auto& node) { set(node, "spatial", value); }; };
  EXPECT_FALSE(upgraded(7, "BatchNormalization", spatial(1)).node().has("spatial"));
  EXPECT_THAT(test::refusal_of(one_node(8, "BatchNormalization", spatial(0))), testing::HasSubstr("spatial: got 0"));
  EXPECT_THAT(test::refusal_of(one_node(8, "BatchNormalization", kAsItIs, {}, {"mean"})),
              testing::HasSubstr("outputs: got those of training"));
}

TEST(OnnxUpgradeTest, Opset6) {
  const auto broadcast = [](auto& node) { set(node, "broadcast", int64_t{1}); };
  ModelBuilder add = one_node(6, "Add", broadcast, {"s"});
  add.floats("s", {3}, {1, 2, 3});
  EXPECT_TRUE(Upgraded{read(add)}.node().attributes.empty());
  set(*add.graph().mutable_node(0), "axis", int64_t{1});
  EXPECT_THAT(test::refusal_of(add), testing::HasSubstr("axis: got an axis to broadcast from"));
  const auto is_test = [](int64_t value) { return [value](auto& node) { set(node, "is_test", value); }; };
  EXPECT_TRUE(upgraded(6, "Dropout", is_test(1)).node().attributes.empty());
  for (const char* operation : {"Dropout", "BatchNormalization"}) {
    EXPECT_TRUE(upgraded(6, operation, is_test(1)).node().attributes.empty());
    EXPECT_THAT(test::refusal_of(one_node(6, operation, is_test(0))), testing::HasSubstr("which is training"));
    EXPECT_THAT(test::refusal_of(one_node(6, operation, kAsItIs)), testing::HasSubstr("which is training"));
  }
  ModelBuilder slopes = one_node(6, "PRelu", kAsItIs, {"s"});
  slopes.floats("s", {2}, {1, 2});
  EXPECT_THAT(test::refusal_of(slopes), testing::HasSubstr("slope: got several"));
}

TEST(OnnxUpgradeTest, WrongTypesOfAttributes) {
  EXPECT_THAT(test::refusal_of(one_node(10, "Clip", [](auto& node) { set(node, "max", "six"); })),
              testing::HasSubstr("Clip of 'y': max: got an attribute of another type"));
  EXPECT_THAT(test::refusal_of(one_node(7, "Upsample",
                                        [](auto& node) {
                                          set(node, "scales", {1, 2});
                                        })),
              testing::HasSubstr("scales: got an attribute of another type"));
  EXPECT_THAT(test::refusal_of(one_node(12, "Squeeze", [](auto& node) { set(node, "axes", 1.0F); })),
              testing::HasSubstr("axes: got an attribute of another type"));
}

}  // namespace
}  // namespace convstep
