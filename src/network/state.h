// state.h: what a Network is made of.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

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

  // What a plan is for.
  struct PlanKey {
    std::vector<std::vector<int64_t>> shapes;
    int64_t memory_bytes;
    std::string target;
    bool operator==(const PlanKey&) const = default;
  };
  using PlanPointer = std::shared_ptr<const NetworkPlan<T>>;
  // Null where there is none.
  PlanPointer find(const PlanKey& key) const;
  // Returns the one that is kept: another, where another thread was faster.
  PlanPointer keep(PlanKey key, PlanPointer plan) const;

 private:
  struct Kept {
    PlanKey key;
    PlanPointer plan;
  };
  PlanPointer find_locked(const PlanKey& key) const;
  mutable std::array<Kept, kPlans> kept_;  // the latest first; those without a plan last
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
