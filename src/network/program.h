// program.h: a graph made ready for inputs of given shapes.
//
//   const Program<float> program(graph, infos);        // checks, chooses, packs, lays out memory
//   program.run(inputs, outputs);                       // by many threads at once
//
// A graph is compiled in these steps, each a file of its own: constants are folded (fold.h); passes rewrite what can be
// computed at less cost (passes/); shapes are inferred (infer.h); values get their places (places.h, memory.h); each
// node makes its step (operation.h).
#pragma once

#include <memory>

#include "network/passes/passes.h"
#include "network/places.h"

namespace convstep::network {

struct ProgramOptions {
  Passes passes{};
  // The most that memory_bytes() may be, for which works run in bands of rows where they can (stream.h); 0: no matter.
  int64_t memory_limit = 0;
  // For tests: fills the arena with NaN, and each block anew when its life begins and ends.
  bool poisons_memory = false;
};

// For people.
template <class T>
struct StepInfo {
  std::string name;       // of the node, by describe() of graph.h; "copy of 'x'"
  std::string operation;  // "Conv"
  std::string method;
  ValueInfo<T> output;
  int64_t parameters = 0;  // elements of constant real inputs
  double multiply_adds = 0;
};

template <class T>
class Program {
 public:
  // `inputs` are what input_info (infer.h) says of what run() will be given. Throws ShapeError or ParameterError, which
  // name the node; ParameterError, naming "memory", where the limit is below what is possible; and std::bad_alloc.
  Program(Graph<T> graph, std::span<const ValueInfo<T>> inputs, const ProgramOptions& options = {});
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  // One array for each input and output of the graph, of the shapes inferred, with any strides. Outputs share no
  // element with inputs or each other. Throws ShapeError or ParameterError before anything is written, and what steps
  // throw. Where there is a place for them, `seconds` become those of each step.
  void run(std::span<const ArrayView<T>> inputs, std::span<const ArrayView<T>> outputs, const RunOptions& options = {},
           std::span<double> seconds = {}) const;

  const Graph<T>& graph() const;  // as the passes left it
  std::vector<ValueInfo<T>> inputs() const;
  std::vector<ValueInfo<T>> outputs() const;
  std::vector<StepInfo<T>> steps() const;
  // Of the memory for what lies between inputs and outputs, for each run that goes on at the same time.
  size_t memory_bytes() const;

 private:
  struct State;
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};
extern template class Program<float>;
extern template class Program<double>;

}  // namespace convstep::network
