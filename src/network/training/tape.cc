#include "network/training/tape.h"

#include <algorithm>

#include "network/node_error.h"
#include "network/operations/elementwise.h"

namespace convstep::network {
namespace {

template <class T>
std::vector<ArrayView<T>> arrays_of(const std::vector<ValueId>& ids, const std::vector<ArrayView<T>>& all) {
  std::vector<ArrayView<T>> some;
  for (const ValueId id : ids) some.push_back(id == kNoValue ? ArrayView<T>() : all[static_cast<size_t>(id)]);
  return some;
}

}  // namespace

template <class T>
Tape<T>::Tape(const TrainedGraph<T>& trained, std::span<const ValueInfo<T>> inputs)
    : graph_(trained.graph), inferred_(infer_graph(trained.graph, inputs)) {
  const size_t count = graph_.values.size();
  places_.resize(count);
  arrays_.resize(count);
  grads_.resize(count);
  is_trained_.resize(count);
  is_written_.resize(count);
  for (const ValueId id : trained.trained) is_trained_[static_cast<size_t>(id)] = true;
  has_gradient_ = values_with_gradients(trained);
  for (size_t v = 0; v < count; ++v) {
    if (graph_.values[v].constant) arrays_[v] = graph_.values[v].constant.view();
    if (has_gradient_[v] && !is_trained_[v]) grads_[v] = room(places_[v].gradient, inferred_.values[v]);
  }
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    Work work{&node, inferred_.nodes[n], {}, nullptr, true};
    const Request<T> request = work.inferred.request();
    const GradientRule<T>* rule = find_rule<T>(node.operation);
    const bool has_gradient = has_gradient_[static_cast<size_t>(node.outputs[0])];
    naming_node(graph_, node, [&] {
      if (has_gradient) {
        work.backward = rule->make(request, work.inferred.inferred);
        work.accumulates = rule->accumulates;
      }
      if (has_gradient && rule->make_forward) {
        work.forward = rule->make_forward(request, work.inferred.inferred);
      } else if (!work.inferred.inferred.view) {
        work.forward = work.inferred.operation->make(request, work.inferred.inferred);
      }
    });
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue || work.inferred.inferred.view) continue;
      const size_t v = static_cast<size_t>(node.outputs[k]);
      if (inferred_.values[v].element == Element::kReal) arrays_[v] = room(places_[v].values, inferred_.values[v]);
    }
    works_.push_back(std::move(work));
  }
}

template <class T>
ArrayView<T> Tape<T>::room(Tensor<T, 1>& memory, const ValueInfo<T>& info) const {
  memory = Tensor<T, 1>::uninitialized({std::max<int64_t>(info.shape.count(), 1)});
  return NdView<T>{memory.data(), info.shape, dense_strides(info.shape, info.order)};
}

// Those that come from a trained array.
template <class T>
std::vector<bool> Tape<T>::values_with_gradients(const TrainedGraph<T>&) const {
  std::vector<bool> has = is_trained_;
  for (const Node& node : graph_.nodes) {
    const bool any = std::any_of(node.inputs.begin(), node.inputs.end(),
                                 [&](ValueId id) { return id != kNoValue && has[static_cast<size_t>(id)]; });
    if (any && find_rule<T>(node.operation)) has[static_cast<size_t>(node.outputs[0])] = true;
  }
  return has;
}

template <class T>
void Tape<T>::run(std::span<const ArrayView<T>> inputs, const RunOptions& options) {
  for (size_t k = 0; k < inputs.size(); ++k) arrays_[static_cast<size_t>(graph_.inputs[k].value)] = inputs[k];
  for (const Work& work : works_) {
    const std::vector<ArrayView<T>> from = arrays_of(work.node->inputs, arrays_);
    if (work.inferred.inferred.view) {
      arrays_[static_cast<size_t>(work.node->outputs[0])] = work.inferred.inferred.view(from[0]);
      continue;
    }
    const std::vector<ArrayView<T>> to = arrays_of(work.node->outputs, arrays_);
    naming_node(graph_, *work.node, [&] { work.forward.run({from, to}, options); });
  }
}

template <class T>
void Tape<T>::run_back(const ArrayView<T>& output_grad, std::span<const ArrayView<T>> trained_grads, bool accumulate,
                       const RunOptions& options) {
  std::fill(is_written_.begin(), is_written_.end(), false);
  size_t next = 0;
  for (size_t k = graph_.inputs.size() - trained_grads.size(); k < graph_.inputs.size(); ++k) {
    const size_t v = static_cast<size_t>(graph_.inputs[k].value);
    grads_[v] = trained_grads[next++];
    is_written_[v] = accumulate;
  }
  const size_t output = static_cast<size_t>(graph_.outputs[0]);
  copy(output_grad, grads_[output], options);
  is_written_[output] = true;
  for (size_t n = works_.size(); n-- > 0;) {
    const size_t v = static_cast<size_t>(works_[n].node->outputs[0]);
    // Nothing that reads it leads to the output: so it has no gradient.
    if (works_[n].backward && is_written_[v]) add_back(works_[n], options);
  }
}

template <class T>
void Tape<T>::add_back(const Work& work, const RunOptions& options) {
  const Node& node = *work.node;
  const std::vector<ArrayView<T>> inputs = arrays_of(node.inputs, arrays_), outputs = arrays_of(node.outputs, arrays_);
  std::vector<ArrayView<T>> grads = arrays_of(node.inputs, grads_);
  const auto adds = std::make_unique<bool[]>(grads.size());
  std::vector<size_t> apart;  // gradients that are computed by themselves, and then added
  for (size_t k = 0; k < grads.size(); ++k) {
    if (!grads[k]) continue;
    const size_t v = static_cast<size_t>(node.inputs[k]);
    // Twice the same input, x * x: each has its own gradient.
    const bool is_repeated = std::find(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(k),
                                       node.inputs[k]) != node.inputs.begin() + static_cast<std::ptrdiff_t>(k);
    adds[k] = is_written_[v] || is_repeated;
    if (adds[k] && !work.accumulates) apart.push_back(k);
  }
  int64_t needed = 0;
  for (const size_t k : apart) needed += grads[k].shape.count();
  if (scratch_.size() < needed) scratch_ = Tensor<T, 1>::uninitialized({needed});
  std::vector<ArrayView<T>> targets = grads;
  T* free = scratch_.data();
  for (const size_t k : apart) {
    targets[k].data = free;
    targets[k].strides = dense_strides(grads[k].shape, inferred_.values[static_cast<size_t>(node.inputs[k])].order);
    free += grads[k].shape.count();
    adds[k] = false;
  }
  const ArrayView<T>& output_grad = grads_[static_cast<size_t>(node.outputs[0])];
  naming_node(graph_, node, [&] {
    work.backward({inputs, outputs, output_grad, targets, {adds.get(), grads.size()}}, options);
  });
  static const BinaryRun<T, T, T> kSum = binary_run<T, T, T>([](T a, T b) { return a + b; });
  for (const size_t k : apart) apply(kSum, grads[k].real(), targets[k].real(), grads[k].real(), options);
  for (size_t k = 0; k < grads.size(); ++k) {
    if (grads[k]) is_written_[static_cast<size_t>(node.inputs[k])] = true;
  }
}

template class Tape<float>;
template class Tape<double>;

}  // namespace convstep::network
