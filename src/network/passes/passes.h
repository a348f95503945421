// passes.h: the passes that rewrite a graph into one that computes the same at less cost, and their order.
#pragma once

#include <functional>

#include "network/infer.h"

namespace convstep::network {

// Which passes run.
struct Passes {
  bool drop_identities = true;
  bool cut_splits = true;
  bool fold_pads = true;
  bool fold_affine = true;  // the only one after which sums are rounded otherwise
  bool fuse = true;
  bool join_pointwise = true;
};

// Is called after each pass, with its name.
template <class T>
using PassObserver = std::function<void(const char* pass, const Graph<T>& graph)>;

// Folds constants, but for those far larger than the graph's, and runs the passes for which the shapes of inputs do not
// matter: once for all of them.
template <class T>
void run_passes(Graph<T>& graph, const Passes& passes, const PassObserver<T>& observe = {});
// All of them, for given inputs: `inputs` are as those of infer_graph.
template <class T>
void run_passes(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes,
                const PassObserver<T>& observe = {});

// Each in a file of its name. What is known of a graph is known by infer_graph.

// Identity, and Dropout whose mask nobody reads: whoever reads them reads what they read.
template <class T>
void drop_identities(Graph<T>& graph);

// Split: a Slice for each output.
template <class T>
void cut_splits(Graph<T>& graph, const InferredGraph<T>& inferred);

// Pad: the border becomes padding of a Conv (zeros), or of a MaxPool (what is smaller than all that it pools).
template <class T>
void fold_pads(Graph<T>& graph);

// BatchNormalization, and Add, Sub, Mul, Div with a constant for each channel: behind a Conv, ConvTranspose or Gemm
// whose output nobody else reads they become part of its weights and bias. So they do ahead of a Conv or Gemm where it
// does not pad, but for shifts that may take most of the digits away: those of Add and Sub, and of a BatchNormalization
// whose mean is large.
template <class T>
void fold_affine(Graph<T>& graph);

// Conv, Gemm: a residual (Add, of the same shape) and then an activation (Relu, Clip to 0..6, LeakyRelu, Sigmoid, Tanh)
// become inputs and attributes of the layer (graph.h), where nobody else reads what lies between.
template <class T>
void fuse(Graph<T>& graph, std::span<const ValueInfo<T>> values);

// Operations by element, each of which alone reads what the one before it gives, become one node Pointwise.
template <class T>
void join_pointwise(Graph<T>& graph, std::span<const ValueInfo<T>> values);

}  // namespace convstep::network
