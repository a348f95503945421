// fuse.cc: a Conv or Gemm that adds a residual to its sums and applies an activation to them before it stores them.
//
// The bits are those of the nodes one after the other: a sum is rounded before the residual is added, and the kernels
// of the activation are the same.
#include <algorithm>

#include "network/passes/links.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

bool has_activation(const Node& node) { return node.has("activation"); }
bool is_layer(const Node* node) { return is(node, "Conv") || is(node, "Gemm"); }

struct Fused {
  const char* name;  // the attribute `activation` of graph.h
  double slope = 0;
};

template <class T>
std::optional<Fused> activation_of(const Graph<T>& graph, const Node& node) {
  for (const char* name : {"Relu", "Sigmoid", "Tanh"}) {
    if (node.operation == name) return Fused{name};
  }
  if (node.operation == "LeakyRelu") return Fused{"LeakyRelu", node.real("alpha", 0.01)};
  if (node.operation != "Clip") return {};
  const auto least = real_constant(graph, input_of(node, 1)), most = real_constant(graph, input_of(node, 2));
  const bool is_relu6 = least && most && least->size() == 1 && most->size() == 1 && (*least)[0] == 0 && (*most)[0] == 6;
  return is_relu6 ? std::optional(Fused{"Relu6"}) : std::nullopt;
}

template <class T>
class Fuser {
 public:
  Fuser(Graph<T>& graph, std::span<const ValueInfo<T>> values) : graph_(graph), values_(values), links_(graph) {}

  void run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!fuse_activation(n)) fuse_residual(n);
    }
    erase_nodes(graph_);
  }

 private:
  // The layer that the value comes from, if only one node reads it and it is ready to have more.
  Node* open_layer(ValueId id) {
    Node* layer = id == kNoValue || links_.reads(id) > 1 ? nullptr : links_.giver(id, graph_);
    return is_layer(layer) && !has_activation(*layer) ? layer : nullptr;
  }

  // The layer stays where it is, and gives the output of node n.
  bool fuse_activation(size_t n) {
    Node& node = graph_.nodes[n];
    const auto fused = activation_of(graph_, node);
    Node* layer = fused ? open_layer(node.inputs[0]) : nullptr;
    if (!layer) return false;
    layer->attributes["activation"] = std::string(fused->name);
    if (node.operation == "LeakyRelu") layer->attributes["slope"] = fused->slope;
    links_.set_giver(node.outputs[0], links_.giver_index(node.inputs[0]));
    layer->outputs[0] = node.outputs[0];
    node.operation.clear();
    return true;
  }

  const Dims& shape(ValueId id) const { return values_[static_cast<size_t>(id)].shape; }

  // The layer takes the place of node n, for the residual may be computed after it. Of two that could, the later one.
  void fuse_residual(size_t n) {
    Node& node = graph_.nodes[n];
    const bool is_sum = node.operation == "Add" || node.operation == "Sum";
    if (!is_sum || node.inputs.size() != 2 || !(shape(node.inputs[0]) == shape(node.inputs[1]))) return;
    int later = -1;
    ValueId residual = kNoValue;
    for (const size_t k : {size_t{0}, size_t{1}}) {
      const Node* layer = open_layer(node.inputs[k]);
      if (!is(layer, "Conv") || input_of(*layer, 3) != kNoValue) continue;
      if (links_.giver_index(node.inputs[k]) < later) continue;
      later = links_.giver_index(node.inputs[k]);
      residual = node.inputs[1 - k];
    }
    if (later < 0) return;
    Node& layer = graph_.nodes[static_cast<size_t>(later)];
    layer.inputs.resize(4, kNoValue);
    layer.inputs[3] = residual;
    layer.outputs[0] = node.outputs[0];
    node = std::move(layer);
    graph_.nodes[static_cast<size_t>(later)].operation.clear();
  }

  Graph<T>& graph_;
  std::span<const ValueInfo<T>> values_;
  Links<T> links_;
};

}  // namespace

template <class T>
void fuse(Graph<T>& graph, std::span<const ValueInfo<T>> values) {
  Fuser<T>(graph, values).run();
}

template void fuse(Graph<float>&, std::span<const ValueInfo<float>>);
template void fuse(Graph<double>&, std::span<const ValueInfo<double>>);

}  // namespace convstep::network
