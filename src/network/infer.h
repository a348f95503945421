// infer.h: what is known of every value of a graph, before it runs.
#pragma once

#include "network/operation.h"

namespace convstep::network {

// A node with its operation, and what is known of its inputs and outputs. It borrows the node.
template <class T>
struct InferredNode {
  const Node* node;
  const Operation<T>* operation;  // null where something about its inputs is not known
  std::vector<ValueInfo<T>> inputs;
  Inferred<T> inferred;

  Request<T> request() const { return {*node, inputs}; }
};

template <class T>
struct InferredGraph {
  std::vector<ValueInfo<T>> values;  // kNone: nothing is known
  std::vector<InferredNode<T>> nodes;
};

// `inputs` says what the graph will be given: one for each of its inputs, or none at all, where nothing is known of
// them. Throws ShapeError or ParameterError, which name the node.
template <class T>
InferredGraph<T> infer_graph(const Graph<T>& graph, std::span<const ValueInfo<T>> inputs);

// The same of one node.
template <class T>
InferredNode<T> infer_node(const Graph<T>& graph, const Node& node, std::span<const ValueInfo<T>> values);

// Puts the nodes in order. Throws ParameterError where that cannot be (sort_nodes); where operations are not there, all
// of which it names; and where nothing gives an output of the graph.
template <class T>
void check_graph(Graph<T>& graph);

// May the input have this shape?
bool is_as_declared(const GraphInput& input, const Dims& shape);

// What a graph's input is, where it is given an array of this shape whose axes have this order in memory. Throws
// ShapeError, naming the input, where it is declared otherwise.
template <class T>
ValueInfo<T> input_info(const Graph<T>& graph, const GraphInput& input, const Dims& shape, const Dims& order);

// What is known of a constant.
template <class T>
ValueInfo<T> constant_info(const Constant<T>& constant);

}  // namespace convstep::network
