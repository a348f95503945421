// model_builder.h: .onnx files made by hand, right and wrong ones.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "network/graph.h"
#include "onnx/read.h"
#include "onnx_file/onnx.pb.h"
#include "tests/support/temporary_directory.h"

namespace convstep::test {

using onnx_file::AttributeProto;
using onnx_file::ModelProto;
using onnx_file::NodeProto;
using onnx_file::TensorProto;

inline constexpr int kFloatType = 1, kInt64Type = 7;  // TensorProto's

struct ModelBuilder {
  explicit ModelBuilder(int64_t opset = 21) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
  }

  onnx_file::GraphProto& graph() { return *model.mutable_graph(); }

  NodeProto& node(const std::string& operation, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs) {
    NodeProto& added = *graph().add_node();
    added.set_op_type(operation);
    for (const std::string& name : inputs) added.add_input(name);
    for (const std::string& name : outputs) added.add_output(name);
    return added;
  }

  onnx_file::TypeProto::Tensor& input(const std::string& name, const std::vector<int64_t>& shape,
                                      int type = kFloatType) {
    onnx_file::ValueInfoProto& added = *graph().add_input();
    added.set_name(name);
    auto& tensor = *added.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const int64_t length : shape) {
      auto& dim = *tensor.mutable_shape()->add_dim();
      length < 0 ? dim.set_dim_param("N") : dim.set_dim_value(length);
    }
    return tensor;
  }

  void output(const std::string& name) { graph().add_output()->set_name(name); }

  TensorProto& tensor(const std::string& name, const std::vector<int64_t>& shape, int type = kFloatType) {
    TensorProto& added = *graph().add_initializer();
    added.set_name(name);
    added.set_data_type(type);
    for (const int64_t length : shape) added.add_dims(length);
    return added;
  }
  void floats(const std::string& name, const std::vector<int64_t>& shape, std::initializer_list<float> values) {
    TensorProto& added = tensor(name, shape);
    for (const float value : values) added.add_float_data(value);
  }
  void integers(const std::string& name, std::initializer_list<int64_t> values) {
    TensorProto& added = tensor(name, {static_cast<int64_t>(values.size())}, kInt64Type);
    for (const int64_t value : values) added.add_int64_data(value);
  }

  std::string bytes() const { return model.SerializeAsString(); }

  ModelProto model;
};

inline AttributeProto& attribute(NodeProto& node, const std::string& name, int type) {
  AttributeProto& added = *node.add_attribute();
  added.set_name(name);
  added.set_type(type);
  return added;
}
inline void set(NodeProto& node, const std::string& name, int64_t value) { attribute(node, name, 2).set_i(value); }
inline void set(NodeProto& node, const std::string& name, float value) { attribute(node, name, 1).set_f(value); }
inline void set(NodeProto& node, const std::string& name, const char* value) { attribute(node, name, 3).set_s(value); }
inline void set(NodeProto& node, const std::string& name, std::initializer_list<int64_t> values) {
  AttributeProto& added = attribute(node, name, 7);
  for (const int64_t value : values) added.add_ints(value);
}
inline void set_floats(NodeProto& node, const std::string& name, std::initializer_list<float> values) {
  AttributeProto& added = attribute(node, name, 6);
  for (const float value : values) added.add_floats(value);
}

inline constexpr const char* kModelName = "model.onnx";

template <class T = float>
network::Graph<T> read(const std::string& bytes) {
  static const std::vector<std::string> kOperations = {"Add",        "BatchNormalization",
                                                       "PRelu",      "Clip",
                                                       "Concat",     "ConstantOfShape",
                                                       "Dropout",    "Flatten",
                                                       "Pad",        "Relu",
                                                       "ReduceMean", "Reshape",
                                                       "Resize",     "ReduceSum",
                                                       "Shape",      "Slice",
                                                       "Softmax",    "Squeeze",
                                                       "Split",      "TopK",
                                                       "Unsqueeze"};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  return onnx::read_onnx<T>(std::span(data, bytes.size()), kModelName, kOperations);
}
template <class T = float>
network::Graph<T> read(const ModelBuilder& builder) {
  return read<T>(builder.bytes());
}

// What is said of a model that is refused.
inline std::string refusal_of(const std::string& bytes) {
  return message_of<FormatError>(kModelName, [&] { read(bytes); });
}
inline std::string refusal_of(const ModelBuilder& builder) { return refusal_of(builder.bytes()); }

// A model that is right: y = Relu(x + b).
inline ModelBuilder small_model() {
  ModelBuilder builder;
  builder.input("x", {-1, 3});
  builder.floats("b", {3}, {1, -2, 3});
  builder.node("Add", {"x", "b"}, {"sum"});
  builder.node("Relu", {"sum"}, {"y"});
  builder.output("y");
  return builder;
}

}  // namespace convstep::test
