#include "conv/weight_gradient/method.h"

#include <algorithm>

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/depthwise_sums.h"
#include "conv/weight_gradient/direct_sums.h"
#include "conv/weight_gradient/images_of_one_pixel.h"
#include "conv/weight_gradient/plain.h"
#include "conv/weight_gradient/winograd_sums.h"
#include "runtime/task_progress.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// Fewer products than this (some 15 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 1'000'000;

// Calls visit(element of the gradient, step to the next output, count, their sums) for all taps, channels and panels of
// a part.
template <class T, class Visit>
void for_each_row(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientPart& part,
                  const PartPanels<T>& panels, const PartSums<T>& of, const Visit& visit) {
  const int64_t output = part.group * problem.group_outputs() + part.first_output;
  const int64_t KW = problem.geometry.width.window, step = call.weights_grad.stride(3);
  const T* sums = of.weights;
  for (int64_t p = 0; p < panels.count(); ++p) {
    const int64_t count = panels.outputs(p), first = output + panels.first(p);
    for (int64_t i = 0; i < part.window_rows; ++i) {
      for (int64_t j = 0; j < KW; ++j) {
        for (int64_t c = 0; c < part.channels; ++c, sums += panels.lanes(p)) {
          visit(&call.weights_grad(part.first_window_row + i, j, part.first_channel + c, first), step, count, sums);
        }
      }
    }
    if (part.has_bias() && call.bias_grad) {
      visit(&call.bias_grad(first), call.bias_grad.stride(0), count, of.bias + panels.first(p));
    }
  }
}

// Adds the sums of an image to the gradient, or begins it with them.
template <class T>
struct AddImage {
  bool begins;
  void operator()(T* to, int64_t step, int64_t count, const T* from) const {
    if (begins && step == 1) {
      for (int64_t o = 0; o < count; ++o) to[o] = T(0) + from[o];
    } else if (begins) {
      for (int64_t o = 0; o < count; ++o) to[o * step] = T(0) + from[o];
    } else if (step == 1) {
      for (int64_t o = 0; o < count; ++o) to[o] += from[o];
    } else {
      for (int64_t o = 0; o < count; ++o) to[o * step] += from[o];
    }
  }
};

// One part from all images, which are added in order.
template <class T, class Sums>
void run_part(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientPart& part,
              const PartPanels<T>& panels, const Sums& of_image, const PartSums<T>& sums,
              const TaskProgress& progress) {
  const int64_t images = call.input.shape(0);
  for (int64_t n = 0; n < images; ++n) {
    of_image.compute(n, sums, progress);
    if (!progress.keep_going()) return;
    for_each_row(problem, call, part, panels, sums, AddImage<T>{n == 0 && !call.accumulate});
  }
  if (images > 0 || call.accumulate) return;
  for_each_row(problem, call, part, panels, sums, [](T* to, int64_t step, int64_t count, const T*) {
    for (int64_t o = 0; o < count; ++o) to[o * step] = 0;
  });
}

template <class T, template <class> class Sums, class Cut>
void run_parts(const ConvProblem& problem, const WeightGradientCall<T>& call, const Cut& cut, int threads) {
  const auto workspace = cut.workspace();
  TaskProgress progress(call.progress, cut.parts());
  parallel_for(cut.parts(), threads, progress.after_task(), [&](int64_t number) {
    const ThreadWorkspace memory(workspace.layout.bytes());
    const GradientPart part = cut[number];
    const Sums<T> of_image(problem, call, cut, part, workspace, memory.data());
    const PartSums<T> sums{workspace.weight_sums.in(memory.data()), workspace.bias_sums.in(memory.data())};
    run_part(problem, call, part, PartPanels<T>(cut.kernel(), part.outputs), of_image, sums, progress);
  });
}

}  // namespace

template <class T>
void run_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call, ConvAlgorithm algorithm) {
  const int threads = threads_worth(double(call.input.shape(0)) * problem.products(), kProductsPerThread, call.threads);
  const auto& kernel = kernels::weight_gradient_kernel<T>(call.target);
  const bool takes_winograd =
      algorithm == ConvAlgorithm::kWinograd || (algorithm == ConvAlgorithm::kAuto && winograd_gradient_pays(problem));
  if (takes_winograd && winograd_gradient_fits(problem)) {
    run_parts<T, WinogradSums>(problem, call, WinogradGradientCut<T>(problem, kernel, threads), threads);
    return;
  }
  if (has_images_of_one_pixel(problem)) return run_images_of_one_pixel(problem, call, threads);
  if (problem.has_countable_padding() && is_depthwise_gradient(problem)) {
    const DepthwiseGradientCut<T> cut(problem, kernel, threads);
    if (cut.fits()) return run_parts<T, DepthwiseSums>(problem, call, cut, threads);
  }
  if (problem.has_countable_padding()) {
    const GradientCut<T> cut(problem, kernel, threads);
    if (cut.fits()) return run_parts<T, DirectSums>(problem, call, cut, threads);
  }
  run_plain_weight_gradient(problem, call);
}

template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<float>&, ConvAlgorithm);
template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<double>&, ConvAlgorithm);

}  // namespace convstep
