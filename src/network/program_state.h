// program_state.h: what a program consists of, and what each of its runs needs.
#pragma once

#include <cstddef>

#include "network/program.h"
#include "network/stream.h"

namespace convstep::network {

// What a run writes: the arena, and where each value is in this run.
template <class T>
struct Program<T>::State {
  Tensor<std::byte, 1> arena;
  std::vector<ArrayView<T>> arrays;     // of the values
  std::vector<ArrayView<T>> arguments;  // of the step that runs: its inputs, then its outputs
};

template <class T>
struct Program<T>::Compiled {
  Graph<T> graph;
  Places<T> places;
  MemoryLayout memory;
  std::vector<Step<T>> steps;  // one for each of places.works
  std::vector<StepInfo<T>> infos;
  std::vector<Stream<T>> streams;
  bool poisons_memory = false;

  // Kept from run to run: as many as run at the same time, but no more than these. A run that finds none makes one.
  static constexpr size_t kStates = 8;
  std::vector<std::unique_ptr<State>> states;
  std::unique_ptr<State> take_state();
  void give_back(std::unique_ptr<State> state);

  void check(std::span<const ArrayView<T>> inputs, std::span<const ArrayView<T>> outputs) const;
  // Says where each value is in a run with these arrays.
  void bind(State& state, std::span<const ArrayView<T>> inputs, std::span<const ArrayView<T>> outputs,
            const RunOptions& options) const;
  ArrayView<T> in_block(int block, const ValueInfo<T>& info, State& state) const;
  StepArrays<T> arguments(State& state, const Work& work) const;
  // Chooses streams that keep the memory within so many bytes.
  void keep_within(int64_t limit, const InferredGraph<T>& inferred);
  void poison(State& state, int work) const;
};

}  // namespace convstep::network
