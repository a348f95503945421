#include "network/passes/links.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

bool passes_its_input_on(const Node& node) {
  if (input_of(node, 0) == kNoValue || node.outputs.empty() || node.outputs[0] == kNoValue) return false;
  if (node.operation == "Identity") return true;
  const bool has_mask = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
  return node.operation == "Dropout" && !has_mask;
}

}  // namespace

template <class T>
void drop_identities(Graph<T>& graph) {
  std::vector<ValueId> now(graph.values.size());  // what is read in the place of each value
  std::vector<bool> is_output(graph.values.size(), false);
  for (size_t v = 0; v < now.size(); ++v) now[v] = static_cast<ValueId>(v);
  for (const ValueId id : graph.outputs) is_output[static_cast<size_t>(id)] = true;
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) {
      if (id != kNoValue) id = now[static_cast<size_t>(id)];
    }
    // An output of the graph keeps its name.
    if (!passes_its_input_on(node) || is_output[static_cast<size_t>(node.outputs[0])]) continue;
    now[static_cast<size_t>(node.outputs[0])] = node.inputs[0];
    node.operation.clear();
  }
  erase_nodes(graph);
}

template void drop_identities(Graph<float>&);
template void drop_identities(Graph<double>&);

}  // namespace convstep::network
