// layers.cc: layers of a network built by hand, with weights to begin with.
#include "network/builder_state.h"

namespace convstep {
namespace network {

void add_padding(Attributes& attributes, const Padding& padding) {
  attributes["pads"] = std::vector<int64_t>{padding.top, padding.left, padding.bottom, padding.right};
  if (padding.rule == Padding::Rule::kExplicit) return;
  if (padding.top != 0 || padding.bottom != 0 || padding.left != 0 || padding.right != 0) {
    throw ParameterError("padding", "numbers beside SAME", "one of them");
  }
  attributes.erase("pads");
  attributes["auto_pad"] = std::string(padding.rule == Padding::Rule::kSameUpper ? "SAME_UPPER" : "SAME_LOWER");
}

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return "Relu";
    case Activation::kRelu6:
      return "Relu6";
    case Activation::kLeakyRelu:
      return "LeakyRelu";
    case Activation::kSigmoid:
      return "Sigmoid";
    case Activation::kTanh:
      return "Tanh";
    case Activation::kNone:
      break;
  }
  return "Identity";
}

void add_activation(Attributes& attributes, Activation activation, double slope) {
  if (activation == Activation::kNone) return;
  attributes["activation"] = std::string(name_of(activation));
  if (activation == Activation::kLeakyRelu) attributes["slope"] = slope;
}

}  // namespace network

namespace {

using network::Attributes;
using network::Constant;
using network::Dims;

void check_at_least(const char* name, const Size2& size, int64_t least) {
  if (size.height >= least && size.width >= least) return;
  throw ParameterError(name, to_string(size), std::to_string(least) + " or more");
}

// Here rather than by the operation, which has ONNX's names for them.
template <class Layer>
void check_window(const Layer& layer) {
  check_at_least("window", layer.window, 1);
  check_at_least("stride", layer.stride, 1);
  check_at_least("dilation", layer.dilation, 1);
  check_at_least("padding", {layer.padding.top, layer.padding.left}, 0);
  check_at_least("padding", {layer.padding.bottom, layer.padding.right}, 0);
}

}  // namespace

template <class T>
auto NetworkBuilder<T>::layer(Value x, const NetworkLayer& layer, const std::string& name) -> Value {
  State& state = *state_;
  if (const auto* conv = std::get_if<layers::Conv>(&layer)) {
    const int64_t channels = state.axis_length(x, 4, 1), groups = conv->groups;
    check_window(*conv);
    if (conv->filters < 1) throw ParameterError("filters", std::to_string(conv->filters), "1 or more");
    if (groups < 1 || channels % groups != 0 || conv->filters % groups != 0) {
      throw ParameterError("groups", std::to_string(groups),
                           "a number that divides " + std::to_string(channels) + " channels and " +
                               std::to_string(conv->filters) + " filters");
    }
    const Dims shape{conv->window.height, conv->window.width, channels / groups, conv->filters};
    element_count("window", shape.begin(), 4, sizeof(T));
    const double taps = static_cast<double>(shape[0] * shape[1]);
    const auto weights =
        state.drawn(shape, taps * static_cast<double>(shape[2]), taps * static_cast<double>(conv->filters / groups),
                    conv->activation, conv->initializer);
    return state.add_weighted("Conv", name, x, network::as_filters(weights),
                              conv->has_bias ? state.zeros(conv->filters) : Constant<T>(),
                              network::conv_attributes(*conv));
  }
  if (const auto* linear = std::get_if<layers::Linear>(&layer)) {
    const int64_t columns = state.axis_length(x, 2, 1);
    if (linear->outputs < 1) throw ParameterError("outputs", std::to_string(linear->outputs), "1 or more");
    const Dims shape{columns, linear->outputs};
    element_count("outputs", shape.begin(), 2, sizeof(T));
    const auto weights = state.drawn(shape, static_cast<double>(columns), static_cast<double>(linear->outputs),
                                     linear->activation, linear->initializer);
    Attributes attributes;
    network::add_activation(attributes, linear->activation, linear->slope);
    return state.add_weighted("Gemm", state.name_for("Linear", name), x, weights,
                              linear->has_bias ? state.zeros(linear->outputs) : Constant<T>(), attributes);
  }
  if (const auto* pooling = std::get_if<layers::Pool>(&layer)) {
    check_window(*pooling);
    return pool(x,
                {.window = pooling->window,
                 .stride = pooling->stride,
                 .mode = pooling->mode,
                 .padding = pooling->padding,
                 .dilation = pooling->dilation,
                 .ceil_mode = pooling->ceil_mode,
                 .count_include_pad = pooling->count_include_pad},
                name);
  }
  if (const auto* pooling = std::get_if<layers::GlobalPool>(&layer)) return global_pool(x, pooling->mode, name);
  if (const auto* curve = std::get_if<layers::Activate>(&layer)) {
    return activation(x, curve->activation, curve->slope, name);
  }
  if (std::holds_alternative<layers::Flatten>(layer)) return flatten(x, name);
  return softmax(x, name);
}

template auto NetworkBuilder<float>::layer(Value, const NetworkLayer&, const std::string&) -> Value;
template auto NetworkBuilder<double>::layer(Value, const NetworkLayer&, const std::string&) -> Value;

}  // namespace convstep
