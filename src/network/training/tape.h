// tape.h: a graph that is run with all of its values kept, and then backwards.
//
// A tape is made for inputs of given shapes. Its graph is one whose trained arrays are inputs, and in which activations
// are nodes of their own (trained_graph): the gradient of a layer is that before its activation.
#pragma once

#include "network/infer.h"
#include "network/training/rule.h"

namespace convstep::network {

// A graph ready for a tape: its inputs are those of the graph it was made of, then the trained arrays.
template <class T>
struct TrainedGraph {
  Graph<T> graph;
  std::vector<ValueId> trained;         // the same values in both graphs
  std::vector<Constant<T>> begin_with;  // what they are in the graph it was made of
};

// Of the convolutions and linear layers that the first output depends on; `drops_softmax`: that it ends with. Throws
// ParameterError where there are none, or something on the way that has no gradient.
template <class T>
TrainedGraph<T> trained_graph(Graph<T> graph, bool drops_softmax);

template <class T>
class Tape {
 public:
  // `inputs` are those of the trained graph. It borrows that.
  Tape(const TrainedGraph<T>& trained, std::span<const ValueInfo<T>> inputs);

  const ArrayView<T>& output() const { return arrays_[static_cast<size_t>(graph_.outputs[0])]; }
  // Computes the output.
  void run(std::span<const ArrayView<T>> inputs, const RunOptions& options);
  // Computes the gradients of the trained arrays from that of the output, one array for each; or adds them to what
  // these hold.
  void run_back(const ArrayView<T>& output_grad, std::span<const ArrayView<T>> trained_grads, bool accumulate,
                const RunOptions& options);

 private:
  struct Work {
    const Node* node;
    InferredNode<T> inferred;
    Step<T> forward;
    GradientStep<T> backward;  // null where no gradient passes
    bool accumulates;
  };
  // Memory for a value, and for its gradient where it has one.
  struct Place {
    Tensor<T, 1> values, gradient;
  };
  ArrayView<T> room(Tensor<T, 1>& memory, const ValueInfo<T>& info) const;
  std::vector<bool> values_with_gradients(const TrainedGraph<T>& trained) const;
  void add_back(const Work& work, const RunOptions& options);

  const Graph<T>& graph_;
  InferredGraph<T> inferred_;
  std::vector<Work> works_;
  std::vector<Place> places_;                 // of the values
  std::vector<ArrayView<T>> arrays_, grads_;  // of the values; kNone where there is none
  std::vector<bool> is_trained_, has_gradient_, is_written_;
  Tensor<T, 1> scratch_;
};

}  // namespace convstep::network
