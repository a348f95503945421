// Models that must be refused, and what is said of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/model_builder.h"

namespace convstep {
namespace {

using test::ModelBuilder;
using test::refusal_of;
using test::set;
using test::small_model;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(OnnxRefusalTest, OtherFiles) {
  EXPECT_THAT(refusal_of(""), HasSubstr("it is empty"));
  EXPECT_THAT(refusal_of("a text that is no model"), HasSubstr("it is not an ONNX model"));
  EXPECT_THAT(refusal_of("\x89PNG\r\n\x1a\n"), HasSubstr("it looks like a picture"));
  EXPECT_THAT(refusal_of("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("a pointer of Git LFS"));
  EXPECT_THAT(refusal_of(ModelBuilder()), HasSubstr("it has no graph"));
  ModelBuilder builder = small_model();
  builder.graph().clear_output();
  EXPECT_THAT(refusal_of(builder), HasSubstr("it has no outputs"));
}

TEST(OnnxRefusalTest, Opsets) {
  for (const int64_t opset : {int64_t{5}, int64_t{29}, int64_t{-1}}) {
    ModelBuilder builder = small_model();
    builder.model.mutable_opset_import(0)->set_version(opset);
    EXPECT_THAT(refusal_of(builder), HasSubstr("ONNX's opset " + std::to_string(opset) + "; those of 6 to 28"));
  }
  ModelBuilder none = small_model();
  none.model.clear_opset_import();
  EXPECT_THAT(refusal_of(none), HasSubstr("does not say of which opset"));
  ModelBuilder two = small_model();
  two.model.add_opset_import()->set_version(12);
  EXPECT_THAT(refusal_of(two), HasSubstr("two versions"));
}

TEST(OnnxRefusalTest, NamesAllUnknownOperations) {
  ModelBuilder builder = small_model();
  for (int i = 0; i < 3; ++i) builder.node("Loop", {"x"}, {"l" + std::to_string(i)});
  builder.node("FusedConv", {"x"}, {"f"}).set_domain("com.microsoft");
  builder.node("Evil\n\x1b", {"x"}, {"e"});
  EXPECT_THAT(refusal_of(builder),
              HasSubstr("operations that convstep does not have: 3 Loop, 1 Evil\\x0a\\x1b, 1 com.microsoft.FusedConv"));
  for (int i = 0; i < 30; ++i) builder.node("Op" + std::to_string(i), {"x"}, {"o" + std::to_string(i)});
  EXPECT_THAT(refusal_of(builder), HasSubstr("and 13 others"));
}

TEST(OnnxRefusalTest, Functions) {
  ModelBuilder builder = small_model();
  builder.node("Mine", {"x"}, {"f"}).set_domain("local");
  auto& function = *builder.model.add_functions();
  function.set_domain("local");
  function.set_name("Mine");
  EXPECT_THAT(refusal_of(builder), HasSubstr("it calls functions of its own, which cannot be read: 1 local.Mine"));
}

TEST(OnnxRefusalTest, Attributes) {
  const auto said_of = [](const auto& change) {
    ModelBuilder builder = small_model();
    test::NodeProto& node = *builder.graph().mutable_node(1);
    node.set_name("last");
    change(node);
    const std::string said = refusal_of(builder);
    EXPECT_THAT(said, HasSubstr("Relu 'last'"));
    return said;
  };
  const auto of_type = [](int type) { return [type](auto& node) { test::attribute(node, "a", type).set_g("g"); }; };
  EXPECT_THAT(said_of(of_type(5)), HasSubstr("its attribute 'a' is a graph, which cannot be read"));
  EXPECT_THAT(said_of(of_type(0)), HasSubstr("its attribute 'a' is a graph, which cannot be read"));
  EXPECT_THAT(said_of(of_type(4)), HasSubstr("its attribute 'a' has no value"));
  EXPECT_THAT(said_of(of_type(11)), HasSubstr("its attribute 'a' is of type 11"));
  EXPECT_THAT(said_of(of_type(-99)), HasSubstr("its attribute 'a' is of type -99"));
  EXPECT_THAT(said_of([](auto& node) { test::attribute(node, "a", 0); }), HasSubstr("'a' has no value"));
  EXPECT_THAT(said_of([](auto& node) { test::attribute(node, "a", 2).set_ref_attr_name("b"); }),
              HasSubstr("is one of a function"));
  EXPECT_THAT(said_of([](auto& node) {
                set(node, "a", int64_t{1});
                set(node, "a", int64_t{2});
              }),
              HasSubstr("two attributes 'a'"));
  EXPECT_THAT(said_of([](auto& node) {
                auto& tensor = *test::attribute(node, "a", 4).mutable_t();
                tensor.set_data_type(test::kFloatType);
                tensor.add_dims(2);
              }),
              HasSubstr("'a' is an array of more than one number"));
}

TEST(OnnxRefusalTest, Constants) {
  const auto said_of = [](const auto& change) {
    ModelBuilder builder = small_model();
    change(builder.node("Constant", {}, {"c"}));
    return refusal_of(builder);
  };
  EXPECT_THAT(said_of([](auto&) {}), HasSubstr("Constant has 0 values"));
  EXPECT_THAT(said_of([](auto& node) { set(node, "value_string", "a"); }),
              HasSubstr("'value_string' is none that can"));
  EXPECT_THAT(said_of([](auto& node) { set(node, "value_int", 1.0F); }), HasSubstr("'value_int' is none that can"));
}

TEST(OnnxRefusalTest, Names) {
  ModelBuilder missing = small_model();
  missing.node("Relu", {"nothing"}, {"z"});
  EXPECT_THAT(refusal_of(missing), HasSubstr("Relu of 'z' reads 'nothing', which nothing gives"));
  ModelBuilder no_output = small_model();
  no_output.output("nothing");
  EXPECT_THAT(refusal_of(no_output), HasSubstr("the model's output reads 'nothing', which nothing gives"));
  for (const char* twice : {"x", "b", "sum", "y"}) {
    ModelBuilder builder = small_model();
    builder.node("Relu", {"x"}, {twice});
    EXPECT_THAT(refusal_of(builder), HasSubstr(std::string("two things give the value '") + twice)) << twice;
  }
  ModelBuilder tensors = small_model();
  tensors.floats("b", {1}, {1});
  EXPECT_THAT(refusal_of(tensors), HasSubstr("two things give the value 'b'"));
  ModelBuilder inputs = small_model();
  inputs.input("x", {1});
  EXPECT_THAT(refusal_of(inputs), HasSubstr("two of its inputs are called 'x'"));
  ModelBuilder long_one = small_model();
  long_one.node("Relu", {"x"}, {std::string(5000, 'z')});
  EXPECT_THAT(refusal_of(long_one), HasSubstr("the name of a value is 5000 bytes long"));
}

TEST(OnnxRefusalTest, Cycles) {
  ModelBuilder builder = small_model();
  builder.node("Relu", {"q"}, {"p"});
  builder.node("Relu", {"p"}, {"q"});
  EXPECT_THAT(refusal_of(builder), HasSubstr("Relu of 'p': got an input that depends on its own output"));
  ModelBuilder itself = small_model();
  itself.node("Add", {"q", "x"}, {"q"});
  EXPECT_THAT(refusal_of(itself), HasSubstr("depends on its own output"));
}

TEST(OnnxRefusalTest, Inputs) {
  const auto said_of = [](const auto& change) {
    ModelBuilder builder = small_model();
    change(builder.input("in", {2, 3}), builder);
    return refusal_of(builder);
  };
  EXPECT_THAT(said_of([](auto& type, auto&) { type.set_elem_type(8); }),
              HasSubstr("its input 'in' has elements of type string, which cannot be read"));
  EXPECT_THAT(said_of([](auto& type, auto&) { type.set_elem_type(77); }), HasSubstr("of type type 77"));
  EXPECT_THAT(said_of([](auto& type, auto&) { type.clear_shape(); }), HasSubstr("does not say how many axes"));
  EXPECT_THAT(said_of([](auto& type, auto&) { type.mutable_shape()->mutable_dim(0)->set_dim_value(-4); }),
              HasSubstr("an axis of length -4"));
  EXPECT_THAT(said_of([](auto& type, auto&) {
                for (int i = 0; i < 7; ++i) type.mutable_shape()->add_dim();
              }),
              HasSubstr("has 9 axes"));
  EXPECT_THAT(said_of([](auto&, auto& builder) {
                builder.graph().mutable_input(1)->mutable_type()->clear_tensor_type();
                builder.graph().mutable_input(1)->mutable_type()->set_sequence_type("");
              }),
              HasSubstr("its input 'in' is not an array"));
}

TEST(OnnxRefusalTest, Outputs) {
  ModelBuilder builder = small_model();
  builder.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(21);
  EXPECT_THAT(refusal_of(builder), HasSubstr("its output 'y' has elements of type uint4, which cannot be read"));
}

TEST(OnnxRefusalTest, Tensors) {
  const auto said_of = [](const std::vector<int64_t>& shape, int type, const auto& change) {
    ModelBuilder builder = small_model();
    change(builder.tensor("w", shape, type));
    const std::string said = refusal_of(builder);
    EXPECT_THAT(said, HasSubstr("the tensor 'w'"));
    return said;
  };
  const auto nothing = [](auto&) {};
  EXPECT_THAT(said_of({1}, 8, nothing), HasSubstr("has elements of type string, which cannot be read"));
  EXPECT_THAT(said_of({1}, 17, nothing), HasSubstr("float8e4m3fn"));
  EXPECT_THAT(said_of({1}, 0, nothing), HasSubstr("no type"));
  EXPECT_THAT(said_of({-1}, 1, nothing), HasSubstr("the impossible shape (-1,)"));
  EXPECT_THAT(said_of({int64_t{1} << 32, int64_t{1} << 32}, 1, nothing), HasSubstr("impossible shape"));
  EXPECT_THAT(said_of({0, int64_t{1} << 62}, 1, nothing), HasSubstr("impossible shape"));
  EXPECT_THAT(said_of({1, 1, 1, 1, 1, 1, 1, 1, 1}, 1, nothing), HasSubstr("has 9 axes"));
  EXPECT_THAT(said_of({1 << 20, 1 << 20}, 1, nothing),
              AllOf(HasSubstr("has 0 elements"), HasSubstr("takes 1099511627776")));
  EXPECT_THAT(said_of({2}, 1, [](auto& tensor) { tensor.set_raw_data("1234567"); }),
              HasSubstr("has 7 bytes, where its shape (2,) takes 8"));
  EXPECT_THAT(said_of({2}, 1, [](auto& tensor) { tensor.add_float_data(1); }),
              HasSubstr("has 1 elements, where its shape (2,) takes 2"));
  EXPECT_THAT(said_of({1}, 1, [](auto& tensor) { tensor.add_double_data(1); }), HasSubstr("has 0 elements"));
  EXPECT_THAT(said_of({1}, 1, [](auto& tensor) { tensor.set_segment(""); }), HasSubstr("is a segment"));
  ModelBuilder sparse = small_model();
  sparse.graph().add_sparse_initializer("");
  EXPECT_THAT(refusal_of(sparse), HasSubstr("it has sparse tensors"));
}

// Names of a file can neither break a message nor steer a terminal.
TEST(OnnxRefusalTest, CleansNames) {
  ModelBuilder builder = small_model();
  builder.node("Relu", {"a\nb"}, {"\x1b[31m"}).set_name("n\r");
  EXPECT_THAT(refusal_of(builder), AllOf(HasSubstr("Relu 'n\\x0d' reads 'a\\x0ab'"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace convstep
