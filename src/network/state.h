// state.h: what a Network is made of.
#pragma once

#include <array>

#include "convstep/network.h"
#include "network/program.h"

namespace convstep {

template <class T>
struct NetworkPlan<T>::State {
  network::Program<T> program;
  std::vector<network::Dims> input_axes, output_axes;  // the face's axes, of those of the graph
};

template <class T>
struct Network<T>::State {
  network::Graph<T> graph;     // as it was built or read
  network::Graph<T> prepared;  // after the passes for which shapes do not matter
  NetworkOptions options;
  // Which inputs and outputs of four axes have the file's axes, where others are (N, H, W, C) for (N, C, H, W).
  std::vector<bool> inputs_as_they_are, outputs_as_they_are;

  // The plans that run() used last, the latest first.
  struct Kept {
    std::vector<std::vector<int64_t>> shapes;
    std::string target;
    NetworkPlan<T> plan;
  };
  // Null where there is none.
  std::shared_ptr<const Kept> find(const std::vector<std::vector<int64_t>>& shapes, const std::string& target) const;
  void keep(std::shared_ptr<const Kept> plan) const;

 private:
  std::shared_ptr<const Kept> find_locked(const std::vector<std::vector<int64_t>>& shapes,
                                          const std::string& target) const;
  mutable std::array<std::shared_ptr<const Kept>, kPlans> kept_;
};

namespace network {

// What a network of T is given, for inputs of these shapes of the face.
template <class T>
struct FaceInputs {
  std::vector<ValueInfo<T>> infos;
  std::vector<Dims> axes;  // of the face, of those of the graph
};
// Throws ShapeError and ParameterError.
template <class T>
FaceInputs<T> face_inputs(const typename Network<T>::State& state, std::span<const std::vector<int64_t>> shapes);

Passes passes_of(const NetworkOptions& options);

}  // namespace network
}  // namespace convstep
