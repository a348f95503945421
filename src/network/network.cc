// network.cc: a graph as a network of the public face.
#include "convstep/network.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "convstep/error.h"
#include "network/face.h"
#include "network/from_graph.h"
#include "network/state.h"
#include "runtime/fork_safe_mutex.h"

namespace convstep {
namespace network {
namespace {

bool turns(const Node& node, const std::vector<int64_t>& perm) {
  return node.operation == "Transpose" && node.integers("perm") == perm;
}

// Does the graph take it as (N, H, W, C), and turn it itself?
template <class T>
bool is_turned_first(const Graph<T>& graph, ValueId input) {
  bool is_read = false;
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id != input) continue;
      if (!turns(node, {0, 3, 1, 2})) return false;
      is_read = true;
    }
  }
  return is_read;
}

template <class T>
bool is_turned_last(const Graph<T>& graph, ValueId output) {
  for (const Node& node : graph.nodes) {
    if (!node.outputs.empty() && node.outputs[0] == output) return turns(node, {0, 2, 3, 1});
  }
  return false;
}

std::string text_of(const std::vector<int64_t>& shape) {
  return convstep::to_string(shape.data(), static_cast<int>(shape.size()));
}

std::vector<std::vector<int64_t>> usual_shapes(const std::vector<NetworkArrayInfo>& inputs) {
  std::vector<std::vector<int64_t>> shapes;
  for (const NetworkArrayInfo& input : inputs) {
    if (!input.usual_shape) {
      throw ParameterError(input.name, text_of(input.shape), "a plan for a shape of yours", "-1 is free");
    }
    shapes.push_back(*input.usual_shape);
  }
  return shapes;
}

std::optional<Dims> usual_shape(const GraphInput& input) {
  Dims shape(input.usual.empty() ? input.shape : input.usual);
  if (shape.rank() > 0 && shape[0] < 0) shape[0] = 1;
  if (std::any_of(shape.begin(), shape.end(), [](int64_t length) { return length < 0; })) return std::nullopt;
  return shape;
}

}  // namespace

std::vector<std::string> known_operations() { return operation_names(); }

Passes passes_of(const NetworkOptions& options) { return {.fold_affine = !options.keep_roundings}; }

template <class T>
FaceInputs<T> face_inputs(const typename Network<T>::State& state, std::span<const std::vector<int64_t>> shapes) {
  const Graph<T>& graph = state.prepared;
  if (shapes.size() != graph.inputs.size()) {
    throw ParameterError("inputs", std::to_string(shapes.size()) + " shapes", std::to_string(graph.inputs.size()));
  }
  FaceInputs<T> inputs;
  for (size_t k = 0; k < shapes.size(); ++k) {
    const GraphInput& input = graph.inputs[k];
    const int rank = static_cast<int>(shapes[k].size());
    if (shapes[k].size() != input.shape.size()) {
      throw ShapeError(graph[input.value].name, text_of(shapes[k]), std::to_string(input.shape.size()) + " axes");
    }
    inputs.axes.push_back(face_axes(rank, state.inputs_as_they_are[k]));
    inputs.infos.push_back(input_info(graph, input, of_graph(shapes[k], inputs.axes.back()), inputs.axes.back()));
  }
  return inputs;
}

template <class T>
Network<T> make_network(Graph<T> graph, const NetworkOptions& options, std::vector<bool> inputs_as_they_are,
                        std::vector<bool> outputs_as_they_are) {
  check_graph(graph);
  if (graph.outputs.empty()) throw ParameterError("outputs", "none", "at least one");
  auto state = std::make_shared<typename Network<T>::State>();
  state->options = options;
  state->inputs_as_they_are = std::move(inputs_as_they_are);
  state->outputs_as_they_are = std::move(outputs_as_they_are);
  state->prepared = graph;
  state->graph = std::move(graph);
  run_passes(state->prepared, passes_of(options));
  return Network<T>(std::shared_ptr<const typename Network<T>::State>(std::move(state)));
}

template <class T>
Network<T> make_network(Graph<T> graph, const NetworkOptions& options, ImageAxes axes) {
  std::vector<bool> inputs, outputs;
  for (const GraphInput& input : graph.inputs) {
    inputs.push_back(axes == ImageAxes::kOfGraph || is_turned_first(graph, input.value));
  }
  for (const ValueId output : graph.outputs) {
    outputs.push_back(axes == ImageAxes::kOfGraph || is_turned_last(graph, output));
  }
  return make_network(std::move(graph), options, std::move(inputs), std::move(outputs));
}

template Network<float> make_network(Graph<float>, const NetworkOptions&, std::vector<bool>, std::vector<bool>);
template Network<double> make_network(Graph<double>, const NetworkOptions&, std::vector<bool>, std::vector<bool>);
template Network<float> make_network(Graph<float>, const NetworkOptions&, ImageAxes);
template Network<double> make_network(Graph<double>, const NetworkOptions&, ImageAxes);

}  // namespace network

template <class T>
Network<T>::Network(std::shared_ptr<const State> state) : state_(std::move(state)) {}
template <class T>
Network<T>::~Network() = default;
template <class T>
Network<T>::Network(const Network&) = default;
template <class T>
Network<T>::Network(Network&&) noexcept = default;
template <class T>
Network<T>& Network<T>::operator=(const Network&) = default;
template <class T>
Network<T>& Network<T>::operator=(Network&&) noexcept = default;

namespace {

template <class T>
Network<T> layer_after_layer(NetworkBuilder<T>& build, typename NetworkBuilder<T>::Value value,
                             std::span<const NetworkLayer> layers, const NetworkOptions& options) {
  for (const NetworkLayer& layer : layers) value = build.layer(value, layer);
  build.output(value);
  return build.network(options);
}

}  // namespace

template <class T>
Network<T>::Network(const Shape<3>& image, std::span<const NetworkLayer> layers, uint64_t seed,
                    const NetworkOptions& options) {
  NetworkBuilder<T> build(seed);
  *this = layer_after_layer(build, build.input(image), layers, options);
}
template <class T>
Network<T> Network<T>::of_rows(Count columns, std::span<const NetworkLayer> layers, uint64_t seed,
                               const NetworkOptions& options) {
  NetworkBuilder<T> build(seed);
  return layer_after_layer(build, build.input_rows(columns), layers, options);
}
template <class T>
Network<T>::Network(const Shape<3>& image, std::initializer_list<NetworkLayer> layers, uint64_t seed,
                    const NetworkOptions& options)
    : Network(image, std::span<const NetworkLayer>(layers.begin(), layers.size()), seed, options) {}

template <class T>
NetworkPlan<T> Network<T>::plan(std::span<const std::vector<int64_t>> inputs, const NetworkPlanOptions& options) const {
  if (options.memory_bytes < 0) {
    throw ParameterError("memory", std::to_string(options.memory_bytes), "0 (any) or more");
  }
  network::FaceInputs<T> face = network::face_inputs<T>(*state_, inputs);
  std::vector<network::Dims> output_axes;
  network::Program<T> program(state_->prepared, face.infos,
                              {.passes = network::passes_of(state_->options), .memory_limit = options.memory_bytes});
  const std::vector<network::ValueInfo<T>> outputs = program.outputs();
  for (size_t k = 0; k < outputs.size(); ++k) {
    output_axes.push_back(network::face_axes(outputs[k].shape.rank(), state_->outputs_as_they_are[k]));
  }
  return NetworkPlan<T>(std::shared_ptr<const typename NetworkPlan<T>::State>(
      new typename NetworkPlan<T>::State{std::move(program), std::move(face.axes), std::move(output_axes)}));
}

template <class T>
NetworkPlan<T> Network<T>::plan(const std::vector<int64_t>& input, const NetworkPlanOptions& options) const {
  return plan(std::span<const std::vector<int64_t>>(&input, 1), options);
}

template <class T>
auto Network<T>::State::find(const PlanKey& key) const -> PlanPointer {
  const std::lock_guard lock(fork_safe_mutex(this));
  return find_locked(key);
}

template <class T>
auto Network<T>::State::find_locked(const PlanKey& key) const -> PlanPointer {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.plan && kept.key == key; });
  if (found == kept_.end()) return nullptr;
  std::rotate(kept_.begin(), found, found + 1);
  return kept_[0].plan;
}

template <class T>
auto Network<T>::State::keep(PlanKey key, PlanPointer plan) const -> PlanPointer {
  Kept forgotten{std::move(key), std::move(plan)};  // freed after the mutex
  const std::lock_guard lock(fork_safe_mutex(this));
  if (PlanPointer other = find_locked(forgotten.key)) return other;
  std::rotate(kept_.begin(), kept_.end() - 1, kept_.end());
  std::swap(kept_[0], forgotten);
  return kept_[0].plan;
}

template <class T>
std::shared_ptr<const NetworkPlan<T>> Network<T>::kept_plan(std::span<const std::vector<int64_t>> inputs,
                                                            const NetworkPlanOptions& options) const {
  typename State::PlanKey key{{inputs.begin(), inputs.end()}, options.memory_bytes, simd_target()};
  if (auto plan = state_->find(key)) return plan;
  auto plan = std::make_shared<const NetworkPlan<T>>(this->plan(inputs, options));
  return state_->keep(std::move(key), std::move(plan));
}

template <class T>
std::vector<NetworkOutput<T>> Network<T>::run(std::span<const NetworkArray<const T>> inputs,
                                              const RunOptions& options) const {
  std::vector<std::vector<int64_t>> shapes;
  for (const auto& input : inputs) shapes.emplace_back(input.shape().begin(), input.shape().end());
  const auto plan = kept_plan(shapes);
  std::vector<NetworkOutput<T>> outputs;
  std::vector<NetworkArray<T>> arrays;
  for (const NetworkArrayInfo& info : plan->outputs()) outputs.emplace_back(info.shape, info.is_integer);
  for (NetworkOutput<T>& output : outputs) arrays.push_back(output.array());
  plan->run(inputs, arrays, options);
  return outputs;
}

template <class T>
NetworkOutput<T> Network<T>::run(const NetworkArray<const T>& input, const RunOptions& options) const {
  if (state_->graph.outputs.size() != 1) {
    throw ParameterError("outputs", "1", std::to_string(state_->graph.outputs.size()));
  }
  return std::move(run(std::span<const NetworkArray<const T>>(&input, 1), options)[0]);
}

template <class T>
std::vector<NetworkArrayInfo> Network<T>::inputs() const {
  std::vector<NetworkArrayInfo> infos;
  for (size_t k = 0; k < state_->graph.inputs.size(); ++k) {
    const network::GraphInput& input = state_->graph.inputs[k];
    const network::Dims axes = network::face_axes(static_cast<int>(input.shape.size()), state_->inputs_as_they_are[k]);
    infos.push_back({state_->graph[input.value].name, network::in_order(network::Dims(input.shape), axes),
                     input.element == network::Element::kInteger});
    if (const auto usual = network::usual_shape(input)) infos.back().usual_shape = network::in_order(*usual, axes);
  }
  return infos;
}

template <class T>
std::vector<NetworkArrayInfo> Network<T>::outputs() const {
  std::vector<NetworkArrayInfo> infos;
  for (const network::ValueId id : state_->graph.outputs) infos.push_back({state_->graph[id].name, {}, false});
  return infos;
}

template <class T>
int64_t Network<T>::parameters() const {
  int64_t count = 0;
  for (const network::Value<T>& value : state_->graph.values) {
    if (value.constant.element() == network::Element::kReal) count += value.constant.shape().count();
  }
  return count;
}

template <class T>
std::string Network<T>::describe() const {
  return plan(network::usual_shapes(inputs())).describe();
}
template <class T>
std::string Network<T>::profile(Count runs, const RunOptions& options) const {
  return plan(network::usual_shapes(inputs())).profile(runs, options);
}

template class Network<float>;
template class Network<double>;
template network::FaceInputs<float> network::face_inputs<float>(const Network<float>::State&,
                                                                std::span<const std::vector<int64_t>>);
template network::FaceInputs<double> network::face_inputs<double>(const Network<double>::State&,
                                                                  std::span<const std::vector<int64_t>>);

}  // namespace convstep
