// upgrade.h: operations in the form of older opsets, turned into that of the newest.
#pragma once

#include "network/graph.h"

namespace convstep::onnx {

// Adds to the graph's nodes one that is as the opset has it; or what it is in the newest, with the constants that this
// takes. Its inputs that are constant are known. Throws ArgumentError for a form that the newest does not have.
template <class T>
void upgrade(network::Graph<T>& graph, network::Node node, int64_t opset);

// What an operation is called in the newest opset.
std::string_view newest_name(std::string_view operation);

}  // namespace convstep::onnx
