#include "network/operations/requests.h"

namespace convstep::network {
namespace {

const char* kind(Element element) { return element == Element::kInteger ? "whole numbers" : "real numbers"; }

}  // namespace

template <class T>
const ValueInfo<T>& required(const Request<T>& request, size_t index, const char* name) {
  const ValueInfo<T>& input = request.input(index);
  if (!input) throw ParameterError(name, "none", "an array");
  return input;
}

template <class T>
const ValueInfo<T>& required(const Request<T>& request, size_t index, const char* name, Element element) {
  const ValueInfo<T>& input = required(request, index, name);
  check_element(input, name, element);
  return input;
}

template <class T>
void check_element(const ValueInfo<T>& input, const char* name, Element element) {
  if (input && input.element != element) throw ParameterError(name, kind(input.element), kind(element));
}

template <class T>
std::optional<std::vector<int64_t>> constant_integers(const Request<T>& request, size_t index, const char* name) {
  const ValueInfo<T>& input = request.input(index);
  if (!input) return std::nullopt;
  check_element(input, name, Element::kInteger);
  if (!input.constant) throw ParameterError(name, "what only a run tells", "constant numbers");
  if (input.shape.rank() > 1) throw ShapeError(name, to_string(input.shape), "one axis");
  return elements_of(input.constant.integers());
}

template <class T>
std::vector<int64_t> required_integers(const Request<T>& request, size_t index, const char* name) {
  required(request, index, name);
  return *constant_integers(request, index, name);
}

template <class U>
std::vector<U> elements_of(const NdView<U>& view) {
  std::vector<U> elements(static_cast<size_t>(view.size()));
  const Dims dense = dense_strides(view.shape, row_major(view.rank()));
  copy<U>({view.data, view.shape, view.strides}, {elements.data(), view.shape, dense});
  return elements;
}

void check_single(const char* name, const Dims& shape) {
  if (shape.count() != 1) throw ShapeError(name, to_string(shape), "a single number");
}

Dims broadcast(const Dims& a, const Dims& b, const char* b_name) {
  const Dims& longer = a.rank() >= b.rank() ? a : b;
  const Dims& shorter = a.rank() >= b.rank() ? b : a;
  Dims all = longer;
  const int before = longer.rank() - shorter.rank();
  for (int axis = 0; axis < shorter.rank(); ++axis) {
    int64_t& length = all[before + axis];
    if (length == shorter[axis] || shorter[axis] == 1) continue;
    if (length != 1) throw ShapeError(b_name, to_string(b), "a shape that can be broadcast with " + to_string(a));
    length = shorter[axis];
  }
  return all;
}

Dims with_leading_axes(const Dims& order, int rank) {
  const int before = rank - order.rank();
  Dims all = row_major(before);
  for (const int64_t axis : order) all.push_back(axis + before);
  return all;
}

Dims order_without(const Dims& order, const Dims& marked) {
  Dims left, new_axes = marked;
  int64_t count = 0;
  for (int axis = 0; axis < marked.rank(); ++axis) {
    new_axes[axis] = count;
    if (!marked[axis]) ++count;
  }
  for (const int64_t axis : order) {
    if (!marked[static_cast<int>(axis)]) left.push_back(new_axes[static_cast<int>(axis)]);
  }
  return left;
}

Dims plain_order(const Dims& shape, const Dims& order) {
  const auto telling = [&](const Dims& axes) {
    Dims left;
    for (const int64_t axis : axes) {
      if (shape[static_cast<int>(axis)] != 1) left.push_back(axis);
    }
    return left;
  };
  const Dims axes = telling(order), in_rows = row_major(shape.rank());
  if (axes == telling(in_rows)) return in_rows;
  return shape.rank() == 4 && axes == telling(channels_last()) ? channels_last() : order;
}

Dims marked_axes(const char* name, std::span<const int64_t> axes, int rank) {
  Dims marked = Dims::filled(rank, 0);
  for (const int64_t axis : axes) {
    if (marked[check_axis(name, axis, rank)]++) {
      throw ParameterError(name, std::to_string(axis) + " twice", "each axis once");
    }
  }
  return marked;
}

int64_t check_index(int64_t index, int64_t length) {
  if (-length <= index && index < length) return index < 0 ? index + length : index;
  throw ParameterError("indices", std::to_string(index), std::to_string(-length) + " to " + std::to_string(length - 1));
}

const Dims& check_size(const Dims& shape, const char* name) {
  element_count(name, shape.begin(), shape.rank(), sizeof(double));
  return shape;
}

Activation activation_attribute(const Node& node) {
  constexpr std::pair<const char*, Activation> kNames[] = {
      {"", Activation::kNone},       {"Relu", Activation::kRelu},
      {"Relu6", Activation::kRelu6}, {"LeakyRelu", Activation::kLeakyRelu},
      {"Tanh", Activation::kTanh},   {"Sigmoid", Activation::kSigmoid}};
  const std::string given = node.text("activation", "");
  for (const auto& [name, activation] : kNames) {
    if (given == name) return activation;
  }
  throw ParameterError("activation", "'" + given + "'", "Relu, Relu6, LeakyRelu, Tanh or Sigmoid");
}

template std::vector<float> elements_of(const NdView<float>&);
template std::vector<double> elements_of(const NdView<double>&);
template std::vector<int64_t> elements_of(const NdView<int64_t>&);
#define CONVSTEP_FOR(T)                                                                                   \
  template const ValueInfo<T>& required(const Request<T>&, size_t, const char*);                          \
  template const ValueInfo<T>& required(const Request<T>&, size_t, const char*, Element);                 \
  template void check_element(const ValueInfo<T>&, const char*, Element);                                 \
  template std::optional<std::vector<int64_t>> constant_integers(const Request<T>&, size_t, const char*); \
  template std::vector<int64_t> required_integers(const Request<T>&, size_t, const char*);
CONVSTEP_FOR(float)
CONVSTEP_FOR(double)
#undef CONVSTEP_FOR

}  // namespace convstep::network
