// fold_pads.cc: a Pad whose border its reader can imagine.
#include <algorithm>
#include <limits>

#include "network/passes/links.h"
#include "network/passes/passes.h"

namespace convstep::network {
namespace {

// What a Pad adds to the two last of its input's axes: top, left, bottom, right, as ONNX's `pads`.
struct Border {
  std::vector<int64_t> pads;
  double value;
};

// Of an image of `axes` axes besides N and C. Nothing, where it does other things as well.
template <class T>
std::optional<Border> border_of(const Graph<T>& graph, const Node& node, size_t axes) {
  if (node.operation != "Pad" || node.text("mode", "constant") != "constant") return {};
  const auto pads = integer_constant(graph, input_of(node, 1));
  const size_t rank = axes + 2;
  if (!pads) return {};
  std::vector<int64_t> which;
  if (input_of(node, 3) != kNoValue) {
    const auto given = integer_constant(graph, node.inputs[3]);
    if (!given) return {};
    which = *given;
  } else {
    for (size_t axis = 0; axis < rank; ++axis) which.push_back(static_cast<int64_t>(axis));
  }
  if (pads->size() != 2 * which.size()) return {};
  Border border{std::vector<int64_t>(2 * axes, 0), 0};
  for (size_t i = 0; i < which.size(); ++i) {
    const int64_t axis = which[i] < 0 ? which[i] + static_cast<int64_t>(rank) : which[i];
    const int64_t before = (*pads)[i], after = (*pads)[which.size() + i];
    if (before == 0 && after == 0) continue;
    if (axis < 2 || axis >= static_cast<int64_t>(rank) || before < 0 || after < 0) return {};
    border.pads[static_cast<size_t>(axis) - 2] = before;
    border.pads[static_cast<size_t>(axis) - 2 + axes] = after;
  }
  if (input_of(node, 2) != kNoValue) {
    const auto value = real_constant(graph, node.inputs[2]);
    if (!value || value->size() != 1) return {};
    border.value = value->front();
  }
  return border;
}

// The padding of the node itself. Nothing, where a rule makes it.
std::optional<std::vector<int64_t>> own_pads(const Node& node, size_t axes) {
  const std::string rule = node.text("auto_pad", "NOTSET");
  const std::vector<int64_t> none(2 * axes, 0);
  if (rule == "VALID") return none;
  if (rule != "NOTSET" && !rule.empty()) return {};
  return node.integers("pads", none);
}

// Max pooling pads with what is smaller than everything. So the border may be anything that is no larger than any
// value: minus infinity, or 0 around what is never negative. Each window must then read a value besides.
bool max_ignores(const Border& border, const Node* giver_of_image, const Node& pool, const std::vector<int64_t>& pads) {
  const std::vector<int64_t> window = pool.integers("kernel_shape");
  for (size_t k = 0; k < pads.size(); ++k) {
    if (pads[k] >= window[k % window.size()]) return false;
  }
  const bool has_indices = pool.outputs.size() > 1 && pool.outputs[1] != kNoValue;
  if (has_indices || pool.integer("ceil_mode", 0) != 0) return false;
  return border.value == -std::numeric_limits<double>::infinity() || (border.value == 0 && is(giver_of_image, "Relu"));
}

template <class T>
void fold_pad(Graph<T>& graph, const Links<T>& links, Node& node, const Node& pad) {
  const bool is_conv = node.operation == "Conv";
  if (is_conv && input_of(node, 1) == kNoValue) return;
  size_t axes = node.integers("kernel_shape").size();
  if (is_conv) {
    const Dims& weights = graph[node.inputs[1]].constant.shape();
    if (weights.rank() < 3) return;  // not known, or wrong
    axes = static_cast<size_t>(weights.rank()) - 2;
  }
  const auto border = border_of(graph, pad, axes);
  auto pads = own_pads(node, axes);
  if (axes == 0 || !border || !pads || pads->size() != border->pads.size()) return;
  for (size_t k = 0; k < pads->size(); ++k) {
    if (__builtin_add_overflow((*pads)[k], border->pads[k], &(*pads)[k])) return;
  }
  const Node* giver_of_image = links.giver(input_of(pad, 0), graph);
  if (is_conv ? border->value != 0 : !max_ignores(*border, giver_of_image, node, *pads)) return;
  node.attributes["pads"] = *pads;
  node.attributes.erase("auto_pad");
  node.inputs[0] = pad.inputs[0];
}

}  // namespace

template <class T>
void fold_pads(Graph<T>& graph) {
  const Links<T> links(graph);
  for (Node& node : graph.nodes) {
    if (node.operation != "Conv" && node.operation != "MaxPool") continue;
    const Node* pad = links.giver(input_of(node, 0), graph);
    if (is(pad, "Pad")) fold_pad(graph, links, node, *pad);
  }
}

template void fold_pads(Graph<float>&);
template void fold_pads(Graph<double>&);

}  // namespace convstep::network
