#include "onnx/read.h"

#include <unordered_map>

#include "convstep/error.h"
#include "io/quote.h"
#include "onnx/attributes.h"
#include "onnx/element_types.h"
#include "onnx/model_checks.h"
#include "onnx/model_file.h"
#include "onnx/upgrade.h"

namespace convstep::onnx {
namespace {

using network::Constant;
using network::Graph;
using network::GraphInput;
using network::kNoValue;
using network::Node;
using network::ValueId;
using onnx_file::NodeProto;
using onnx_file::ValueInfoProto;

// Builds the graph of one model.
template <class T>
class GraphReader {
 public:
  GraphReader(Model& model, int64_t opset, const Source& source)
      : model_(*model.proto.mutable_graph()),
        raw_data_(model.raw_data),
        source_(source),
        external_(source),
        opset_(opset) {}

  Graph<T> read() {
    if (model_.sparse_initializer_size() > 0) source_.fail("it has sparse tensors, which cannot be read");
    read_initializers();
    read_inputs();
    // First all that nodes give, since nothing in a file says that it is sorted.
    for (NodeProto& node : *model_.mutable_node()) nodes_.push_back(begin_node(node));
    for (int n = 0; n < model_.node_size(); ++n) finish_node(model_.node(n), std::move(nodes_[static_cast<size_t>(n)]));
    read_outputs();
    try {
      sort_nodes(graph_);
    } catch (const ArgumentError& error) {
      source_.fail(error.what());
    }
    return std::move(graph_);
  }

 private:
  // A value that nothing else has given.
  ValueId add(const std::string& name, Constant<T> constant = {}) {
    const ValueId id = graph_.add_value(clean_name(source_, "the name of a value", name), std::move(constant));
    if (!ids_.emplace(name, id).second) source_.fail("two things give the value " + convstep::quoted(name));
    return id;
  }

  ValueId find(const std::string& name, const std::string& reader) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) source_.fail(reader + " reads " + convstep::quoted(name) + ", which nothing gives");
    return found->second;
  }

  void read_initializers() {
    for (int i = 0; i < model_.initializer_size(); ++i) {
      onnx_file::TensorProto& tensor = *model_.mutable_initializer(i);
      const auto n = static_cast<size_t>(i);
      const Stretch raw_data = n < raw_data_.size() ? raw_data_[n] : Stretch{};
      const std::string what = "the tensor " + convstep::quoted(tensor.name());
      add(tensor.name(), read_tensor<T>(tensor, raw_data, external_, source_, what));
    }
  }

  // Old files list their weights among the inputs.
  void read_inputs() {
    std::unordered_map<std::string, int> given;
    for (const ValueInfoProto& value : model_.input()) {
      if (++given[value.name()] > 1) source_.fail("two of its inputs are called " + convstep::quoted(value.name()));
      if (ids_.contains(value.name())) continue;
      graph_.inputs.push_back(read_input(value));
    }
  }

  // Of an input, or an output, which may leave open what follows from whatever gives it.
  network::Element element_of(const ValueInfoProto& value, const std::string& what, bool may_be_open) const {
    const auto& type = value.type();
    if (type.has_sequence_type() || type.has_map_type() || type.has_sparse_tensor_type() || type.has_optional_type()) {
      source_.fail(what + " is not an array");
    }
    const int32_t number = type.tensor_type().elem_type();
    const ElementTypeInfo info = element_type_info(number);
    if (info.element == network::Element::kNone && !(may_be_open && number == 0)) {
      source_.fail(what + " has elements of type " + info.name + ", which cannot be read");
    }
    return info.element;
  }

  GraphInput read_input(const ValueInfoProto& value) {
    const std::string what = "its input " + convstep::quoted(value.name());
    const network::Element element = element_of(value, what, false);
    const auto& type = value.type().tensor_type();
    if (!type.has_shape()) source_.fail(what + " does not say how many axes it has");
    const int rank = type.shape().dim_size();
    if (rank > network::kMostAxes) source_.fail(what + " has " + std::to_string(rank) + " axes");
    GraphInput input{add(value.name()), element, {}};
    constexpr int64_t kFree = -1;  // which some programs write themselves
    for (const auto& length : type.shape().dim()) {
      if (length.dim_value() < kFree)
        source_.fail(what + " has an axis of length " + std::to_string(length.dim_value()));
      input.shape.push_back(length.has_dim_value() ? length.dim_value() : kFree);
    }
    return input;
  }

  // The node with its outputs, and where it is a constant, that.
  Node begin_node(NodeProto& proto) {
    Node node;
    node.operation = proto.op_type();
    node.name = clean_name(source_, "the name of a node", proto.name());
    const std::string what = node.name.empty() ? node.operation : node.operation + " " + convstep::quoted(node.name);
    for (const std::string& name : proto.output()) {
      if (name.empty()) {
        node.outputs.push_back(kNoValue);
      } else if (node.operation == kConstantNode) {
        node.outputs.push_back(add(name, read_constant_node<T>(proto, external_, source_, what)));
      } else {
        node.outputs.push_back(add(name));
      }
    }
    return node;
  }

  void finish_node(const NodeProto& proto, Node node) {
    if (node.operation == kConstantNode) return;
    const std::string what = describe(graph_, node);
    for (const std::string& name : proto.input()) {
      node.inputs.push_back(name.empty() ? kNoValue : find(name, what));
    }
    for (const auto& attribute : proto.attribute()) {
      const AttributeType type = type_of(attribute, source_, what);
      network::Attribute value =
          type == AttributeType::kTensor ? read_number(attribute, what) : read_attribute(attribute, type, source_);
      if (!node.attributes.emplace(attribute.name(), std::move(value)).second) {
        source_.fail(what + " has two attributes " + convstep::quoted(attribute.name()));
      }
    }
    check_is_onnx(node, what);
    try {
      upgrade(graph_, std::move(node), opset_);
    } catch (const ArgumentError& error) {
      source_.fail(what + ": " + error.what());
    }
  }

  // Passes give a layer more than ONNX knows (graph.h).
  void check_is_onnx(const Node& node, const std::string& what) const {
    if (node.operation != "Conv" && node.operation != "Gemm") return;
    constexpr size_t kMostInputs = 3;
    if (node.inputs.size() > kMostInputs) source_.fail(what + " has more inputs than " + node.operation + " has");
    for (const char* name : {"activation", "slope"}) {
      if (node.has(name)) source_.fail(what + " has an attribute '" + name + "', which " + node.operation + " has not");
    }
  }

  // A tensor of one number: ConstantOfShape's value.
  network::Attribute read_number(const onnx_file::AttributeProto& attribute, const std::string& node) {
    const std::string what = node + ": its attribute " + convstep::quoted(attribute.name());
    onnx_file::TensorProto tensor = attribute.t();
    if (tensor.dims_size() > 1 || (tensor.dims_size() == 1 && tensor.dims(0) != 1)) {
      source_.fail(what + " is an array of more than one number, which it cannot be");
    }
    const Constant<T> number = read_tensor<T>(tensor, {}, external_, source_, what);
    if (number.element() == network::Element::kInteger) return *number.view().integers().data;
    return static_cast<double>(*number.view().real().data);
  }

  void read_outputs() {
    if (model_.output_size() == 0) source_.fail("it has no outputs");
    for (const ValueInfoProto& value : model_.output()) {
      element_of(value, "its output " + convstep::quoted(value.name()), true);
      graph_.outputs.push_back(find(value.name(), "the model's output"));
    }
  }

  onnx_file::GraphProto& model_;
  const std::vector<Stretch>& raw_data_;
  const Source& source_;
  ExternalData external_;
  int64_t opset_;
  Graph<T> graph_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, ValueId> ids_;  // by the names in the file
};

template <class T>
Graph<T> read_model(Model model, std::span<const std::string> operations, const Source& source) {
  if (!model.proto.has_graph()) source.fail("it is not an ONNX model: it has no graph");
  check_operations(model.proto, operations, source);
  const int64_t opset = opset_of(model.proto, source);
  return GraphReader<T>(model, opset, source).read();
}

}  // namespace

template <class T>
Graph<T> read_onnx(const std::string& path, std::span<const std::string> operations) {
  const FileBytes file(path);
  std::error_code error;  // where there is no such file, which is said below
  const Source source{path, true, std::filesystem::path(path).parent_path(),
                      std::filesystem::canonical(path, error).parent_path()};
  return read_model<T>(unpack(file, source), operations, source);
}

template <class T>
Graph<T> read_onnx(std::span<const unsigned char> bytes, const std::string& name,
                   std::span<const std::string> operations) {
  const Source source{name, false, {}};
  const MemoryBytes model(bytes);
  return read_model<T>(unpack(model, source), operations, source);
}

template Graph<float> read_onnx(const std::string&, std::span<const std::string>);
template Graph<double> read_onnx(const std::string&, std::span<const std::string>);
template Graph<float> read_onnx(std::span<const unsigned char>, const std::string&, std::span<const std::string>);
template Graph<double> read_onnx(std::span<const unsigned char>, const std::string&, std::span<const std::string>);

}  // namespace convstep::onnx
