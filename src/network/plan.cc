// plan.cc: a program as a plan of the public face.
#include <array>

#include "convstep/error.h"
#include "network/face.h"
#include "network/random.h"
#include "network/state.h"
#include "network/table.h"

namespace convstep {
namespace {

template <class T>
std::vector<NetworkArrayInfo> infos_of(const std::vector<network::ValueInfo<T>>& values,
                                       const std::vector<network::Dims>& axes, const network::Graph<T>& graph,
                                       const std::vector<network::ValueId>& ids) {
  std::vector<NetworkArrayInfo> infos;
  for (size_t k = 0; k < values.size(); ++k) {
    infos.push_back({graph[ids[k]].name, network::in_order(values[k].shape, axes[k]),
                     values[k].element == network::Element::kInteger});
  }
  return infos;
}

// With zeros, or numbers between -1 and 1.
template <class T>
void fill(const NetworkArray<T>& array, size_t count) {
  network::Random random(1);
  for (size_t i = 0; i < count; ++i) {
    if (array.is_integer()) {
      static_cast<int64_t*>(array.data())[i] = 0;
    } else {
      static_cast<T*>(array.data())[i] = static_cast<T>(random.between_ones());
    }
  }
}

template <class T>
std::vector<network::ValueId> input_ids(const network::Graph<T>& graph) {
  std::vector<network::ValueId> ids;
  for (const network::GraphInput& input : graph.inputs) ids.push_back(input.value);
  return ids;
}

}  // namespace

template <class T>
void NetworkArray<T>::set_axes(std::span<const int64_t> shape, std::span<const int64_t> strides) {
  if (shape.size() > kMostAxes) {
    throw ShapeError("shape", std::to_string(shape.size()) + " axes", "at most " + std::to_string(kMostAxes));
  }
  if (strides.size() != shape.size()) {
    throw ShapeError("strides", std::to_string(strides.size()) + " strides", std::to_string(shape.size()));
  }
  element_count("shape", shape.data(), static_cast<int>(shape.size()), sizeof(double));
  rank_ = static_cast<int>(shape.size());
  std::copy(shape.begin(), shape.end(), shape_);
  std::copy(strides.begin(), strides.end(), strides_);
}

template <class T>
NetworkOutput<T>::NetworkOutput(std::vector<int64_t> shape, bool is_integer)
    : shape_(std::move(shape)), is_integer_(is_integer) {
  const int64_t count = element_count("shape", shape_.data(), static_cast<int>(shape_.size()), sizeof(double));
  if (is_integer) {
    integers_ = Tensor<int64_t, 1>::uninitialized({count});
  } else {
    values_ = Tensor<T, 1>::uninitialized({count});
  }
}

template <class T>
NetworkArray<T> NetworkOutput<T>::array() {
  const network::Dims shape(shape_), strides = network::dense_strides(shape, network::row_major(shape.rank()));
  const std::span<const int64_t> steps(strides.begin(), strides.end());
  if (is_integer_) return NetworkArray<T>(integers_.data(), shape_, steps);
  return NetworkArray<T>(values_.data(), shape_, steps);
}

template <class T>
void NetworkOutput<T>::check_axes(int rank) const {
  if (is_integer_) throw ShapeError("output", "whole numbers", "real numbers");
  if (static_cast<int>(shape_.size()) != rank) {
    throw ShapeError("output", to_string(shape_.data(), static_cast<int>(shape_.size())),
                     std::to_string(rank) + " axes");
  }
}

template <class T>
NetworkPlan<T>::NetworkPlan(std::shared_ptr<const State> state) : state_(std::move(state)) {}
template <class T>
NetworkPlan<T>::~NetworkPlan() = default;
template <class T>
NetworkPlan<T>::NetworkPlan(NetworkPlan&&) noexcept = default;
template <class T>
NetworkPlan<T>& NetworkPlan<T>::operator=(NetworkPlan&&) noexcept = default;

template <class T>
void NetworkPlan<T>::run(std::span<const NetworkArray<const T>> inputs, std::span<const NetworkArray<T>> outputs,
                         const RunOptions& options) const {
  run_timed(inputs, outputs, options, {});
}

template <class T>
void NetworkPlan<T>::run_timed(std::span<const NetworkArray<const T>> inputs, std::span<const NetworkArray<T>> outputs,
                               const RunOptions& options, std::span<double> seconds) const {
  // Most networks have one or two of each, for which nothing is allocated.
  constexpr size_t kFew = 8;
  std::array<network::ArrayView<T>, kFew> few;
  std::vector<network::ArrayView<T>> many;
  const size_t count = inputs.size() + outputs.size();
  if (count > kFew) many.resize(count);
  const std::span<network::ArrayView<T>> views(count > kFew ? many.data() : few.data(), count);
  const auto axes_of = [](const std::vector<network::Dims>& axes, size_t k, size_t rank) {
    return k < axes.size() ? axes[k] : network::row_major(static_cast<int>(rank));
  };
  for (size_t k = 0; k < inputs.size(); ++k) {
    const NetworkArray<const T>& array = inputs[k];
    views[k] = network::of_graph<T>(array, axes_of(state_->input_axes, k, array.shape().size()));
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const NetworkArray<T>& array = outputs[k];
    views[inputs.size() + k] = network::of_graph<T>(array, axes_of(state_->output_axes, k, array.shape().size()));
  }
  state_->program.run(views.first(inputs.size()), views.last(outputs.size()), options, seconds);
}

template <class T>
void NetworkPlan<T>::run(std::initializer_list<NetworkArray<const T>> inputs,
                         std::initializer_list<NetworkArray<T>> outputs, const RunOptions& options) const {
  run(std::span<const NetworkArray<const T>>(inputs.begin(), inputs.size()),
      std::span<const NetworkArray<T>>(outputs.begin(), outputs.size()), options);
}

template <class T>
void NetworkPlan<T>::run(const NetworkArray<const T>& input, const NetworkArray<T>& output,
                         const RunOptions& options) const {
  run(std::span<const NetworkArray<const T>>(&input, 1), std::span<const NetworkArray<T>>(&output, 1), options);
}

template <class T>
std::vector<NetworkArrayInfo> NetworkPlan<T>::inputs() const {
  const network::Graph<T>& graph = state_->program.graph();
  return infos_of(state_->program.inputs(), state_->input_axes, graph, input_ids(graph));
}

template <class T>
std::vector<NetworkArrayInfo> NetworkPlan<T>::outputs() const {
  const network::Graph<T>& graph = state_->program.graph();
  return infos_of(state_->program.outputs(), state_->output_axes, graph, graph.outputs);
}

template <class T>
size_t NetworkPlan<T>::memory_bytes() const {
  return state_->program.memory_bytes();
}

template <class T>
std::vector<NetworkStep> NetworkPlan<T>::steps() const {
  std::vector<NetworkStep> steps;
  for (const network::StepInfo<T>& info : state_->program.steps()) {
    const network::ValueInfo<T>& output = info.output;
    steps.push_back({info.name, info.operation, info.method, network::in_order(output.shape, output.order),
                     info.parameters, info.multiply_adds,
                     output.shape.count() * network::element_size<T>(output.element)});
  }
  return steps;
}

template <class T>
std::vector<NetworkStep> NetworkPlan<T>::measured_steps(Count runs, const RunOptions& options) const {
  if (runs < 1) throw ParameterError("runs", std::to_string(runs.value), "1 or more");
  std::vector<NetworkOutput<T>> inputs, outputs;
  std::vector<NetworkArray<const T>> from;
  std::vector<NetworkArray<T>> to;
  for (const NetworkArrayInfo& info : this->inputs()) inputs.emplace_back(info.shape, info.is_integer);
  for (const NetworkArrayInfo& info : this->outputs()) outputs.emplace_back(info.shape, info.is_integer);
  for (NetworkOutput<T>& input : inputs) {
    const NetworkArray<T> array = input.array();
    fill(array, input.is_integer() ? input.integers().size() : input.values().size());
    from.push_back(array);
  }
  for (NetworkOutput<T>& output : outputs) to.push_back(output.array());

  std::vector<NetworkStep> steps = this->steps();
  std::vector<double> seconds(steps.size());
  for (int64_t run = 0; run < runs; ++run) {
    run_timed(from, to, options, seconds);
    for (size_t k = 0; k < steps.size(); ++k) {
      if (run == 0 || seconds[k] < steps[k].seconds) steps[k].seconds = seconds[k];
    }
  }
  return steps;
}

template <class T>
std::string NetworkPlan<T>::describe() const {
  return network::table_of(steps(), memory_bytes(), false);
}

template <class T>
std::string NetworkPlan<T>::profile(Count runs, const RunOptions& options) const {
  return network::table_of(measured_steps(runs, options), memory_bytes(), true);
}

template class NetworkArray<float>;
template class NetworkArray<double>;
template class NetworkArray<const float>;
template class NetworkArray<const double>;
template class NetworkOutput<float>;
template class NetworkOutput<double>;
template class NetworkPlan<float>;
template class NetworkPlan<double>;

}  // namespace convstep
