// links.h: who gives and who reads each value of a graph, for passes.
#pragma once

#include <optional>

#include "network/graph.h"

namespace convstep::network {

// A pass that changes who reads what keeps this up to date itself, where it asks again.
template <class T>
class Links {
 public:
  explicit Links(const Graph<T>& graph);

  // The node that the value comes from; null for inputs, constants, and where it is left out.
  Node* giver(ValueId id, Graph<T>& graph) const {
    const int node = giver_index(id);
    return node < 0 ? nullptr : &graph.nodes[static_cast<size_t>(node)];
  }
  const Node* giver(ValueId id, const Graph<T>& graph) const {
    const int node = giver_index(id);
    return node < 0 ? nullptr : &graph.nodes[static_cast<size_t>(node)];
  }
  int giver_index(ValueId id) const {
    const bool is_new = id >= static_cast<ValueId>(givers_.size());  // a constant that the pass made
    return id == kNoValue || is_new ? -1 : givers_[static_cast<size_t>(id)];
  }
  // So often it is read, where to be an output of the graph counts as well.
  int reads(ValueId id) const { return reads_[static_cast<size_t>(id)]; }
  // From now on the value comes from this node.
  void set_giver(ValueId id, int node) { givers_[static_cast<size_t>(id)] = node; }

 private:
  std::vector<int> givers_, reads_;
};

// Leaves out the nodes whose operation a pass has set to "".
template <class T>
void erase_nodes(Graph<T>& graph);

// The elements of a constant of real numbers, where `id` is one: in row-major order.
template <class T>
std::optional<std::vector<double>> real_constant(const Graph<T>& graph, ValueId id);
// The same of whole numbers.
template <class T>
std::optional<std::vector<int64_t>> integer_constant(const Graph<T>& graph, ValueId id);

inline ValueId input_of(const Node& node, size_t index) {
  return index < node.inputs.size() ? node.inputs[index] : kNoValue;
}
inline bool is(const Node* node, std::string_view operation) { return node && node->operation == operation; }

}  // namespace convstep::network
