#include "network/fold.h"

#include "network/node_error.h"

namespace convstep::network {
namespace {

// The same elements, dense in the order that they have.
template <class T>
Constant<T> made_dense(const Constant<T>& constant) {
  const ArrayView<T>& view = constant.view();
  const Dims order = order_of(view.shape, view.strides);
  return is_dense(view.shape, view.strides, order) ? constant : Constant<T>(view, order);
}

template <class T>
std::vector<ArrayView<T>> views_of(std::span<const Constant<T>> constants) {
  std::vector<ArrayView<T>> views;
  for (const Constant<T>& constant : constants) views.push_back(constant.view());
  return views;
}

// Of what compute() makes.
template <class T>
double bytes_of(const Inferred<T>& inferred) {
  double bytes = 0;
  for (const ValueInfo<T>& info : inferred.outputs) {
    if (info && !inferred.view) bytes += double(info.shape.count()) * sizeof(double);
  }
  return bytes;
}

}  // namespace

template <class T>
std::vector<Constant<T>> compute(const InferredNode<T>& node, std::span<const Constant<T>> inputs) {
  const Inferred<T>& inferred = node.inferred;
  if (inferred.view) {
    const Constant<T> from = inferred.view_takes_strides ? inputs[0] : made_dense(inputs[0]);
    return {from.viewed(inferred.view(from.view()))};
  }
  std::vector<Constant<T>> outputs;
  for (const ValueInfo<T>& info : inferred.outputs) {
    outputs.push_back(info ? Constant<T>::uninitialized(info.element, info.shape, info.order) : Constant<T>());
  }
  const Step<T> step = node.operation->make(node.request(), inferred);
  step.run({views_of<T>(inputs), views_of<T>(outputs)}, {});
  return outputs;
}

template <class T>
void drop_unread(Graph<T>& graph) {
  std::vector<bool> is_read(graph.values.size(), false);
  for (const ValueId id : graph.outputs) is_read[static_cast<size_t>(id)] = true;
  std::vector<Node> kept;
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    Node& node = graph.nodes[n];
    bool is_needed = false;
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      ValueId& id = node.outputs[k];
      if (id == kNoValue) continue;
      if (is_read[static_cast<size_t>(id)] && !graph[id].constant) {
        is_needed = true;
      } else if (k > 0) {  // the first one is what every operation computes
        id = kNoValue;
      }
    }
    if (!is_needed) continue;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) is_read[static_cast<size_t>(id)] = true;
    }
    if (node.outputs[0] == kNoValue) node.outputs[0] = graph.add_value("");  // which the step writes
    kept.push_back(std::move(node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
}

template <class T>
void fold_constants(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, int64_t most_bytes) {
  double room = static_cast<double>(most_bytes);
  std::vector<ValueInfo<T>> values;
  for (const Value<T>& value : graph.values) values.push_back(constant_info(value.constant));
  for (size_t k = 0; k < inputs.size(); ++k) values[static_cast<size_t>(graph.inputs[k].value)] = inputs[k];

  for (const Node& node : graph.nodes) {
    const InferredNode<T> known = infer_node<T>(graph, node, values);
    if (!known.operation) continue;
    std::vector<Constant<T>> constants;  // the inputs, where all are
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && !graph[id].constant) break;
      constants.push_back(id == kNoValue ? Constant<T>() : graph[id].constant);
    }
    std::vector<Constant<T>> outputs;
    const double bytes = bytes_of(known.inferred);
    if (constants.size() == node.inputs.size() && bytes <= room) {
      room -= bytes;
      outputs = naming_node(graph, node, [&] { return compute<T>(known, constants); });
    }
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      const ValueId id = node.outputs[k];
      if (id == kNoValue) continue;
      const ValueInfo<T>& info = known.inferred.outputs[k];
      if (k < outputs.size()) {
        graph[id].constant = outputs[k];
      } else if (info.constant) {
        graph[id].constant = Constant<T>(info.constant);
      }
      values[static_cast<size_t>(id)] = graph[id].constant ? constant_info(graph[id].constant) : info;
    }
  }
  drop_unread(graph);
}

template void fold_constants(Graph<float>&, std::span<const ValueInfo<float>>, int64_t);
template void fold_constants(Graph<double>&, std::span<const ValueInfo<double>>, int64_t);
template void drop_unread(Graph<float>&);
template void drop_unread(Graph<double>&);
template std::vector<Constant<float>> compute(const InferredNode<float>&, std::span<const Constant<float>>);
template std::vector<Constant<double>> compute(const InferredNode<double>&, std::span<const Constant<double>>);

}  // namespace convstep::network
