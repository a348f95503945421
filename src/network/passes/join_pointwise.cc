// join_pointwise.cc: operations by element that follow each other become one, Pointwise (operations/pointwise.cc):
// hard-swish and SiLU as files spell them out, and whatever else there is.
#include <algorithm>

#include "network/loop.h"
#include "network/operations/pointwise.h"
#include "network/passes/links.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

constexpr size_t kMostOperations = 16;

// Single operations that are joined: what the node Pointwise has as attributes.
struct Group {
  std::vector<Node> nodes;      // in order, the last one gives what the group gives
  std::vector<ValueId> inputs;  // from outside
};

template <class T>
class Joiner {
 public:
  Joiner(Graph<T>& graph, std::span<const ValueInfo<T>> values) : graph_(graph), values_(values), links_(graph) {}

  void run() {
    groups_.resize(graph_.nodes.size());
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!can_join(graph_.nodes[n])) continue;
      groups_[n].nodes = {graph_.nodes[n]};
      groups_[n].inputs = distinct(graph_.nodes[n].inputs);
      for (const ValueId id : std::vector<ValueId>(groups_[n].inputs)) take_in(n, id);
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (groups_[n].nodes.size() > 1) graph_.nodes[n] = joined(groups_[n]);
    }
    erase_nodes(graph_);
  }

 private:
  const ValueInfo<T>& info(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  bool is_single(ValueId id) const { return info(id).shape.count() == 1; }

  static std::vector<ValueId> distinct(const std::vector<ValueId>& ids) {
    std::vector<ValueId> found;
    for (const ValueId id : ids) {
      if (id != kNoValue && std::find(found.begin(), found.end(), id) == found.end()) found.push_back(id);
    }
    return found;
  }

  // Its inputs are of one shape and order, or single numbers.
  bool can_join(const Node& node) const {
    std::vector<ValueInfo<T>> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueInfo<T>() : info(id));
    if (!goes_by_element<T>(node, inputs) || node.outputs.size() != 1) return false;
    const ValueInfo<T>& output = info(node.outputs[0]);
    if (output.element != Element::kReal || output.shape.count() <= 1) return false;
    return std::all_of(inputs.begin(), inputs.end(), [&](const ValueInfo<T>& input) {
      const bool is_alike = input.shape == output.shape && input.order == output.order;
      return !input || (input.element == Element::kReal && (is_alike || input.shape.count() == 1));
    });
  }

  // The group that gives the value becomes part of that of node n, if nobody else reads the value.
  void take_in(size_t n, ValueId id) {
    const int giver = links_.giver_index(id);
    if (giver < 0 || groups_[static_cast<size_t>(giver)].nodes.empty()) return;
    Group &group = groups_[n], &earlier = groups_[static_cast<size_t>(giver)];
    const std::vector<ValueId>& last_inputs = group.nodes.back().inputs;
    if (links_.reads(id) != std::count(last_inputs.begin(), last_inputs.end(), id)) return;
    if (!(info(id).shape == info(group.nodes.back().outputs[0]).shape)) return;
    std::vector<ValueId> inputs = group.inputs;
    inputs.erase(std::find(inputs.begin(), inputs.end(), id));
    inputs.insert(inputs.end(), earlier.inputs.begin(), earlier.inputs.end());
    inputs = distinct(inputs);
    const auto arrays = std::count_if(inputs.begin(), inputs.end(), [&](ValueId input) { return !is_single(input); });
    if (arrays >= Run::kMostArrays || group.nodes.size() + earlier.nodes.size() > kMostOperations) return;
    group.inputs = std::move(inputs);
    group.nodes.insert(group.nodes.begin(), earlier.nodes.begin(), earlier.nodes.end());
    earlier = {};
    graph_.nodes[static_cast<size_t>(giver)].operation.clear();
  }

  Node joined(const Group& group) const {
    Node node{"Pointwise", group.nodes.back().name, group.inputs, group.nodes.back().outputs, {}};
    std::vector<std::string> operations;
    std::vector<int64_t> arguments;
    const auto place_of = [&](ValueId id) -> int64_t {
      for (size_t k = 0; k < group.inputs.size(); ++k) {
        if (group.inputs[k] == id) return static_cast<int64_t>(k);
      }
      for (size_t k = 0; k < group.nodes.size(); ++k) {
        if (group.nodes[k].outputs[0] == id) return static_cast<int64_t>(group.inputs.size() + k);
      }
      return -1;
    };
    for (size_t k = 0; k < group.nodes.size(); ++k) {
      operations.push_back(group.nodes[k].operation);
      arguments.push_back(static_cast<int64_t>(group.nodes[k].inputs.size()));
      for (const ValueId id : group.nodes[k].inputs) arguments.push_back(id == kNoValue ? -1 : place_of(id));
      for (const auto& [name, value] : group.nodes[k].attributes) {
        node.attributes[std::to_string(k) + "." + name] = value;
      }
    }
    node.attributes["operations"] = std::move(operations);
    node.attributes["arguments"] = std::move(arguments);
    return node;
  }

  Graph<T>& graph_;
  std::span<const ValueInfo<T>> values_;
  Links<T> links_;
  std::vector<Group> groups_;  // by the place of their last node
};

}  // namespace

template <class T>
void join_pointwise(Graph<T>& graph, std::span<const ValueInfo<T>> values) {
  Joiner<T>(graph, values).run();
}

template void join_pointwise(Graph<float>&, std::span<const ValueInfo<float>>);
template void join_pointwise(Graph<double>&, std::span<const ValueInfo<double>>);

}  // namespace convstep::network
