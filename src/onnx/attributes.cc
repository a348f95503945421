#include "onnx/attributes.h"

#include <algorithm>
#include <iterator>

#include "io/quote.h"

namespace convstep::onnx {
namespace {

using network::Constant;
using network::Dims;
using onnx_file::AttributeProto;

AttributeType type_of_held(const AttributeProto& attribute) {
  if (attribute.has_f()) return AttributeType::kFloat;
  if (attribute.has_i()) return AttributeType::kInt;
  if (attribute.has_s()) return AttributeType::kString;
  if (attribute.has_t()) return AttributeType::kTensor;
  if (attribute.has_g()) return AttributeType::kGraph;
  if (attribute.floats_size() > 0) return AttributeType::kFloats;
  if (attribute.ints_size() > 0) return AttributeType::kInts;
  if (attribute.strings_size() > 0) return AttributeType::kStrings;
  return AttributeType::kUndefined;
}

template <class U, class Field>
Tensor<U, 1> elements(const Field& field) {
  auto values = Tensor<U, 1>::uninitialized({field.size()});
  std::copy(field.begin(), field.end(), values.begin());
  return values;
}

}  // namespace

AttributeType type_of(const AttributeProto& attribute, const Source& source, const std::string& node) {
  const auto fail = [&](const std::string& cause) {
    source.fail(node + ": its attribute " + convstep::quoted(attribute.name()) + " " + cause);
  };
  if (attribute.has_ref_attr_name()) fail("is one of a function, which the node is not in");
  const auto type = static_cast<AttributeType>(attribute.type());
  switch (type) {
    case AttributeType::kUndefined: {
      const AttributeType held = type_of_held(attribute);
      if (held == AttributeType::kUndefined) fail("has no value");
      if (held == AttributeType::kGraph) fail("is a graph, which cannot be read");
      return held;
    }
    case AttributeType::kGraph:
      fail("is a graph, which cannot be read");
      break;
    case AttributeType::kTensor:
      if (!attribute.has_t()) fail("has no value");
      break;
    case AttributeType::kFloat:
    case AttributeType::kInt:
    case AttributeType::kString:
    case AttributeType::kFloats:
    case AttributeType::kInts:
    case AttributeType::kStrings:
      break;
    default:
      fail("is of type " + std::to_string(attribute.type()) + ", which cannot be read");
  }
  return type;
}

network::Attribute read_attribute(const AttributeProto& attribute, AttributeType type, const Source& source) {
  const auto text = [&](const std::string& raw) { return clean_name(source, "a text of an attribute", raw); };
  std::vector<std::string> texts;
  switch (type) {
    case AttributeType::kFloat:
      return static_cast<double>(attribute.f());
    case AttributeType::kInt:
      return attribute.i();
    case AttributeType::kString:
      return text(attribute.s());
    case AttributeType::kFloats:
      return std::vector<double>(attribute.floats().begin(), attribute.floats().end());
    case AttributeType::kInts:
      return std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
    default:
      std::transform(attribute.strings().begin(), attribute.strings().end(), std::back_inserter(texts), text);
      return texts;
  }
}

template <class T>
Constant<T> read_constant_node(onnx_file::NodeProto& node, ExternalData& external, const Source& source,
                               const std::string& what) {
  if (node.attribute_size() != 1) source.fail(what + " has " + std::to_string(node.attribute_size()) + " values");
  AttributeProto& attribute = *node.mutable_attribute(0);
  const AttributeType type = type_of(attribute, source, what);
  const std::string& name = attribute.name();
  if (name == "value" && type == AttributeType::kTensor) {
    return read_tensor<T>(*attribute.mutable_t(), {}, external, source, what);
  }
  if (name == "value_float" && type == AttributeType::kFloat) {
    return Constant<T>(Tensor<T, 1>({1}, {static_cast<T>(attribute.f())}), Dims{});
  }
  if (name == "value_int" && type == AttributeType::kInt) {
    return Constant<T>(Tensor<int64_t, 1>({1}, {attribute.i()}), Dims{});
  }
  if (name == "value_floats" && type == AttributeType::kFloats) {
    return Constant<T>(elements<T>(attribute.floats()), Dims{attribute.floats_size()});
  }
  if (name == "value_ints" && type == AttributeType::kInts) {
    return Constant<T>(elements<int64_t>(attribute.ints()), Dims{attribute.ints_size()});
  }
  source.fail(what + ": its attribute " + convstep::quoted(name) + " is none that can be read as an array");
}

template Constant<float> read_constant_node(onnx_file::NodeProto&, ExternalData&, const Source&, const std::string&);
template Constant<double> read_constant_node(onnx_file::NodeProto&, ExternalData&, const Source&, const std::string&);

}  // namespace convstep::onnx
