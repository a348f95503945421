// method.h: what the ways to compute a convolution have in common. Each has a folder; methods.h lists them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "conv/problem.h"
#include "runtime/targets.h"

namespace convstep {

// One run of a layer over a batch, or over some rows of its output. The views fit the problem; their strides are as
// they come.
template <class T>
struct ConvCall {
  View<const T, 4> input;
  View<const T, 4> residual;  // or none
  View<T, 4> output;
  int threads;
  const ProgressCallback& progress;
  RowRange rows;  // of the output; all, unless the method has a row_step()
};

// A layer ready to run: its weights packed, its blocks chosen, its kernels those of the SIMD target in use when it was
// made.
template <class T>
class ConvMethod {
 public:
  virtual ~ConvMethod() = default;
  virtual void run(const ConvCall<T>& call) const = 0;
  // Bands of so many rows, or of a multiple of that, have the bits that the whole output has, and only what they read
  // of the input is read. 0: the output is computed as a whole.
  virtual int64_t row_step() const { return 0; }
  // For people: the method's name, up to a space or a comma; its tile; and target_, if it has kernels.
  virtual std::string describe() const = 0;
  // The name of the SIMD target that it keeps to.
  std::string target() const { return target_.name; }
  // The most that run() asks of a thread's workspace, whatever the strides of the views and the number of threads.
  size_t workspace_bytes() const { return std::max({workspace_for(0), workspace_for(1), workspace_for(2)}); }

 protected:
  explicit ConvMethod(const kernels::Target& target = kernels::chosen_target()) : target_(target) {}
  const kernels::Target& target_;

 private:
  // The same where each value of the output takes so many of scratch (staged_output.h), and the input is copied if some
  // views make that necessary.
  virtual size_t workspace_for(int64_t scratch_per_value) const = 0;
};

template <class T>
struct ConvWeights {
  View<const T, 4> weights;  // [KH,KW,C/groups,O]
  View<const T, 1> bias;     // or none
  int threads = 1;           // to pack them with
  ProgressCallback progress = {};
};

// A thread's workspace must stay below this whatever the image (a goal of docs/performance.md).
inline constexpr int64_t kWorkspaceLimit = int64_t{2} << 20;

// A way to compute a convolution, as methods.h lists it.
template <class T>
struct ConvMethodKind {
  ConvAlgorithm algorithm;                   // that asks for it
  Numerics numerics;                         // whose bits it gives
  bool (*fits)(const ConvProblem& problem);  // can it compute the layer, within kWorkspaceLimit?
  bool (*pays)(const ConvProblem& problem);  // is it faster than the kinds after it?
  // Throws std::bad_alloc, and what the weights' progress throws.
  std::unique_ptr<const ConvMethod<T>> (*make)(const ConvProblem& problem, const ConvWeights<T>& weights);
};

// For a method that fits, or pays, always.
inline bool always(const ConvProblem&) { return true; }

// Its `make`, where Method<T> is made of a problem and weights.
template <template <class> class Method, class T>
std::unique_ptr<const ConvMethod<T>> make_method(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<Method<T>>(problem, weights);
}

}  // namespace convstep
