// affine.h: operations that multiply each channel by a number and add another one.
#pragma once

#include "network/passes/links.h"

namespace convstep::network {

// y[n,c,...] = x[n,c,...] * scale[c] + shift[c]
struct Affine {
  ValueId input;
  std::vector<double> scale, shift;
  // Is it known that x is not much larger than y? Else most digits of y may come from those of x that cancel.
  bool input_is_small;
};

// What a node is to its input with so many axes and channels (axis 1): BatchNormalization with constants; Add, Sub, Mul
// or Div of a constant that has at most one number for each channel. Nothing, where it is none of these.
template <class T>
std::optional<Affine> affine_of(const Graph<T>& graph, const Node& node, int rank, int64_t channels);

}  // namespace convstep::network
