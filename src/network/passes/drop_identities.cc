#include "network/passes/passes.h"

namespace convstep::network {
namespace {

bool passes_its_input_on(const Node& node) {
  if (node.operation == "Identity") return true;
  const bool has_mask = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
  return node.operation == "Dropout" && !has_mask;
}

}  // namespace

template <class T>
void drop_identities(Graph<T>& graph) {
  std::vector<ValueId> now(graph.values.size());  // what is read in the place of each value
  for (size_t v = 0; v < now.size(); ++v) now[v] = static_cast<ValueId>(v);
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) {
      if (id != kNoValue) id = now[static_cast<size_t>(id)];
    }
    if (passes_its_input_on(node)) {
      now[static_cast<size_t>(node.outputs[0])] = node.inputs[0];
    } else {
      kept.push_back(std::move(node));
    }
  }
  for (ValueId& id : graph.outputs) id = now[static_cast<size_t>(id)];
  graph.nodes = std::move(kept);
}

template void drop_identities(Graph<float>&);
template void drop_identities(Graph<double>&);

}  // namespace convstep::network
