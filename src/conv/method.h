// method.h: what the ways to compute a convolution have in common. conv_plan.cc holds the table of them, and
// conv_direct.cc, conv_winograd.cc, ... one each.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "convstep/conv.h"
#include "core/window_axis.h"
#include "runtime/targets.h"

namespace convstep {

// A layer and one image size, checked and resolved. Whatever is chosen is chosen from this and the dtype alone, so that
// the bits of the result depend on nothing else.
struct ConvProblem {
  WindowGeometry geometry;
  int64_t channels, outputs, groups;  // C, O
  Activation activation;
  double slope;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  // Products per output, and per image.
  int64_t window_size() const { return geometry.height.window * geometry.width.window * group_channels(); }
  double products() const {  // may exceed 63 bits
    return double(geometry.height.output) * double(geometry.width.output) * double(outputs) * double(window_size());
  }

  // What most methods need, as they count the values of padded images.
  bool has_countable_padding() const { return geometry.is_countable(channels); }
};

// One run of a layer over a batch. The views fit the problem; their strides are as they come.
template <class T>
struct ConvCall {
  View<const T, 4> input;
  View<const T, 4> residual;  // or none
  View<T, 4> output;
  int threads;
  const ProgressCallback& progress;
};

// A layer ready to run: its weights packed, its blocks chosen, its kernels those of the SIMD target in use when it was
// made.
template <class T>
class ConvMethod {
 public:
  virtual ~ConvMethod() = default;
  virtual void run(const ConvCall<T>& call) const = 0;
  // For people: the method's name, up to a space or a comma; its tile; and target_, if it has kernels.
  virtual std::string describe() const = 0;
  // The name of the SIMD target that it keeps to.
  std::string target() const { return target_.name; }
  // The most that run() asks of a thread's workspace, whatever the strides of the views and the number of threads.
  size_t workspace_bytes() const { return std::max({workspace_for(0), workspace_for(1), workspace_for(2)}); }

 protected:
  const kernels::Target& target_ = kernels::chosen_target();

 private:
  // The same for outputs of so much scratch (conv_io.h), the input copied where some views make that necessary.
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

// For each method: may it compute the problem, is it the fastest that may (where there is a choice), and its
// construction (which throws std::bad_alloc, and what the weights' progress throws).
bool depthwise_fits(const ConvProblem& problem);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_depthwise(const ConvProblem& problem, const ConvWeights<T>& weights);
template <class T>
bool groups_of_four_fits(const ConvProblem& problem);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_groups_of_four(const ConvProblem& problem,
                                                              const ConvWeights<T>& weights);
bool few_outputs_fits(const ConvProblem& problem);
template <class T>
bool few_outputs_pays(const ConvProblem& problem);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_few_outputs(const ConvProblem& problem, const ConvWeights<T>& weights);
bool direct_fits(const ConvProblem& problem);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_direct(const ConvProblem& problem, const ConvWeights<T>& weights);
bool winograd_fits(const ConvProblem& problem);
template <class T>
bool winograd_pays(const ConvProblem& problem);  // is it faster than the direct method?
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_winograd(const ConvProblem& problem, const ConvWeights<T>& weights);
// A single output at a time, for windows too large for the others.
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_single_pixel(const ConvProblem& problem, const ConvWeights<T>& weights);
bool numpy_order_fits(const ConvProblem& problem);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_numpy_order(const ConvProblem& problem, const ConvWeights<T>& weights);
template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_reference(const ConvProblem& problem, const ConvWeights<T>& weights);

}  // namespace convstep
