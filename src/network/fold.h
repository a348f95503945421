// fold.h: what does not depend on the inputs of a run is computed once.
#pragma once

#include <limits>

#include "network/infer.h"

namespace convstep::network {

// Computes, with the steps that a run would use, every node all of whose inputs are constants, and makes constants of
// its outputs; so of outputs that follow from the shapes of inputs (Shape). `inputs` are as those of infer_graph. Nodes
// that would take the bytes of all outputs beyond `most_bytes` are left as they are. Then leaves out the nodes that
// nobody reads. Throws as infer_graph does.
template <class T>
void fold_constants(Graph<T>& graph, std::span<const ValueInfo<T>> inputs,
                    int64_t most_bytes = std::numeric_limits<int64_t>::max());

// Leaves out the nodes from which no output of the graph follows.
template <class T>
void drop_unread(Graph<T>& graph);

// The outputs of a node whose inputs are constants.
template <class T>
std::vector<Constant<T>> compute(const InferredNode<T>& node, std::span<const Constant<T>> inputs);

}  // namespace convstep::network
