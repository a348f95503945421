// attributes.h: what a node of a model says beside its inputs.
#pragma once

#include "network/graph.h"
#include "onnx/tensor.h"

namespace convstep::onnx {

// AttributeProto's `type`.
enum class AttributeType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8
};

// The type of the attribute. The oldest files say it only by the field that holds it. Throws FormatError for those that
// no operation of a network has: graphs, sparse tensors, lists of tensors. `node` is for messages.
AttributeType type_of(const onnx_file::AttributeProto& attribute, const Source& source, const std::string& node);

// An attribute that is no tensor.
network::Attribute read_attribute(const onnx_file::AttributeProto& attribute, AttributeType type, const Source& source);

// The array that a node Constant gives.
template <class T>
network::Constant<T> read_constant_node(onnx_file::NodeProto& node, ExternalData& external, const Source& source,
                                        const std::string& what);

}  // namespace convstep::onnx
