#include "network/passes/affine.h"

#include <cmath>

namespace convstep::network {
namespace {

// Values whose mean is no more than so many times their deviation lose three bits at most where the mean is taken away
// after a sum instead of before it.
constexpr double kSmallMean = 8;

template <class T>
std::optional<Affine> batch_normalization(const Graph<T>& graph, const Node& node, size_t channels) {
  const bool has_more_outputs = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
  if (has_more_outputs || node.integer("training_mode", 0) != 0) return {};
  const auto scale = real_constant(graph, input_of(node, 1)), bias = real_constant(graph, input_of(node, 2));
  const auto mean = real_constant(graph, input_of(node, 3)), variance = real_constant(graph, input_of(node, 4));
  for (const auto* numbers : {&scale, &bias, &mean, &variance}) {
    if (!*numbers || (*numbers)->size() != channels) return {};
  }
  Affine affine{input_of(node, 0), {}, {}, true};
  for (size_t c = 0; c < channels; ++c) {
    const double deviation = std::sqrt((*variance)[c] + node.real("epsilon", 1e-5));
    if (!(std::abs((*mean)[c]) <= kSmallMean * deviation)) affine.input_is_small = false;
    affine.scale.push_back((*scale)[c] / deviation);
    affine.shift.push_back((*bias)[c] - (*mean)[c] * affine.scale[c]);
  }
  return affine;
}

// One number for each channel, of a constant that is broadcast to an array of `rank` axes.
template <class T>
std::optional<std::vector<double>> by_channel(const Graph<T>& graph, ValueId id, int rank, int64_t channels) {
  const auto numbers = real_constant(graph, id);
  if (!numbers) return {};
  const Dims& shape = graph[id].constant.shape();
  if (shape.rank() > rank) return {};
  for (int k = 0; k < shape.rank(); ++k) {
    const bool is_channel = rank - shape.rank() + k == 1;
    if (shape[k] != 1 && !(is_channel && shape[k] == channels)) return {};
  }
  if (numbers->size() != 1) return numbers;
  return std::vector<double>(static_cast<size_t>(channels), (*numbers)[0]);
}

}  // namespace

template <class T>
std::optional<Affine> affine_of(const Graph<T>& graph, const Node& node, int rank, int64_t channels) {
  const size_t count = static_cast<size_t>(channels);
  if (node.operation == "BatchNormalization") return batch_normalization(graph, node, count);
  const bool adds = node.operation == "Add" || node.operation == "Sub";
  const bool multiplies = node.operation == "Mul" || node.operation == "Div";
  if ((!adds && !multiplies) || node.inputs.size() != 2) return {};
  auto numbers = by_channel(graph, node.inputs[1], rank, channels);
  ValueId input = node.inputs[0];
  if (!numbers && (node.operation == "Add" || node.operation == "Mul")) {
    numbers = by_channel(graph, node.inputs[0], rank, channels);
    input = node.inputs[1];
  }
  if (!numbers) return {};
  for (double& number : *numbers) {
    if (node.operation == "Sub") number = -number;
    if (node.operation == "Div") number = 1 / number;
  }
  if (adds) return Affine{input, std::vector<double>(count, 1), std::move(*numbers), false};
  return Affine{input, std::move(*numbers), std::vector<double>(count, 0), true};
}

template std::optional<Affine> affine_of(const Graph<float>&, const Node&, int, int64_t);
template std::optional<Affine> affine_of(const Graph<double>&, const Node&, int, int64_t);

}  // namespace convstep::network
