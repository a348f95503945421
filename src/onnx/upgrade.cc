#include "onnx/upgrade.h"

#include <algorithm>
#include <iterator>

#include "convstep/error.h"

namespace convstep::onnx {
namespace {

using network::Attribute;
using network::Constant;
using network::Dims;
using network::Element;
using network::Graph;
using network::kNoValue;
using network::Node;
using network::ValueId;

// A node on its way.
template <class T>
struct Upgrading {
  Graph<T>& graph;
  Node node;
  int64_t opset;
  std::vector<Node> after;  // what follows it

  void set_input(size_t index, ValueId value) {
    while (node.inputs.size() <= index) node.inputs.push_back(kNoValue);
    node.inputs[index] = value;
  }

  ValueId input(size_t index) const { return index < node.inputs.size() ? node.inputs[index] : kNoValue; }
  // Null where it is left out, or known only when the network runs.
  const Constant<T>* constant_input(size_t index) const {
    if (input(index) == kNoValue) return nullptr;
    const Constant<T>& constant = graph[input(index)].constant;
    return constant ? &constant : nullptr;
  }

  // A new value beside the node's first output.
  ValueId add_value(const std::string& what, Constant<T> constant = {}) {
    const bool has_name = !node.outputs.empty() && node.outputs[0] != kNoValue;
    const std::string of = has_name ? graph[node.outputs[0]].name : node.operation;
    return graph.add_value(of + "/" + what, std::move(constant));
  }

  // Where the node has the attribute it becomes the input at `index`.
  void integers_to_input(const char* attribute, size_t index) {
    if (!node.has(attribute)) return;
    const std::vector<int64_t> values = node.integers(attribute);
    const auto count = static_cast<int64_t>(values.size());
    set_input(index, add_value(attribute, Constant<T>(Tensor<int64_t, 1>({count}, values), Dims{count})));
    node.attributes.erase(attribute);
  }
  void integer_to_input(const char* attribute, size_t index) {
    if (!node.has(attribute)) return;
    node.attributes[attribute] = std::vector<int64_t>{node.integer(attribute, 0)};
    integers_to_input(attribute, index);
  }
  void real_to_input(const char* attribute, size_t index) {
    if (!node.has(attribute)) return;
    const auto value = static_cast<T>(node.real(attribute, 0));
    set_input(index, add_value(attribute, Constant<T>(Tensor<T, 1>({1}, {value}), Dims{})));
    node.attributes.erase(attribute);
  }
};

// Each of these is for the opsets before the one that the table says.

// The second input was broadcast only if asked to, and then from the last axis on, as now, or from another one on.
template <class T>
void broadcast(Upgrading<T>& up) {
  if (up.node.has("axis"))
    throw ParameterError("axis", "an axis to broadcast from", "none, as all opsets from 7 on have it");
  up.node.attributes.erase("broadcast");
}

template <class T>
void gemm(Upgrading<T>& up) {
  up.node.attributes.erase("broadcast");
}

// One slope for each channel is now one of shape (C, 1, 1).
template <class T>
void p_relu(Upgrading<T>& up) {
  const Constant<T>* slope = up.constant_input(1);
  if (!slope || slope->shape().count() != 1) throw ParameterError("slope", "several", "one, before opset 7");
}

template <class T>
void check_is_test(Upgrading<T>& up) {
  if (up.node.integer("is_test", 0) == 0) throw ParameterError("is_test", "0, which is training", "1");
  up.node.attributes.erase("is_test");
}

// `spatial` = 0 normalised every position by itself; more outputs than one meant training.
template <class T>
void batch_normalization(Upgrading<T>& up) {
  if (up.node.integer("spatial", 1) != 1) throw ParameterError("spatial", "0", "1, as all opsets from 9 on have it");
  up.node.attributes.erase("spatial");
  for (size_t output = 1; output < up.node.outputs.size(); ++output) {
    if (up.node.outputs[output] != kNoValue) throw ParameterError("outputs", "those of training", "Y alone");
  }
  up.node.outputs.resize(std::min<size_t>(up.node.outputs.size(), 1));
}

template <class T>
void clip(Upgrading<T>& up) {
  up.real_to_input("min", 1);
  up.real_to_input("max", 2);
}

// Only in training does the ratio mean anything.
template <class T>
void dropout(Upgrading<T>& up) {
  up.node.attributes.erase("ratio");
}

template <class T>
void pad(Upgrading<T>& up) {
  up.integers_to_input("pads", 1);
  up.real_to_input("value", 2);
}

template <class T>
void axes(Upgrading<T>& up) {
  up.integers_to_input("axes", 1);
}

template <class T>
void slice(Upgrading<T>& up) {
  up.integers_to_input("starts", 1);
  up.integers_to_input("ends", 2);
  up.integers_to_input("axes", 3);
}

template <class T>
void split_sizes(Upgrading<T>& up) {
  up.integers_to_input("split", 1);
}

// As many parts as there are outputs, where no sizes are given.
template <class T>
void split_count(Upgrading<T>& up) {
  if (up.input(1) == kNoValue) up.node.attributes["num_outputs"] = static_cast<int64_t>(up.node.outputs.size());
}

template <class T>
void top_k(Upgrading<T>& up) {
  up.integer_to_input("k", 1);
}

// These took the axes before `axis` for rows, and the others, all together, for what is normalised: now a Flatten
// before, and a Reshape to the input's shape behind, which cost nothing.
template <class T>
void softmax(Upgrading<T>& up) {
  const int64_t axis = up.node.integer("axis", 1);
  constexpr int64_t kLast = -1;
  up.node.attributes["axis"] = kLast;
  if (axis == kLast || up.node.inputs.size() != 1 || up.node.outputs.size() != 1) return;
  const Node& node = up.node;
  const ValueId shape = up.add_value("shape"), rows = up.add_value("rows"), result = up.add_value("normalised rows");
  Node take_shape{"Shape", "", {node.inputs[0]}, {shape}, {}};
  Node flatten{"Flatten", "", {node.inputs[0]}, {rows}, {{"axis", axis}}};
  Node normalise{node.operation, node.name, {rows}, {result}, {{"axis", kLast}}};
  Node reshape{"Reshape", "", {result, shape}, {node.outputs[0]}, {{"allowzero", int64_t{1}}}};
  up.node = std::move(take_shape);
  up.after = {std::move(flatten), std::move(normalise), std::move(reshape)};
}

// Positions were counted from the first pixel.
template <class T>
void count_from_first(Upgrading<T>& up, const char* nearest_mode) {
  up.node.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
  up.node.attributes["nearest_mode"] = std::string(nearest_mode);
}

template <class T>
void upsample(Upgrading<T>& up) {
  up.node.operation = "Resize";
  if (up.node.has("scales")) {
    const auto& attribute = up.node.attributes["scales"];
    const auto* scales = std::get_if<std::vector<double>>(&attribute);
    if (!scales) throw ParameterError("scales", "an attribute of another type", "numbers");
    const auto count = static_cast<int64_t>(scales->size());
    auto values = Tensor<T, 1>::uninitialized({count});
    std::transform(scales->begin(), scales->end(), values.begin(), [](double scale) { return static_cast<T>(scale); });
    up.set_input(1, up.add_value("scales", Constant<T>(std::move(values), Dims{count})));
    up.node.attributes.erase("scales");
  }
  const ValueId scales = up.input(1);
  up.set_input(1, kNoValue);
  up.set_input(2, scales);
  count_from_first(up, "floor");
}

// Between pixels the nearest one was the one before where an image grows, and the one behind where it shrinks.
template <class T>
void resize_by_scales(Upgrading<T>& up) {
  const ValueId scales = up.input(1);
  bool grows = false, shrinks = false;
  const Constant<T>* known = up.constant_input(1);
  if (known && known->element() == Element::kReal) {
    const auto values = known->view().real();
    for (int64_t i = 0; i < values.size(); ++i) (values.data[i] < 1 ? shrinks : grows) |= values.data[i] != 1;
  }
  if (grows && shrinks && up.node.text("mode", "nearest") == "nearest") {
    throw ParameterError("scales", "some below and some above 1", "one direction, in opset 10");
  }
  up.set_input(1, kNoValue);
  up.set_input(2, scales);
  count_from_first(up, shrinks ? "ceil" : "floor");
}

// Arrays of no elements stand for inputs that are left out.
template <class T>
void resize(Upgrading<T>& up) {
  for (size_t index = 1; index < up.node.inputs.size(); ++index) {
    const Constant<T>* constant = up.constant_input(index);
    if (constant && constant->shape().count() == 0) up.node.inputs[index] = kNoValue;
  }
}

template <class T>
struct Row {
  const char* operation;
  int64_t before;  // applies to opsets before this one
  void (*change)(Upgrading<T>&);
};

constexpr int64_t kAlways = 1 << 20;

// In the order in which an operation's rows apply.
template <class T>
constexpr Row<T> kRows[] = {
    {"Add", 7, broadcast<T>},
    {"And", 7, broadcast<T>},
    {"BatchNormalization", 7, check_is_test<T>},
    {"BatchNormalization", 14, batch_normalization<T>},
    {"Clip", 11, clip<T>},
    {"Div", 7, broadcast<T>},
    {"Dropout", 7, check_is_test<T>},
    {"Dropout", 12, dropout<T>},
    {"Equal", 7, broadcast<T>},
    {"Gemm", 7, gemm<T>},
    {"Greater", 7, broadcast<T>},
    {"Hardmax", 13, softmax<T>},
    {"Less", 7, broadcast<T>},
    {"LogSoftmax", 13, softmax<T>},
    {"Mul", 7, broadcast<T>},
    {"Or", 7, broadcast<T>},
    {"PRelu", 7, p_relu<T>},
    {"Pad", 11, pad<T>},
    {"Pow", 7, broadcast<T>},
    {"ReduceL1", 18, axes<T>},
    {"ReduceL2", 18, axes<T>},
    {"ReduceLogSum", 18, axes<T>},
    {"ReduceLogSumExp", 18, axes<T>},
    {"ReduceMax", 18, axes<T>},
    {"ReduceMean", 18, axes<T>},
    {"ReduceMin", 18, axes<T>},
    {"ReduceProd", 18, axes<T>},
    {"ReduceSum", 13, axes<T>},
    {"ReduceSumSquare", 18, axes<T>},
    {"Resize", 11, resize_by_scales<T>},
    {"Resize", kAlways, resize<T>},
    {"Slice", 10, slice<T>},
    {"Softmax", 13, softmax<T>},
    {"Split", 13, split_sizes<T>},
    {"Split", 18, split_count<T>},
    {"Squeeze", 13, axes<T>},
    {"Sub", 7, broadcast<T>},
    {"TopK", 10, top_k<T>},
    {"Unsqueeze", 13, axes<T>},
    {"Upsample", kAlways, upsample<T>},
    {"Xor", 7, broadcast<T>},
};

}  // namespace

std::string_view newest_name(std::string_view operation) { return operation == "Upsample" ? "Resize" : operation; }

template <class T>
void upgrade(Graph<T>& graph, Node node, int64_t opset) {
  const std::string operation = node.operation;
  Upgrading<T> up{graph, std::move(node), opset, {}};
  for (const Row<T>& row : kRows<T>) {
    if (operation == row.operation && opset < row.before) row.change(up);
  }
  graph.nodes.push_back(std::move(up.node));
  std::move(up.after.begin(), up.after.end(), std::back_inserter(graph.nodes));
}

template void upgrade(Graph<float>&, Node, int64_t);
template void upgrade(Graph<double>&, Node, int64_t);

}  // namespace convstep::onnx
