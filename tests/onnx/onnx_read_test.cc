// What the reader makes of models that are right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace convstep {
namespace {

using network::Element;
using network::Graph;
using network::kNoValue;
using network::Node;
using test::ModelBuilder;
using test::read;
using test::set;
using testing::ElementsAre;

template <class T>
std::vector<T> reals(const network::Constant<T>& constant) {
  const auto view = constant.view().real();
  return {view.data, view.data + view.size()};
}

template <class T>
std::vector<int64_t> integers(const network::Constant<T>& constant) {
  const auto view = constant.view().integers();
  return {view.data, view.data + view.size()};
}

TEST(OnnxReadTest, ReadsAGraph) {
  const Graph<float> graph = read(test::small_model());
  ASSERT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(graph[graph.inputs[0].value].name, "x");
  EXPECT_EQ(graph.inputs[0].element, Element::kReal);
  EXPECT_THAT(graph.inputs[0].shape, ElementsAre(-1, 3));
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[0].operation, "Add");
  EXPECT_EQ(graph.nodes[1].operation, "Relu");
  EXPECT_EQ(graph.nodes[0].outputs, graph.nodes[1].inputs);
  EXPECT_EQ(graph.nodes[1].outputs, graph.outputs);
  EXPECT_EQ(describe(graph, graph.nodes[0]), "Add of 'sum'");
  EXPECT_THAT(reals(graph[graph.nodes[0].inputs[1]].constant), ElementsAre(1, -2, 3));
}

TEST(OnnxReadTest, ReadsAFile) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("model.onnx");
  test::write_file(path, test::small_model().bytes());
  EXPECT_EQ(onnx::read_onnx<double>(path, std::vector<std::string>{"Add", "Relu"}).nodes.size(), 2u);
}

TEST(OnnxReadTest, SortsNodes) {
  ModelBuilder builder;
  builder.input("x", {3});
  builder.node("Relu", {"b"}, {"c"});
  builder.node("Relu", {"a"}, {"b"});
  builder.node("Relu", {"x"}, {"a"});
  builder.output("c");
  const Graph<float> graph = read(builder);
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(graph[node.outputs[0]].name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
}

TEST(OnnxReadTest, LeavesOutInputsAndOutputs) {
  ModelBuilder builder;
  builder.input("x", {3});
  builder.node("Clip", {"x", "", "x"}, {"y"});
  builder.node("TopK", {"y", "x"}, {"", "z"});
  builder.output("z");
  const Graph<float> graph = read(builder);
  EXPECT_EQ(graph.nodes[0].inputs[1], kNoValue);
  EXPECT_EQ(graph.nodes[1].outputs[0], kNoValue);
}

TEST(OnnxReadTest, ReadsAttributes) {
  ModelBuilder builder;
  builder.input("x", {3});
  test::NodeProto& node = builder.node("Relu", {"x"}, {"y"});
  set(node, "whole", int64_t{-7});
  set(node, "real", 0.5F);
  set(node, "text", "linear\x1b");
  set(node, "several", {1, 2});
  test::set_floats(node, "reals", {1, 0.25F});
  test::attribute(node, "texts", 8).add_strings("a");
  test::attribute(node, "of the oldest files", 0).set_i(3);
  builder.output("y");
  const Node read_node = read(builder).nodes[0];
  EXPECT_EQ(read_node.integer("whole", 0), -7);
  EXPECT_EQ(read_node.real("real", 0), 0.5);
  EXPECT_EQ(read_node.text("text", ""), "linear\\x1b");
  EXPECT_THAT(read_node.integers("several"), ElementsAre(1, 2));
  EXPECT_THAT(std::get<std::vector<double>>(read_node.attributes.at("reals")), ElementsAre(1, 0.25));
  EXPECT_THAT(std::get<std::vector<std::string>>(read_node.attributes.at("texts")), ElementsAre("a"));
  EXPECT_EQ(read_node.integer("of the oldest files", 0), 3);
}

TEST(OnnxReadTest, MakesConstantsOfNodes) {
  ModelBuilder builder;
  const auto constant = [&](const std::string& name) -> test::NodeProto& {
    builder.output(name);
    return builder.node("Constant", {}, {name});
  };
  test::set(constant("real"), "value_float", 2.5F);
  test::set(constant("whole"), "value_int", int64_t{4});
  test::set_floats(constant("reals"), "value_floats", {1, 2});
  test::set(constant("wholes"), "value_ints", {5, 6});
  test::TensorProto* tensor = test::attribute(constant("array"), "value", 4).mutable_t();
  tensor->set_data_type(test::kFloatType);
  tensor->add_dims(1);
  tensor->add_float_data(9);
  const Graph<float> graph = read(builder);
  EXPECT_TRUE(graph.nodes.empty());
  EXPECT_THAT(reals(graph[graph.outputs[0]].constant), ElementsAre(2.5F));
  EXPECT_EQ(graph[graph.outputs[0]].constant.shape().rank(), 0);
  EXPECT_THAT(integers(graph[graph.outputs[1]].constant), ElementsAre(4));
  EXPECT_THAT(reals(graph[graph.outputs[2]].constant), ElementsAre(1, 2));
  EXPECT_THAT(integers(graph[graph.outputs[3]].constant), ElementsAre(5, 6));
  EXPECT_THAT(reals(graph[graph.outputs[4]].constant), ElementsAre(9));
}

TEST(OnnxReadTest, TakesATensorOfOneNumberAsAttribute) {
  for (const int type : {test::kFloatType, test::kInt64Type}) {
    ModelBuilder builder;
    builder.integers("shape", {2});
    test::TensorProto* tensor =
        test::attribute(builder.node("ConstantOfShape", {"shape"}, {"y"}), "value", 4).mutable_t();
    tensor->set_data_type(type);
    tensor->add_dims(1);
    type == test::kFloatType ? tensor->add_float_data(3) : tensor->add_int64_data(3);
    builder.output("y");
    const network::Attribute value = read(builder).nodes[0].attributes.at("value");
    EXPECT_EQ(value, type == test::kFloatType ? network::Attribute(3.0) : network::Attribute(int64_t{3}));
  }
}

TEST(OnnxReadTest, OldFilesListWeightsAmongTheInputs) {
  ModelBuilder builder = test::small_model();
  builder.input("b", {3});
  EXPECT_EQ(read(builder).inputs.size(), 1u);
}

// The bytes of the elements, and the field of their type: each value is in range of all.
template <class T, class Number>
void expect_both_forms(int type, std::initializer_list<T> values, const std::vector<Number>& expected,
                       void (*add)(test::TensorProto&, T)) {
  for (const bool is_raw : {false, true}) {
    ModelBuilder builder;
    test::TensorProto& tensor = builder.tensor("w", {static_cast<int64_t>(values.size())}, type);
    if (is_raw) {
      tensor.set_raw_data(values.begin(), values.size() * sizeof(T));
    } else {
      for (const T value : values) add(tensor, value);
    }
    builder.output("w");
    const auto check = [&](const auto& graph) {
      const auto& constant = graph[graph.outputs[0]].constant;
      if constexpr (std::is_same_v<Number, int64_t>) {
        EXPECT_EQ(integers(constant), expected) << type << is_raw;
      } else {
        const auto found = reals(constant);
        EXPECT_EQ(std::vector<double>(found.begin(), found.end()), expected) << type << is_raw;
      }
    };
    check(read<float>(builder));
    check(read<double>(builder));
  }
}

template <class T>
void add_int32(test::TensorProto& tensor, T value) {
  tensor.add_int32_data(value);
}

TEST(OnnxReadTest, ReadsElementsOfEveryType) {
  expect_both_forms<float, double>(1, {1.5F, -0.25F}, {1.5, -0.25}, [](auto& t, float v) { t.add_float_data(v); });
  expect_both_forms<double, double>(11, {1.5, -0.25}, {1.5, -0.25}, [](auto& t, double v) { t.add_double_data(v); });
  expect_both_forms<uint16_t, double>(10, {0x3e00, 0xb400}, {1.5, -0.25}, add_int32);
  expect_both_forms<uint16_t, double>(16, {0x3fc0, 0xbe80}, {1.5, -0.25}, add_int32);
  expect_both_forms<uint8_t, int64_t>(2, {0, 255}, {0, 255}, add_int32);
  expect_both_forms<int8_t, int64_t>(3, {-128, 127}, {-128, 127}, add_int32);
  expect_both_forms<uint16_t, int64_t>(4, {0, 65535}, {0, 65535}, add_int32);
  expect_both_forms<int16_t, int64_t>(5, {-32768, 32767}, {-32768, 32767}, add_int32);
  expect_both_forms<int32_t, int64_t>(6, {-2147483647, 5}, {-2147483647, 5}, add_int32);
  expect_both_forms<uint8_t, int64_t>(9, {0, 1}, {0, 1}, add_int32);
  expect_both_forms<int64_t, int64_t>(7, {-(int64_t{1} << 62), 5}, {-(int64_t{1} << 62), 5},
                                      [](auto& t, int64_t v) { t.add_int64_data(v); });
  expect_both_forms<uint32_t, int64_t>(12, {0, 4294967295U}, {0, 4294967295},
                                       [](auto& t, uint32_t v) { t.add_uint64_data(v); });
  expect_both_forms<uint64_t, int64_t>(13, {0, uint64_t{1} << 62}, {0, int64_t{1} << 62},
                                       [](auto& t, uint64_t v) { t.add_uint64_data(v); });
}

TEST(OnnxReadTest, ReadsEmptyArrays) {
  ModelBuilder builder;
  builder.tensor("w", {0, 5});
  builder.output("w");
  const Graph<float> graph = read(builder);
  EXPECT_EQ(graph[graph.outputs[0]].constant.shape(), (network::Dims{0, 5}));
}

}  // namespace
}  // namespace convstep
