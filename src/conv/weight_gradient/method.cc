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

// Calls visit(rows, step between outputs) for all taps and panels of a part, and for the bias.
template <class T, class Panels, class Visit>
void for_each_tap(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientPart& part,
                  const Panels& panels, const PartSums<T>& of, const Visit& visit) {
  const int64_t output = part.group * problem.group_outputs() + part.first_output;
  const View<T, 4>& gradient = call.weights_grad;
  const T* sums = of.weights;
  for (int64_t p = 0; p < panels.count(); ++p) {
    const int64_t lanes = panels.lanes(p), first = output + panels.first(p);
    kernels::GradientRows<T> rows{nullptr, lanes, nullptr, gradient.stride(2), part.channels, panels.outputs(p), false};
    for (int64_t i = 0; i < part.window_rows; ++i) {
      for (int64_t j = 0; j < problem.geometry.width.window; ++j, sums += part.channels * lanes) {
        rows.sums = sums;
        rows.gradient = &gradient(part.first_window_row + i, j, part.first_channel, first);
        visit(rows, gradient.stride(3));
      }
    }
    if (part.has_bias() && call.bias_grad) {
      rows.sums = of.bias + panels.first(p);
      rows.gradient = &call.bias_grad(first);
      rows.rows = 1;
      visit(rows, call.bias_grad.stride(0));
    }
  }
}

// Adds the sums of an image to the gradient, or begins it with them.
template <class T>
struct AddImage {
  const kernels::WeightGradientKernel<T>& kernel;
  bool begins;
  void operator()(kernels::GradientRows<T> rows, int64_t step) const {
    rows.begins = begins;
    if (step == 1) return kernel.add(rows);
    for (int64_t r = 0; r < rows.rows; ++r, rows.sums += rows.sums_step, rows.gradient += rows.gradient_step) {
      for (int64_t o = 0; o < rows.outputs; ++o) {
        T& element = rows.gradient[o * step];
        element = (begins ? T(0) : element) + rows.sums[o];
      }
    }
  }
};

// Did the sums of image n go to the gradient without a buffer in between?
template <class T>
bool goes_straight(const DirectSums<T>& sums, int64_t n, bool begins, const TaskProgress& progress) {
  return sums.add_to_gradient(n, begins, progress);
}
template <class T>
bool goes_straight(const DepthwiseSums<T>& sums, int64_t, bool begins, const TaskProgress& progress) {
  return begins && sums.begin_gradient(progress);
}
template <class T>
bool goes_straight(const WinogradSums<T>&, int64_t, bool, const TaskProgress&) {
  return false;
}

// One part from all images, which are added in order.
template <class T, class Panels, class Sums>
void run_part(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientPart& part,
              const kernels::WeightGradientKernel<T>& kernel, const Panels& panels, const Sums& of_image,
              const PartSums<T>& sums, const TaskProgress& progress) {
  const int64_t images = call.input.shape(0);
  for (int64_t n = 0; n < images; ++n) {
    const bool begins = n == 0 && !call.accumulate;
    if (goes_straight(of_image, n, begins, progress)) continue;
    of_image.compute(n, sums, progress);
    if (!progress.keep_going()) return;
    for_each_tap(problem, call, part, panels, sums, AddImage<T>{kernel, begins});
  }
  if (images > 0 || call.accumulate) return;
  for_each_tap(problem, call, part, panels, sums, [](const kernels::GradientRows<T>& rows, int64_t step) {
    for (int64_t r = 0; r < rows.rows; ++r) {
      for (int64_t o = 0; o < rows.outputs; ++o) rows.gradient[r * rows.gradient_step + o * step] = 0;
    }
  });
}

// How the sums of a part lie.
template <class T, class Cut>
PartPanels<T> panels_of_sums(const Cut& cut, const GradientPart& part) {
  return {cut.kernel(), part.outputs};
}
template <class T>
PanelOfAll panels_of_sums(const DepthwiseGradientCut<T>& cut, const GradientPart& part) {
  return cut.panel_of_sums(part);
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
    run_part(problem, call, part, cut.kernel(), panels_of_sums<T>(cut, part), of_image, sums, progress);
  });
}

// The call with a target for rows of so many bytes. Those whose last vector of 64 bytes would be at most half full are
// copied in whole ones of 32: channels of 32 and 160 bytes took 0.25 and 0.5 of the time, 3x3 windows of 8 outputs 0.7
// (Xeon, family 6 model 167).
template <class T>
WeightGradientCall<T> for_rows(const WeightGradientCall<T>& call, int64_t bytes, int64_t most_bytes) {
  constexpr int64_t kHalf = kernels::kVectorBytes / 2;
  const int64_t last = bytes % kernels::kVectorBytes;
  const bool is_half_full = 0 < last && last <= kHalf && bytes <= most_bytes;
  return {call.input,        call.grad,
          call.weights_grad, call.bias_grad,
          call.accumulate,   call.threads,
          call.progress,     is_half_full ? kernels::target_for_rows(call.target, kHalf) : call.target};
}

}  // namespace

template <class T>
void run_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call, ConvAlgorithm algorithm) {
  const int threads = threads_worth(double(call.input.shape(0)) * problem.products(), kProductsPerThread, call.threads);
  const auto& kernel = kernels::weight_gradient_kernel<T>(call.target);
  const bool takes_winograd =
      algorithm == ConvAlgorithm::kWinograd || (algorithm == ConvAlgorithm::kAuto && winograd_gradient_pays(problem));
  if (takes_winograd && winograd_gradient_fits(problem)) {
    const auto& few_tiles = kernels::few_tiles_kernel<T>(call.target);
    run_parts<T, WinogradSums>(problem, call, WinogradGradientCut<T>(problem, kernel, few_tiles, threads), threads);
    return;
  }
  if (has_images_of_one_pixel(problem)) return run_images_of_one_pixel(problem, call, threads);
  if (problem.has_countable_padding()) {
    constexpr int64_t kEach = sizeof(T), kMostOfDepthwise = 160, kMostOfDirect = 32;
    const WeightGradientCall<T> by_channel = for_rows(call, problem.channels * kEach, kMostOfDepthwise);
    if (is_depthwise_gradient(problem, kernels::depthwise_gradient_kernel<T>(by_channel.target))) {
      const DepthwiseGradientCut<T> cut(problem, kernels::weight_gradient_kernel<T>(by_channel.target), threads);
      if (cut.fits()) return run_parts<T, DepthwiseSums>(problem, by_channel, cut, threads);
    }
    const WeightGradientCall<T> by_output = for_rows(call, problem.group_outputs() * kEach, kMostOfDirect);
    const GradientCut<T> cut(problem, by_output, kernels::weight_gradient_kernel<T>(by_output.target), threads);
    if (cut.fits()) return run_parts<T, DirectSums>(problem, by_output, cut, threads);
  }
  run_plain_weight_gradient(problem, call);
}

template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<float>&, ConvAlgorithm);
template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<double>&, ConvAlgorithm);

}  // namespace convstep
