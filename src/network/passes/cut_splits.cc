// cut_splits.cc: the parts of a Split are views of the whole, as what Slice gives is.
#include "network/passes/links.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

template <class T>
ValueId add_integer(Graph<T>& graph, const std::string& name, int64_t value) {
  return graph.add_value(name, Constant<T>(Tensor<int64_t, 1>({1}, {value}), {1}));
}

}  // namespace

template <class T>
void cut_splits(Graph<T>& graph, const InferredGraph<T>& inferred) {
  std::vector<Node> nodes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    const InferredNode<T>& known = inferred.nodes[n];
    if (node.operation != "Split" || !known.operation) {
      nodes.push_back(std::move(node));
      continue;
    }
    const int axis = check_axis("axis", node.integer("axis", 0), known.inputs[0].shape.rank());
    int64_t begin = 0;
    for (size_t k = 0; k < known.inferred.outputs.size() && k < node.outputs.size(); ++k) {
      const int64_t end = begin + known.inferred.outputs[k].shape[axis];
      if (node.outputs[k] != kNoValue) {
        const ValueId starts = add_integer(graph, "starts", begin), ends = add_integer(graph, "ends", end);
        const ValueId axes = add_integer(graph, "axes", axis);
        nodes.push_back({"Slice", node.name, {node.inputs[0], starts, ends, axes}, {node.outputs[k]}, {}});
      }
      begin = end;
    }
  }
  graph.nodes = std::move(nodes);
}

template void cut_splits(Graph<float>&, const InferredGraph<float>&);
template void cut_splits(Graph<double>&, const InferredGraph<double>&);

}  // namespace convstep::network
