// builder_state.h: what a NetworkBuilder has, and options of layers as attributes of nodes.
#pragma once

#include "convstep/error.h"
#include "network/draft.h"
#include "network/face.h"

namespace convstep {
namespace network {

inline std::vector<int64_t> both(const Size2& size) { return {size.height, size.width}; }

// As operations, and as the attribute `activation` (graph.h).
const char* name_of(Activation activation);
void add_activation(Attributes& attributes, Activation activation, double slope);
void add_padding(Attributes& attributes, const Padding& padding);

// Of ConvOptions, or layers::Conv.
template <class Options>
Attributes conv_attributes(const Options& options) {
  Attributes attributes{
      {"strides", both(options.stride)}, {"dilations", both(options.dilation)}, {"group", options.groups.value}};
  add_padding(attributes, options.padding);
  add_activation(attributes, options.activation, options.slope);
  return attributes;
}

// Weights (KH, KW, C, O) where they lie, with the axes of ONNX.
template <class T>
Constant<T> as_filters(const Constant<T>& weights) {
  return weights.viewed(weights.view().real().permuted({3, 2, 0, 1}));
}

}  // namespace network

template <class T>
struct NetworkBuilder<T>::State : network::Draft<T> {
  using network::Draft<T>::Draft;

  network::ValueId id(Value x) const {
    if (x.index < 0 || x.index >= static_cast<int32_t>(this->infos.size())) {
      throw ParameterError("value", std::to_string(x.index), "a value of this builder");
    }
    return x.index;
  }
  Value add(const char* operation, const std::string& name, std::span<const Value> values,
            network::Attributes attributes = {}) {
    std::vector<network::ValueId> ids;
    for (const Value value : values) ids.push_back(id(value));
    return {this->add_node(operation, name, std::move(ids), std::move(attributes))};
  }
  Value add(const char* operation, const std::string& name, std::initializer_list<Value> values,
            network::Attributes attributes = {}) {
    return add(operation, name, std::span<const Value>(values.begin(), values.size()), std::move(attributes));
  }
  Value add_weighted(const char* operation, const std::string& name, Value x, network::Constant<T> weights,
                     network::Constant<T> bias, network::Attributes attributes) {
    const std::string called = this->name_for(operation, name);
    std::vector<network::ValueId> ids{id(x), this->add_constant(called + ".weights", std::move(weights))};
    if (bias) ids.push_back(this->add_constant(called + ".bias", std::move(bias)));
    return {this->add_node(operation, called, std::move(ids), std::move(attributes))};
  }

  Value add_alike(const char* operation, const std::string& name, Value a, Value b) {
    const network::Dims &left = this->shape(id(a)), &right = this->shape(id(b));
    if (!(left == right)) throw ShapeError("b", to_string(right), to_string(left), "the shape of a");
    return add(operation, name, {a, b});
  }

  // (N, H, W, C) of images.
  std::vector<int64_t> face_shape(Value x) const {
    const network::Dims& shape = this->shape(id(x));
    return network::in_order(shape, network::face_axes(shape.rank(), false));
  }
  int64_t axis_length(Value x, int rank, int axis) const {
    const network::Dims& shape = this->shape(id(x));
    if (shape.rank() != rank) {
      const bool lacks_flatten = rank == 2 && shape.rank() == 4;
      throw ShapeError("input", to_string(network::Dims(face_shape(x))),
                       rank == 4 ? "images, of four axes" : "rows, of two axes",
                       lacks_flatten ? "images become rows by Flatten, or a global pooling and Flatten" : "");
    }
    return shape[axis];
  }
  network::Constant<T> zeros(int64_t count) const { return network::Constant<T>(Tensor<T, 1>({count}), {count}); }
};

}  // namespace convstep
