#include "network/passes/links.h"

#include <algorithm>

namespace convstep::network {
namespace {

template <class Result, class U>
std::vector<Result> elements(const NdView<U>& view) {
  auto dense = Tensor<U, 1>::uninitialized({view.size()});
  const Dims strides = dense_strides(view.shape, row_major(view.rank()));
  copy<U>({view.data, view.shape, view.strides}, {dense.data(), view.shape, strides});
  return {dense.begin(), dense.end()};
}

template <class T>
const Constant<T>* constant_of(const Graph<T>& graph, ValueId id, Element element) {
  if (id == kNoValue || graph[id].constant.element() != element) return nullptr;
  return &graph[id].constant;
}

}  // namespace

template <class T>
Links<T>::Links(const Graph<T>& graph) : givers_(graph.values.size(), -1), reads_(graph.values.size(), 0) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs) {
      if (id != kNoValue) givers_[static_cast<size_t>(id)] = static_cast<int>(n);
    }
    for (const ValueId id : graph.nodes[n].inputs) {
      if (id != kNoValue) ++reads_[static_cast<size_t>(id)];
    }
  }
  for (const ValueId id : graph.outputs) ++reads_[static_cast<size_t>(id)];
}

template <class T>
void erase_nodes(Graph<T>& graph) {
  std::erase_if(graph.nodes, [](const Node& node) { return node.operation.empty(); });
}

template <class T>
std::optional<std::vector<double>> real_constant(const Graph<T>& graph, ValueId id) {
  const Constant<T>* constant = constant_of(graph, id, Element::kReal);
  if (!constant) return {};
  return elements<double>(constant->view().real());
}

template <class T>
std::optional<std::vector<int64_t>> integer_constant(const Graph<T>& graph, ValueId id) {
  const Constant<T>* constant = constant_of(graph, id, Element::kInteger);
  if (!constant) return {};
  return elements<int64_t>(constant->view().integers());
}

template class Links<float>;
template class Links<double>;
template void erase_nodes(Graph<float>&);
template void erase_nodes(Graph<double>&);
template std::optional<std::vector<double>> real_constant(const Graph<float>&, ValueId);
template std::optional<std::vector<double>> real_constant(const Graph<double>&, ValueId);
template std::optional<std::vector<int64_t>> integer_constant(const Graph<float>&, ValueId);
template std::optional<std::vector<int64_t>> integer_constant(const Graph<double>&, ValueId);

}  // namespace convstep::network
