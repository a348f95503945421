// fold_affine.cc: what multiplies and shifts channels becomes part of the weights beside it.
//
// Results differ in their rounding: products of weights are rounded once more, those of values once less; and a sum
// starts from the number that was added to it. Both are within the bounds of a convolution (docs/architecture.md).
#include <algorithm>
#include <cmath>

#include "network/passes/affine.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

// A node with weights, of which one axis counts its output channels and another one the input channels of a group.
struct Layer {
  int rank;                     // of what it reads and writes
  int output_axis, input_axis;  // of its weights
  int64_t groups, outputs;
};

template <class T>
std::optional<Layer> layer_of(const Graph<T>& graph, const Node& node) {
  if (input_of(node, 1) == kNoValue || !graph[node.inputs[1]].constant || node.has("activation")) return {};
  const Constant<T>& weights = graph[node.inputs[1]].constant;
  if (weights.element() != Element::kReal || weights.shape().count() == 0) return {};
  const bool has_bias = input_of(node, 2) != kNoValue;
  if (has_bias && !graph[node.inputs[2]].constant) return {};
  const Dims& shape = weights.shape();
  if (node.operation == "Conv" && input_of(node, 3) == kNoValue && shape.rank() >= 3) {
    const int64_t groups = node.integer("group", 1);
    if (groups < 1 || shape[0] % groups != 0) return {};
    return Layer{shape.rank(), 0, 1, groups, shape[0]};
  }
  if (node.operation == "ConvTranspose" && node.integer("group", 1) == 1 && shape.rank() >= 3) {
    return Layer{shape.rank(), 1, 0, 1, shape[1]};
  }
  // alpha * A * B + beta * C
  const bool is_plain = node.real("alpha", 1) == 1 && node.real("beta", 1) == 1;
  if (node.operation == "Gemm" && shape.rank() == 2 && is_plain) {
    const int output = node.integer("transB", 0) ? 0 : 1;
    return Layer{2, output, 1 - output, 1, shape[output]};
  }
  return {};
}

// The bias, or zeros. Nothing, where it is not one number for each output.
template <class T>
std::optional<std::vector<double>> bias_of(const Graph<T>& graph, const Node& node, const Layer& layer) {
  const size_t count = static_cast<size_t>(layer.outputs);
  if (input_of(node, 2) == kNoValue) return std::vector<double>(count, 0);
  auto bias = real_constant(graph, node.inputs[2]);
  if (bias && bias->size() == 1 && node.operation == "Gemm") bias->resize(count, bias->front());
  if (!bias || bias->size() != count || graph[node.inputs[2]].constant.shape().rank() > 2) return {};
  const Dims& shape = graph[node.inputs[2]].constant.shape();
  if (shape.rank() == 2 && shape[0] != 1) return {};  // (N, 1)
  return bias;
}

// Walks over weights, in the order in which they lie in memory: body(weight, its output channel, its input channel).
template <class T, class Body>
void for_weights(const Constant<T>& weights, const Layer& layer, const Body& body) {
  const NdView<T> view = weights.view().real();
  Dims order = order_of(view.shape, view.strides);
  // Axes of one element first: a row of weights is to be as long as it can be.
  std::stable_partition(order.begin(), order.end(),
                        [&](int64_t axis) { return view.shape[static_cast<int>(axis)] == 1; });
  const int inner = static_cast<int>(order[order.rank() - 1]);
  const int64_t inputs = view.shape[layer.input_axis], group_outputs = layer.outputs / layer.groups;
  const int64_t length = view.shape[inner], step = view.strides[inner];
  const int64_t output_step = inner == layer.output_axis, input_step = inner == layer.input_axis;
  Dims index = Dims::filled(view.rank(), 0);
  for (int64_t row = view.size() / length; row > 0; --row) {
    T* weight = view.data;
    for (int axis = 0; axis < view.rank(); ++axis) weight += index[axis] * view.strides[axis];
    int64_t output = index[layer.output_axis], input = index[layer.input_axis];
    for (int64_t k = 0; k < length; ++k, weight += step, output += output_step, input += input_step) {
      const int64_t group = layer.groups == 1 ? 0 : output / group_outputs;
      body(*weight, static_cast<size_t>(output), static_cast<size_t>(group * inputs + input));
    }
    for (int k = order.rank() - 2; k >= 0; --k) {
      const int axis = static_cast<int>(order[k]);
      if (++index[axis] < view.shape[axis]) break;
      index[axis] = 0;
    }
  }
}

// As the parameters of the node, if all of them are numbers of type T.
template <class T>
bool set_parameters(Graph<T>& graph, Node& node, const Constant<T>& weights, const std::vector<double>& bias) {
  bool all_finite = true;
  const NdView<T> dense = weights.view().real();
  const T* const end = dense.data + dense.size();
  for (const T* weight = dense.data; weight < end; ++weight) all_finite &= std::isfinite(*weight);
  auto values = Tensor<T, 1>::uninitialized({static_cast<int64_t>(bias.size())});
  std::transform(bias.begin(), bias.end(), values.begin(), [](double x) { return static_cast<T>(x); });
  for (const T value : values) all_finite &= std::isfinite(value);
  if (!all_finite) return false;
  const std::string name = graph[node.inputs[1]].name;
  const Dims shape{values.size()};
  node.inputs[1] = graph.add_value(name, weights);
  node.inputs.resize(std::max<size_t>(node.inputs.size(), 3), kNoValue);
  node.inputs[2] = graph.add_value(name + ", bias", Constant<T>(std::move(values), shape));
  return true;
}

// A copy of the weights, in the order in which they lie in memory.
template <class T>
Constant<T> copy_of_weights(const Graph<T>& graph, const Node& node) {
  const ArrayView<T>& view = graph[node.inputs[1]].constant.view();
  return Constant<T>(view, order_of(view.shape, view.strides));
}

// The layer, followed by the affine node.
template <class T>
bool fold_behind(Graph<T>& graph, Node& node, const Layer& layer, const Affine& affine) {
  auto bias = bias_of(graph, node, layer);
  if (!bias) return false;
  const Constant<T> weights = copy_of_weights(graph, node);
  for_weights(weights, layer, [&](T& weight, size_t output, size_t) {
    weight = static_cast<T>(static_cast<double>(weight) * affine.scale[output]);
  });
  for (size_t o = 0; o < bias->size(); ++o) (*bias)[o] = (*bias)[o] * affine.scale[o] + affine.shift[o];
  return set_parameters(graph, node, weights, *bias);
}

bool has_no_padding(const Node& node) {
  const std::vector<int64_t> pads = node.integers("pads");
  const std::string rule = node.text("auto_pad", "NOTSET");
  const bool is_explicit = rule == "NOTSET" || rule == "VALID" || rule.empty();
  return is_explicit && std::all_of(pads.begin(), pads.end(), [](int64_t pad) { return pad == 0; });
}

// The affine node, followed by the layer. Its zeros of padding are not shifted, so there must be none where there are
// shifts; nor may these be what makes large values small.
template <class T>
bool fold_ahead(Graph<T>& graph, Node& node, const Layer& layer, const Affine& affine) {
  const bool shifts = std::any_of(affine.shift.begin(), affine.shift.end(), [](double x) { return x != 0; });
  if (shifts && !(affine.input_is_small && has_no_padding(node))) return false;
  if (node.operation == "ConvTranspose" || node.integer("transA", 0)) return false;
  auto bias = bias_of(graph, node, layer);
  if (!bias) return false;
  const Constant<T> weights = copy_of_weights(graph, node);
  for_weights(weights, layer, [&](T& weight, size_t output, size_t input) {
    (*bias)[output] += static_cast<double>(weight) * affine.shift[input];
    weight = static_cast<T>(static_cast<double>(weight) * affine.scale[input]);
  });
  return set_parameters(graph, node, weights, *bias);
}

}  // namespace

template <class T>
void fold_affine(Graph<T>& graph) {
  Links<T> links(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    // Behind a layer: of what the node reads, one is a layer's output, and nobody else reads it.
    for (const ValueId id : std::vector<ValueId>(node.inputs)) {
      Node* before = links.giver(id, graph);
      const auto layer = before ? layer_of(graph, *before) : std::nullopt;
      const auto affine = layer ? affine_of(graph, node, layer->rank, layer->outputs) : std::nullopt;
      if (!affine || affine->input != id || links.reads(id) > 1) continue;
      if (!fold_behind(graph, *before, *layer, *affine)) continue;
      before->outputs[0] = node.outputs[0];
      links.set_giver(node.outputs[0], links.giver_index(id));
      node.operation.clear();
      break;
    }
    if (node.operation.empty()) continue;
    // Ahead of a layer.
    const auto layer = layer_of(graph, node);
    Node* before = layer ? links.giver(node.inputs[0], graph) : nullptr;
    if (!before || links.reads(node.inputs[0]) > 1) continue;
    const int64_t inputs = graph[node.inputs[1]].constant.shape()[layer->input_axis] * layer->groups;
    const auto affine = affine_of(graph, *before, layer->rank, inputs);
    if (!affine || !fold_ahead(graph, node, *layer, *affine)) continue;
    node.inputs[0] = affine->input;
    before->operation.clear();
  }
  erase_nodes(graph);
}

template void fold_affine(Graph<float>&);
template void fold_affine(Graph<double>&);

}  // namespace convstep::network
