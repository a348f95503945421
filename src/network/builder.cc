// builder.cc: networks built by hand, out of the same operations as those of files.
#include <algorithm>
#include <cmath>

#include "convstep/error.h"
#include "network/builder_state.h"
#include "network/from_graph.h"

namespace convstep {
namespace {

using network::add_activation;
using network::add_padding;
using network::Attributes;
using network::Constant;
using network::Dims;
using network::ValueId;

template <class T, int Rank>
Constant<T> copy_of(const char* argument, const View<const T, Rank>& view) {
  if (!view) throw ShapeError(argument, "none", "an array");
  auto values = Tensor<T, 1>::uninitialized({view.size()});
  copy_elements(view, values.data());
  return Constant<T>(std::move(values), Dims(view.shape()));
}

template <class T>
Constant<T> copy_of_bias(const View<const T, 1>& bias) {
  return bias ? copy_of("bias", bias) : Constant<T>();
}

void check_fast(Numerics numerics) {
  if (numerics != Numerics::kFast) throw ParameterError("numerics", "kNumpy", "kFast, which is that of networks");
}

}  // namespace

template <class T>
NetworkBuilder<T>::NetworkBuilder(uint64_t seed) : state_(std::make_unique<State>(seed)) {}
template <class T>
NetworkBuilder<T>::~NetworkBuilder() = default;
template <class T>
NetworkBuilder<T>::NetworkBuilder(NetworkBuilder&&) noexcept = default;
template <class T>
NetworkBuilder<T>& NetworkBuilder<T>::operator=(NetworkBuilder&&) noexcept = default;

template <class T>
auto NetworkBuilder<T>::input(const Shape<3>& image, const std::string& name) -> Value {
  for (const int64_t length : image) {
    if (length < 1) throw ShapeError(name, to_string(image), "(H, W, C), each 1 or more");
  }
  return {state_->add_input(name, {1, image[2], image[0], image[1]}, network::channels_last())};
}

template <class T>
auto NetworkBuilder<T>::input_rows(Count columns, const std::string& name) -> Value {
  if (columns < 1) throw ShapeError(name, std::to_string(columns.value), "1 or more columns");
  return {state_->add_input(name, {1, columns}, network::row_major(2))};
}

template <class T>
auto NetworkBuilder<T>::conv(Value x, View<const T, 4> weights, View<const T, 1> bias, const ConvOptions& options,
                             const std::string& name) -> Value {
  check_fast(options.numerics);
  if (options.algorithm != ConvAlgorithm::kAuto) {
    throw ParameterError("algorithm", "one of its own", "kAuto, which is that of networks");
  }
  return state_->add_weighted("Conv", name, x, network::as_filters(copy_of("weights", weights)), copy_of_bias(bias),
                              network::conv_attributes(options));
}

template <class T>
auto NetworkBuilder<T>::linear(Value x, View<const T, 2> weights, View<const T, 1> bias, const LinearOptions& options,
                               const std::string& name) -> Value {
  check_fast(options.numerics);
  Attributes attributes;
  add_activation(attributes, options.activation, options.slope);
  return state_->add_weighted("Gemm", name.empty() ? state_->name_for("Linear", "") : name, x,
                              copy_of("weights", weights), copy_of_bias(bias), attributes);
}

template <class T>
auto NetworkBuilder<T>::batch_normalization(Value x, View<const T, 1> scale, View<const T, 1> shift,
                                            View<const T, 1> mean, View<const T, 1> variance, double epsilon,
                                            const std::string& name) -> Value {
  const std::string called = state_->name_for("BatchNormalization", name);
  std::vector<ValueId> ids{state_->id(x)};
  ids.push_back(state_->add_constant(called + ".scale", copy_of("scale", scale)));
  ids.push_back(state_->add_constant(called + ".shift", copy_of("shift", shift)));
  ids.push_back(state_->add_constant(called + ".mean", copy_of("mean", mean)));
  ids.push_back(state_->add_constant(called + ".variance", copy_of("variance", variance)));
  return {state_->add_node("BatchNormalization", called, std::move(ids), {{"epsilon", epsilon}})};
}

template <class T>
auto NetworkBuilder<T>::pool(Value x, const PoolOptions& options, const std::string& name) -> Value {
  check_fast(options.numerics);
  Attributes attributes{{"kernel_shape", network::both(options.window)},
                        {"strides", network::both(options.stride)},
                        {"dilations", network::both(options.dilation)},
                        {"ceil_mode", int64_t{options.ceil_mode}}};
  add_padding(attributes, options.padding);
  if (options.mode == PoolMode::kMax) return state_->add("MaxPool", name, {x}, attributes);
  if (options.mode == PoolMode::kAverage) {
    attributes["count_include_pad"] = int64_t{options.count_include_pad};
    return state_->add("AveragePool", name, {x}, attributes);
  }
  if (options.p != std::floor(options.p) || !(options.p >= 1 && options.p <= 1e9)) {
    throw ParameterError("p", std::to_string(options.p), "a whole number, in a network");
  }
  attributes["p"] = static_cast<int64_t>(options.p);
  return state_->add("LpPool", name, {x}, attributes);
}

template <class T>
auto NetworkBuilder<T>::global_pool(Value x, PoolMode mode, const std::string& name) -> Value {
  const char* operation = mode == PoolMode::kMax       ? "GlobalMaxPool"
                          : mode == PoolMode::kAverage ? "GlobalAveragePool"
                                                       : "GlobalLpPool";
  return state_->add(operation, name, {x});
}

template <class T>
auto NetworkBuilder<T>::activation(Value x, Activation activation, double slope, const std::string& name) -> Value {
  if (activation == Activation::kLeakyRelu) return state_->add("LeakyRelu", name, {x}, {{"alpha", slope}});
  if (activation != Activation::kRelu6) return state_->add(network::name_of(activation), name, {x});
  const auto number = [&](T value) { return state_->add_constant("", Constant<T>(Tensor<T, 1>({1}, {value}), {})); };
  const ValueId least = number(0), most = number(6);
  return {state_->add_node("Clip", state_->name_for("Relu6", name), {state_->id(x), least, most})};
}

template <class T>
auto NetworkBuilder<T>::softmax(Value x, const std::string& name) -> Value {
  return state_->add("Softmax", name, {x}, {{"axis", int64_t{1}}});
}

// In the order of memory: so that nothing moves, and weights are those of (N, H*W*C).
template <class T>
auto NetworkBuilder<T>::flatten(Value x, const std::string& name) -> Value {
  const std::string called = state_->name_for("Flatten", name);
  ValueId id = state_->id(x);
  if (state_->shape(id).rank() == 4) {
    id = state_->add_node("Transpose", called + ".channels_last", {id}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  }
  return {state_->add_node("Flatten", called, {id})};
}

template <class T>
auto NetworkBuilder<T>::add(Value a, Value b, const std::string& name) -> Value {
  return state_->add_alike("Add", name, a, b);
}
template <class T>
auto NetworkBuilder<T>::multiply(Value a, Value b, const std::string& name) -> Value {
  return state_->add_alike("Mul", name, a, b);
}

template <class T>
auto NetworkBuilder<T>::concat(std::span<const Value> values, const std::string& name) -> Value {
  return state_->add("Concat", name, values, {{"axis", int64_t{1}}});
}
template <class T>
auto NetworkBuilder<T>::concat(std::initializer_list<Value> values, const std::string& name) -> Value {
  return concat(std::span<const Value>(values.begin(), values.size()), name);
}

template <class T>
std::vector<int64_t> NetworkBuilder<T>::shape(Value x) const {
  return state_->face_shape(x);
}

// The value itself takes the name of the output, if it has not been given away.
template <class T>
void NetworkBuilder<T>::output(Value x, const std::string& name) {
  ValueId id = state_->id(x);
  const auto is_taken = [&](ValueId value) {
    const auto& outputs = state_->graph.outputs;
    const auto& inputs = state_->graph.inputs;
    return std::find(outputs.begin(), outputs.end(), value) != outputs.end() ||
           std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) { return input.value == value; });
  };
  if (is_taken(id)) id = state_->add_node("Identity", name, {id});
  state_->graph[id].name = name;
  state_->graph.outputs.push_back(id);
}

template <class T>
Network<T> NetworkBuilder<T>::network(const NetworkOptions& options) const {
  return network::make_network(state_->graph, options);
}

template class NetworkBuilder<float>;
template class NetworkBuilder<double>;

}  // namespace convstep
