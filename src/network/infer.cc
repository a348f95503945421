#include "network/infer.h"

#include <set>

#include "network/node_error.h"

namespace convstep::network {
namespace {

// That its elements can be counted, and that its order is one.
template <class T>
void check_info(const char* argument, const ValueInfo<T>& info) {
  if (info) element_count(argument, info.shape.begin(), info.shape.rank(), sizeof(double));
}

std::string declared_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t length : shape) {
    text += (text.empty() ? "" : ", ") + (length < 0 ? std::string("any") : std::to_string(length));
  }
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

// Says so in the order of axes that the caller knows.
[[noreturn]] void throw_not_as_declared(const std::string& name, const GraphInput& input, const Dims& shape,
                                        const Dims& order) {
  if (static_cast<size_t>(shape.rank()) != input.shape.size()) {
    throw ShapeError(name, to_string(shape), declared_text(input.shape));
  }
  throw ShapeError(name, to_string(Dims(in_order(shape, order))), declared_text(in_order(Dims(input.shape), order)));
}

}  // namespace

bool is_as_declared(const GraphInput& input, const Dims& shape) {
  if (static_cast<int>(input.shape.size()) != shape.rank()) return false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t declared = input.shape[static_cast<size_t>(axis)];
    if (shape[axis] < 0 || (declared >= 0 && declared != shape[axis])) return false;
  }
  return true;
}

template <class T>
InferredNode<T> infer_node(const Graph<T>& graph, const Node& node, std::span<const ValueInfo<T>> values) {
  InferredNode<T> result{&node, nullptr, {}, {}};
  for (const ValueId id : node.inputs) {
    if (id != kNoValue && !values[static_cast<size_t>(id)]) return result;
    result.inputs.push_back(id == kNoValue ? ValueInfo<T>() : values[static_cast<size_t>(id)]);
  }
  naming_node(graph, node, [&] {
    const Operation<T>* operation = find_operation<T>(node.operation);
    if (!operation) throw ParameterError("operation", node.operation, "one that convstep has");
    if (node.inputs.size() > operation->most_inputs) {
      throw ParameterError("inputs", std::to_string(node.inputs.size()),
                           "at most " + std::to_string(operation->most_inputs));
    }
    result.inferred = operation->infer(result.request());
    for (const ValueInfo<T>& output : result.inferred.outputs) check_info("output", output);
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] != kNoValue && (k >= result.inferred.outputs.size() || !result.inferred.outputs[k])) {
        throw ParameterError("outputs", "output " + std::to_string(k), "outputs that convstep computes");
      }
    }
    result.operation = operation;
  });
  return result;
}

template <class T>
InferredGraph<T> infer_graph(const Graph<T>& graph, std::span<const ValueInfo<T>> inputs) {
  InferredGraph<T> result;
  for (const Value<T>& value : graph.values) result.values.push_back(constant_info(value.constant));
  for (size_t k = 0; k < inputs.size(); ++k) {
    result.values[static_cast<size_t>(graph.inputs[k].value)] = inputs[k];
  }
  result.nodes.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    result.nodes.push_back(infer_node<T>(graph, node, result.values));
    const Inferred<T>& inferred = result.nodes.back().inferred;
    for (size_t k = 0; k < node.outputs.size() && k < inferred.outputs.size(); ++k) {
      if (node.outputs[k] != kNoValue) result.values[static_cast<size_t>(node.outputs[k])] = inferred.outputs[k];
    }
  }
  return result;
}

template <class T>
void check_graph(Graph<T>& graph) {
  std::set<std::string> missing;
  std::vector<bool> is_given(graph.values.size(), false);
  for (size_t v = 0; v < is_given.size(); ++v) is_given[v] = static_cast<bool>(graph.values[v].constant);
  for (const GraphInput& input : graph.inputs) is_given[static_cast<size_t>(input.value)] = true;
  for (const Node& node : graph.nodes) {
    if (!find_operation<T>(node.operation)) missing.insert(node.operation);
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) is_given[static_cast<size_t>(id)] = true;
    }
  }
  if (!missing.empty()) {
    std::string names;
    for (const std::string& name : missing) names.append(names.empty() ? "" : ", ").append(name);
    throw ParameterError("graph", names, "operations that convstep has");
  }
  sort_nodes(graph);
  for (const ValueId id : graph.outputs) {
    if (is_given[static_cast<size_t>(id)]) continue;
    throw ParameterError("outputs", "'" + graph[id].name + "', which nothing gives", "values that are given");
  }
}

template <class T>
ValueInfo<T> input_info(const Graph<T>& graph, const GraphInput& input, const Dims& shape, const Dims& order) {
  const std::string& name = graph[input.value].name;
  if (!is_as_declared(input, shape)) throw_not_as_declared(name, input, shape, order);
  const ValueInfo<T> info(input.element, shape, order);
  check_info(name.c_str(), info);
  return info;
}

template <class T>
ValueInfo<T> constant_info(const Constant<T>& constant) {
  if (!constant) return {};
  const ArrayView<T>& view = constant.view();
  return {view.element, view.shape, order_of(view.shape, view.strides), view};
}

template InferredNode<float> infer_node(const Graph<float>&, const Node&, std::span<const ValueInfo<float>>);
template InferredGraph<float> infer_graph(const Graph<float>&, std::span<const ValueInfo<float>>);
template void check_graph(Graph<float>&);
template ValueInfo<float> input_info(const Graph<float>&, const GraphInput&, const Dims&, const Dims&);
template ValueInfo<float> constant_info(const Constant<float>&);
template InferredNode<double> infer_node(const Graph<double>&, const Node&, std::span<const ValueInfo<double>>);
template InferredGraph<double> infer_graph(const Graph<double>&, std::span<const ValueInfo<double>>);
template void check_graph(Graph<double>&);
template ValueInfo<double> input_info(const Graph<double>&, const GraphInput&, const Dims&, const Dims&);
template ValueInfo<double> constant_info(const Constant<double>&);

}  // namespace convstep::network
