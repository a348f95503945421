// graph_text.h: a graph as a text, to look at before and after a pass.
#pragma once

#include "network/graph.h"

namespace convstep::network {

// A line for each node, "y = Conv(x, weights(8, 3, 3, 3), pads: [1, 1, 1, 1])", and one for the outputs. Constants are
// shown with their shapes.
template <class T>
std::string to_text(const Graph<T>& graph);

}  // namespace convstep::network
