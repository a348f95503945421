// draft.h: a graph that grows node by node, all of its shapes known.
#pragma once

#include "convstep/network.h"
#include "network/infer.h"
#include "network/random.h"

namespace convstep::network {

using Attributes = std::map<std::string, Attribute, std::less<>>;

template <class T>
struct Draft {
  Graph<T> graph;
  std::vector<ValueInfo<T>> infos;   // of its values, for one image
  std::map<std::string, int> names;  // how many nodes of each operation were named here
  Random random;

  explicit Draft(uint64_t seed) : random(seed) {}

  // The length of the first axis is free, and those of an image's height and width.
  ValueId add_input(const std::string& name, const Dims& shape, const Dims& order);
  ValueId add_constant(const std::string& name, Constant<T> constant);
  // Without a name it gets one. Throws what is wrong, with the node's name.
  ValueId add_node(const std::string& operation, const std::string& name, std::vector<ValueId> inputs,
                   Attributes attributes = {});
  std::string name_for(const std::string& operation, const std::string& name);
  const Dims& shape(ValueId id) const { return infos[static_cast<size_t>(id)].shape; }

  // Weights to begin with, of sums of so many inputs, where each input is part of so many sums.
  Constant<T> drawn(const Dims& shape, double inputs, double sums, Activation activation,
                    layers::Initializer initializer);
};

}  // namespace convstep::network
