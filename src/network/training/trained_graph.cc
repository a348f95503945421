// trained_graph.cc: a network's graph made ready to be trained.
#include <algorithm>

#include "network/fold.h"
#include "network/node_error.h"
#include "network/passes/links.h"
#include "network/training/tape.h"

namespace convstep::network {
namespace {

// The activation that is an attribute of a layer becomes a node behind it.
template <class T>
void take_activations_apart(Graph<T>& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const std::string activation = node.text("activation", "");
    if (activation.empty()) {
      nodes.push_back(std::move(node));
      continue;
    }
    const ValueId output = node.outputs[0], sums = graph.add_value(graph[output].name + ".sums");
    Node curve{activation, node.name, {sums}, {output}, {}};
    if (activation == "LeakyRelu") curve.attributes["alpha"] = node.real("slope", 0.01);
    if (activation == "Relu6") {
      const auto number = [&](T value) { return graph.add_value("", Constant<T>(Tensor<T, 1>({1}, {value}), {})); };
      curve.operation = "Clip";
      curve.inputs.push_back(number(0));
      curve.inputs.push_back(number(6));
    }
    node.outputs[0] = sums;
    node.attributes.erase("activation");
    node.attributes.erase("slope");
    nodes.push_back(std::move(node));
    nodes.push_back(std::move(curve));
  }
  graph.nodes = std::move(nodes);
}

// Outputs that nobody reads, of nodes that have several: where a maximum was.
template <class T>
void drop_unread_outputs(Graph<T>& graph) {
  const Links<T> links(graph);
  for (Node& node : graph.nodes) {
    while (node.outputs.size() > 1 && (node.outputs.back() == kNoValue || links.reads(node.outputs.back()) == 0)) {
      node.outputs.pop_back();
    }
  }
}

// The constants that are trained, in the order in which layers read them.
template <class T>
std::vector<ValueId> parameters_of(const Graph<T>& graph) {
  std::vector<ValueId> parameters;
  for (const Node& node : graph.nodes) {
    const GradientRule<T>* rule = find_rule<T>(node.operation);
    if (!rule) continue;
    for (const size_t k : rule->parameters) {
      const ValueId id = input_of(node, k);
      if (id == kNoValue || graph[id].constant.element() != Element::kReal) continue;
      if (std::find(parameters.begin(), parameters.end(), id) == parameters.end()) parameters.push_back(id);
    }
  }
  return parameters;
}

// That a gradient finds its way from the output to each of them.
template <class T>
void check_rules(const Graph<T>& graph, const std::vector<ValueId>& parameters) {
  std::vector<bool> has_gradient(graph.values.size());
  for (const ValueId id : parameters) has_gradient[static_cast<size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    const auto has = [&](ValueId id) { return id != kNoValue && has_gradient[static_cast<size_t>(id)]; };
    if (std::none_of(node.inputs.begin(), node.inputs.end(), has)) continue;
    if (!find_rule<T>(node.operation)) {
      throw ParameterError(
          describe(graph, node), "an operation whose gradient is not known", "operations that can be trained",
          node.operation == "Softmax" ? "cross-entropy has a softmax of its own"
                                      : "layers, poolings, activations, Add, Mul, Concat and reshapes");
    }
    has_gradient[static_cast<size_t>(node.outputs[0])] = true;
  }
}

}  // namespace

template <class T>
TrainedGraph<T> trained_graph(Graph<T> graph, bool drops_softmax) {
  graph.outputs.resize(1);
  const Node* last = Links<T>(graph).giver(graph.outputs[0], std::as_const(graph));
  if (drops_softmax && is(last, "Softmax")) graph.outputs[0] = last->inputs[0];
  take_activations_apart(graph);
  drop_unread(graph);
  drop_unread_outputs(graph);

  TrainedGraph<T> result;
  result.trained = parameters_of(graph);
  if (result.trained.empty()) {
    throw ParameterError("network", "no weights", "at least one convolution or linear layer, to be trained");
  }
  check_rules(graph, result.trained);
  for (const ValueId id : result.trained) {
    const Constant<T> constant = std::exchange(graph[id].constant, {});
    graph.inputs.push_back({id, Element::kReal, {constant.shape().begin(), constant.shape().end()}});
    result.begin_with.push_back(constant);
  }
  result.graph = std::move(graph);
  return result;
}

template TrainedGraph<float> trained_graph(Graph<float>, bool);
template TrainedGraph<double> trained_graph(Graph<double>, bool);

}  // namespace convstep::network
