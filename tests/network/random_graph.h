// random_graph.h: graphs of random operations, and what each node by itself makes of them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "network/fold.h"
#include "network/program.h"

namespace convstep::network {

// An array of the graph's real type, or of whole numbers, with elements of its own.
template <class T>
Constant<T> random_array(std::mt19937& random, const Dims& shape, double scale = 1) {
  auto values = Tensor<T, 1>::uninitialized({shape.count()});
  std::normal_distribution<double> normal(0, scale);
  for (T& value : values) value = static_cast<T>(normal(random));
  return Constant<T>(std::move(values), shape);
}

template <class T>
Constant<T> integer_array(std::initializer_list<int64_t> values) {
  const int64_t count = static_cast<int64_t>(values.size());
  return Constant<T>(Tensor<int64_t, 1>({count}, values), {count});
}

// Builds a graph node by node, and knows the shape of each value.
template <class T>
class GraphBuilder {
 public:
  Graph<T> graph;
  std::vector<ValueInfo<T>> values;

  ValueId input(const std::string& name, const Dims& shape, const Dims& order, Element element = Element::kReal) {
    const ValueId id = value(name, {});
    graph.inputs.push_back({id, element, std::vector<int64_t>(shape.begin(), shape.end())});
    values[static_cast<size_t>(id)] = {element, shape, order};
    return id;
  }
  ValueId constant(const Constant<T>& array) { return value("constant" + std::to_string(values.size()), array); }
  ValueId number(double x) { return constant(Constant<T>(Tensor<T, 1>({1}, {static_cast<T>(x)}), {})); }

  using Attributes = std::map<std::string, Attribute, std::less<>>;
  std::vector<ValueId> add(const std::string& operation, const std::vector<ValueId>& inputs,
                           const Attributes& attributes = {}, size_t outputs = 1) {
    Node node{operation, "", inputs, {}, attributes};
    for (size_t k = 0; k < outputs; ++k) node.outputs.push_back(value("x" + std::to_string(values.size()), {}));
    const InferredNode<T> known = infer_node<T>(graph, node, values);
    for (size_t k = 0; k < outputs; ++k) {
      values[static_cast<size_t>(node.outputs[k])] = known.inferred.outputs[k];
      values[static_cast<size_t>(node.outputs[k])].constant = {};
    }
    graph.nodes.push_back(node);
    return node.outputs;
  }
  ValueId add1(const std::string& operation, const std::vector<ValueId>& inputs, const Attributes& attributes = {}) {
    return add(operation, inputs, attributes)[0];
  }
  const Dims& shape(ValueId id) const { return values[static_cast<size_t>(id)].shape; }
  std::vector<ValueInfo<T>> input_infos() const {
    std::vector<ValueInfo<T>> infos;
    for (const GraphInput& input : graph.inputs) infos.push_back(values[static_cast<size_t>(input.value)]);
    return infos;
  }

 private:
  ValueId value(const std::string& name, const Constant<T>& array) {
    values.push_back(constant_info(array));
    return graph.add_value(name, array);
  }
};

// Images (N, C, H, W) of a few sizes, combined in all the ways that ask something of a program.
template <class T>
class RandomGraph {
 public:
  RandomGraph(unsigned seed, int64_t images, int nodes, bool has_batch_normalization = false, int64_t height = 5)
      : random_(seed), has_batch_normalization_(has_batch_normalization) {
    const Dims order = below(2) ? channels_last() : row_major(4);
    pool_.push_back(builder.input("image", {images, 1 + below(6), height + below(4), 4 + below(4)}, order));
    if (below(3) == 0) pool_.push_back(builder.input("other", Dims(builder.shape(pool_[0])), channels_last()));
    while (static_cast<int>(builder.graph.nodes.size()) < nodes) extend();
    for (size_t k = 0; k < 1 + static_cast<size_t>(below(2)); ++k) builder.graph.outputs.push_back(pick());
    const ValueId last = pool_.back();
    builder.graph.outputs.push_back(last);
    if (below(2)) builder.graph.outputs.push_back(classifier(last));
  }

  GraphBuilder<T> builder;

 private:
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<unsigned>(n)); }
  // Mostly one of the last.
  ValueId pick() {
    const int64_t count = static_cast<int64_t>(pool_.size());
    return pool_[static_cast<size_t>(count - 1 - below(below(3) ? std::min<int64_t>(count, 3) : count))];
  }

  void extend() {
    const ValueId x = pick();
    const Dims shape = builder.shape(x);
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
        return keep(conv(x, 1 + below(8)));
      case 3:
        return keep(activation(conv(x, 1 + below(8))));
      case 4: {  // a residual, of what may be another convolution
        const ValueId other = below(2) ? conv(x, shape[1]) : x;
        const ValueId sum = builder.add1(
            "Add", below(2) ? std::vector{conv(x, shape[1]), other} : std::vector{other, conv(x, shape[1])});
        return keep(below(2) ? activation(sum) : sum);
      }
      case 5:
        return keep(activation(x));
      case 6: {  // of two to four, of which some are the same
        std::vector<ValueId> parts;
        for (int64_t k = 0; k < 2 + below(3); ++k) parts.push_back(below(2) ? conv(x, 1 + below(4)) : same_size(x));
        return keep(builder.add1("Concat", parts, {{"axis", int64_t{1}}}));
      }
      case 7: {
        if (shape[1] < 2) return;
        const int64_t first = 1 + below(shape[1] - 1);
        const ValueId lengths = builder.constant(integer_array<T>({first, shape[1] - first}));
        for (const ValueId part : builder.add("Split", {x, lengths}, {{"axis", int64_t{1}}}, 2)) keep(part);
        return;
      }
      case 8: {  // every second row
        const ValueId zero = builder.constant(integer_array<T>({0})), end = builder.constant(integer_array<T>({1000}));
        const ValueId axis = builder.constant(integer_array<T>({2})), two = builder.constant(integer_array<T>({2}));
        return keep(builder.add1("Slice", {x, zero, end, axis, two}));
      }
      case 9:  // height and width change places
        return keep(builder.add1("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}}));
      case 10: {  // rows and columns become rows of two pixels, or of one
        const int64_t width = shape[2] * shape[3] % 2 == 0 ? 2 : 1;
        const ValueId to = builder.constant(integer_array<T>({0, 0, -1, width}));
        return keep(builder.add1("Reshape", {x, to}));
      }
      case 11:
        return keep(builder.add1("Mul", {x, below(2) ? same_size(x) : activation(x)}));
      case 12:
        if (!has_batch_normalization_) return keep(builder.add1("Add", {x, builder.number(0.5)}));
        return keep(batch_normalization(below(2) ? conv(x, 1 + below(8)) : x));
      default:
        return keep(builder.add1("Identity", {x}));
    }
  }

  void keep(ValueId id) { pool_.push_back(id); }

  ValueId same_size(ValueId x) {
    std::vector<ValueId> found;
    for (const ValueId id : pool_) {
      if (builder.shape(id) == builder.shape(x)) found.push_back(id);
    }
    return found[static_cast<size_t>(below(static_cast<int64_t>(found.size())))];
  }

  ValueId conv(ValueId x, int64_t filters) {
    const int64_t channels = builder.shape(x)[1];
    const int64_t window = below(2) ? 3 : 1, pad = window / 2;
    const bool is_depthwise = filters == channels && below(3) == 0;
    const Dims weights{filters, is_depthwise ? 1 : channels, window, window};
    const double scale = 1 / std::sqrt(static_cast<double>(weights[1] * window * window));
    std::vector<ValueId> inputs{x, builder.constant(random_array<T>(random_, weights, scale))};
    if (below(2)) inputs.push_back(builder.constant(random_array<T>(random_, {filters})));
    return builder.add1("Conv", inputs,
                        {{"pads", std::vector<int64_t>{pad, pad, pad, pad}}, {"group", is_depthwise ? channels : 1}});
  }

  ValueId batch_normalization(ValueId x) {
    const Dims channels{builder.shape(x)[1]};
    std::vector<ValueId> inputs{x};
    for (int k = 0; k < 3; ++k) inputs.push_back(builder.constant(random_array<T>(random_, channels)));
    auto variance = Tensor<T, 1>::full({channels[0]}, T(0.7));
    inputs.push_back(builder.constant(Constant<T>(std::move(variance), channels)));
    return builder.add1("BatchNormalization", inputs);
  }

  ValueId activation(ValueId x) {
    switch (below(6)) {
      case 0:
        return builder.add1("Clip", {x, builder.number(0), builder.number(6)});
      case 1:
        return builder.add1("LeakyRelu", {x}, {{"alpha", 0.125}});
      case 2:
        return builder.add1("Sigmoid", {x});
      case 3:
        return builder.add1("Tanh", {x});
      default:
        return builder.add1("Relu", {x});
    }
  }

  ValueId classifier(ValueId x) {
    const ValueId flat = builder.add1("Flatten", {x});
    const int64_t length = builder.shape(flat)[1];
    const ValueId weights = builder.constant(random_array<T>(random_, {length, 5}, 0.1));
    const ValueId bias = builder.constant(random_array<T>(random_, {5}));
    const ValueId scores = builder.add1("Gemm", {flat, weights, bias});
    return below(2) ? builder.add1("Softmax", {scores}) : activation(scores);
  }

  std::mt19937 random_;
  bool has_batch_normalization_;
  std::vector<ValueId> pool_;
};

// What the nodes make of the inputs: each by itself, from fresh dense arrays to fresh dense arrays.
template <class T>
std::vector<Constant<T>> evaluate(const Graph<T>& graph, std::span<const ValueInfo<T>> infos,
                                  std::span<const Constant<T>> inputs) {
  const InferredGraph<T> inferred = infer_graph<T>(graph, infos);
  std::vector<Constant<T>> values;
  for (const Value<T>& value : graph.values) values.push_back(value.constant);
  const auto dense = [](const Constant<T>& array, const ValueInfo<T>& info) {
    const Constant<T> copied(array.view());
    ArrayView<T> view = copied.view();
    view.strides = dense_strides(info.shape, info.order);
    copy(array.view(), view);
    return copied.viewed(view);
  };
  for (size_t k = 0; k < inputs.size(); ++k) {
    values[static_cast<size_t>(graph.inputs[k].value)] = dense(inputs[k], infos[k]);
  }
  for (const InferredNode<T>& node : inferred.nodes) {
    std::vector<Constant<T>> arguments;
    for (const ValueId id : node.node->inputs) {
      arguments.push_back(id == kNoValue ? Constant<T>() : values[static_cast<size_t>(id)]);
    }
    const std::vector<Constant<T>> results = compute<T>(node, arguments);
    for (size_t k = 0; k < node.node->outputs.size(); ++k) {
      const ValueId id = node.node->outputs[k];
      if (id != kNoValue) values[static_cast<size_t>(id)] = dense(results[k], node.inferred.outputs[k]);
    }
  }
  std::vector<Constant<T>> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(values[static_cast<size_t>(id)]);
  return outputs;
}

// The bytes of the elements in row-major order, where one NaN is as good as another.
template <class T>
std::string bytes_of(const ArrayView<T>& view) {
  const Constant<T> dense(view);
  const size_t count = static_cast<size_t>(view.shape.count());
  if (view.element == Element::kInteger) return {static_cast<const char*>(dense.view().data), count * sizeof(int64_t)};
  T* numbers = dense.view().real().data;
  for (size_t i = 0; i < count; ++i) {
    if (numbers[i] != numbers[i]) numbers[i] = std::numeric_limits<T>::quiet_NaN();
  }
  return {reinterpret_cast<const char*>(numbers), count * sizeof(T)};
}

// An array with gaps between its elements, its axes in this order.
template <class T>
class SpacedArray {
 public:
  SpacedArray(const ValueInfo<T>& info, const Dims& order, int64_t gap) {
    Dims shape = info.shape;
    for (int64_t& length : shape) length += gap - 1;
    Dims outer = shape;
    outer.push_back(gap);
    memory_ = Tensor<std::byte, 1>({std::max<int64_t>(outer.count(), 1) * static_cast<int64_t>(sizeof(double))});
    std::memset(memory_.data(), 0xff, static_cast<size_t>(memory_.size()));
    view.element = info.element;
    view.data = memory_.data();
    view.shape = info.shape;
    view.strides = dense_strides(shape, order);
    for (int64_t& stride : view.strides) stride *= gap;
  }

  ArrayView<T> view{};

 private:
  Tensor<std::byte, 1> memory_;
};

// Here and there infinity, NaN, zeros of both signs and subnormals, where asked for.
template <class T>
std::vector<Constant<T>> random_inputs(unsigned seed, std::span<const ValueInfo<T>> infos, bool has_extremes = false) {
  using Limits = std::numeric_limits<T>;
  constexpr T kExtremes[] = {
      -T(0), T(0),         Limits::infinity(), Limits::quiet_NaN(), -Limits::infinity(), Limits::denorm_min(),
      -T(0), Limits::max()};
  std::mt19937 random(seed);
  std::vector<Constant<T>> inputs;
  for (const ValueInfo<T>& info : infos) {
    inputs.push_back(random_array<T>(random, info.shape));
    for (int64_t i = 0; has_extremes && i < info.shape.count(); ++i) {
      if (random() % 8 == 0) inputs.back().view().real().data[i] = kExtremes[random() % std::size(kExtremes)];
    }
  }
  return inputs;
}

// The outputs of a program, as it writes them into arrays of its caller's, which have gaps.
template <class T>
std::vector<std::string> run_program(const Program<T>& program, std::span<const Constant<T>> inputs, int64_t gap = 1,
                                     const RunOptions& options = {}) {
  std::vector<SpacedArray<T>> memory;
  std::vector<ArrayView<T>> from, to;
  const std::vector<ValueInfo<T>> in = program.inputs(), out = program.outputs();
  memory.reserve(in.size() + out.size());
  for (size_t k = 0; k < in.size(); ++k) {
    memory.emplace_back(in[k], gap % 2 ? in[k].order : row_major(in[k].shape.rank()), gap);
    from.push_back(memory.back().view);
    copy(inputs[k].view(), from.back());
  }
  for (const ValueInfo<T>& info : out) {
    memory.emplace_back(info, gap % 2 ? info.order : row_major(info.shape.rank()), gap);
    to.push_back(memory.back().view);
  }
  program.run(from, to, options);
  std::vector<std::string> results;
  for (const ArrayView<T>& view : to) results.push_back(bytes_of(view));
  return results;
}

}  // namespace convstep::network
