// passes.h: the passes that rewrite a graph into one that computes the same at less cost, and their order.
#pragma once

#include "network/infer.h"

namespace convstep::network {

// Which passes run.
struct Passes {
  bool drop_identities = true;
};

// Those for which the shapes of inputs do not matter, once for all of them.
template <class T>
void run_passes(Graph<T>& graph, const Passes& passes);
// All of them, for given inputs: `inputs` are as those of infer_graph.
template <class T>
void run_passes(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes);

// Each in a file of its name.

// Identity, and Dropout whose mask nobody reads: whoever reads them reads what they read.
template <class T>
void drop_identities(Graph<T>& graph);

}  // namespace convstep::network
