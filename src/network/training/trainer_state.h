// trainer_state.h: what a Trainer is made of.
#pragma once

#include <algorithm>

#include "network/state.h"
#include "network/training/optimizer.h"
#include "network/training/tape.h"

namespace convstep {

// Rows whose largest output is the one of their label.
template <class T>
int64_t count_right(const View<const T, 2>& outputs, const View<const int64_t, 1>& labels) {
  int64_t right = 0;
  for (int64_t n = 0; n < outputs.shape(0); ++n) {
    int64_t best = 0;
    for (int64_t k = 1; k < outputs.shape(1); ++k) best = outputs(n, k) > outputs(n, best) ? k : best;
    right += best == labels(n);
  }
  return right;
}

template <class T>
struct Trainer<T>::State {
  // An array that is trained, with its gradient and the optimizer's memory, as it lies in memory.
  struct Trained {
    std::string name;
    network::Dims shape, order;  // those of the graph
    Tensor<T, 1> values, gradient;
    network::Momenta<T> momenta;

    network::ArrayView<T> view(Tensor<T, 1>& memory) const {
      return network::NdView<T>{memory.data(), shape, network::dense_strides(shape, order)};
    }
    std::span<T> elements(Tensor<T, 1>& memory) const { return {memory.data(), static_cast<size_t>(shape.count())}; }
  };
  // For parts of a batch of one shape.
  struct Kept {
    network::Dims shape, order;
    network::Tape<T> tape;
  };

  State(const Network<T>& network, const TrainerOptions& options);

  network::Tape<T>& tape_for(const network::ArrayView<T>& input);
  // Computes the gradients of a batch, part by part, and returns its loss. loss_of_rows(output, first row, loss so far,
  // output_grad) returns the loss with these rows.
  template <class LossOfRows>
  double gradients(const network::ArrayView<T>& input, const LossOfRows& loss_of_rows, const RunOptions& options);
  void descend();
  double step(const NetworkArray<const T>& input, const View<const int64_t, 1>& labels, const View<const T, 2>& targets,
              const RunOptions& options);
  // Of examples on which the network is not trained.
  Tensor<T, 2> outputs(const NetworkArray<const T>& input, const RunOptions& options);
  network::ArrayView<T> checked_input(const NetworkArray<const T>& input) const;
  std::vector<network::ArrayView<T>> tape_inputs(const network::ArrayView<T>& input);
  View<const T, 2> output_rows(const network::Tape<T>& tape, int64_t rows) const;

  Network<T> network;
  TrainerOptions options;
  network::TrainedGraph<T> graph;
  std::vector<Trained> trained;
  std::vector<std::unique_ptr<Kept>> kept;  // the latest first
  int64_t steps = 0;
  int64_t right = 0;  // examples of the last step that it had right, where they have labels
};

}  // namespace convstep
