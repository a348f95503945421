#include "network/draft.h"

#include <cctype>
#include <cmath>

namespace convstep::network {

template <class T>
ValueId Draft<T>::add_input(const std::string& name, const Dims& shape, const Dims& order) {
  const std::vector<int64_t> usual(shape.begin(), shape.end());
  std::vector<int64_t> declared = usual;
  declared[0] = -1;
  if (shape.rank() == 4) declared[2] = declared[3] = -1;
  const ValueId id = graph.add_value(name);
  graph.inputs.push_back({id, Element::kReal, std::move(declared), usual});
  infos.push_back({Element::kReal, shape, order});
  return id;
}

template <class T>
ValueId Draft<T>::add_constant(const std::string& name, Constant<T> constant) {
  infos.push_back(constant_info(constant));
  return graph.add_value(name, std::move(constant));
}

template <class T>
std::string Draft<T>::name_for(const std::string& operation, const std::string& name) {
  if (!name.empty()) return name;
  std::string made = operation + std::to_string(++names[operation]);
  made[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(made[0])));
  return made;
}

template <class T>
ValueId Draft<T>::add_node(const std::string& operation, const std::string& name, std::vector<ValueId> inputs,
                           Attributes attributes) {
  Node node{operation, name_for(operation, name), std::move(inputs), {}, std::move(attributes)};
  InferredNode<T> known = infer_node<T>(graph, node, infos);
  ValueInfo<T> output = known.inferred.outputs[0];
  output.constant = {};
  infos.push_back(output);
  node.outputs = {graph.add_value(node.name)};
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().outputs[0];
}

template <class T>
Constant<T> Draft<T>::drawn(const Dims& shape, double inputs, double sums, Activation activation,
                            layers::Initializer initializer) {
  const bool is_curved = activation == Activation::kSigmoid || activation == Activation::kTanh;
  const bool is_glorot =
      initializer == layers::Initializer::kGlorot || (initializer == layers::Initializer::kAuto && is_curved);
  const double limit = std::sqrt(6 / (is_glorot ? inputs + sums : inputs));
  auto values = Tensor<T, 1>::uninitialized({shape.count()});
  for (T& value : values) value = static_cast<T>(random.between_ones() * limit);
  return Constant<T>(std::move(values), shape);
}

template struct Draft<float>;
template struct Draft<double>;

}  // namespace convstep::network
