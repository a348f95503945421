// method.cc: one filter per channel. The output is cut into blocks of rows, columns and channels, each a task.
#include <algorithm>
#include <cmath>

#include "conv/depthwise/kernel.h"
#include "conv/methods.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/cutter.h"

namespace convstep {
namespace {

// What the copy of a block's input may take of the workspace: a quarter of a level-2 cache, as the next window
// row, the output and the caller's own rows want room beside it.
constexpr int64_t kPatchBytes = kLevel2Bytes / 4;

// Input and output of all images that are larger than this are not in the level-3 cache of one core among others.
constexpr int64_t kFarBytes = kLevel3Share;

// Fewer products than this (some 10 to 25 microseconds, at 2 bytes of input and output per product) do not pay for
// waking a thread.
constexpr double kProductsPerThread = 250'000;

// Of a task: some 3 milliseconds of the best targets, 60 of the worst. A caller who wants to stop is not heard sooner.
constexpr int64_t kMostProducts = int64_t{1} << 26;

// Output rows below which a band would read much more of its neighbours' input than of its own.
constexpr int64_t kShortestBand = 8;

template <class T>
class ConvDepthwise final : public ConvMethod<T> {
 public:
  ConvDepthwise(const ConvProblem& problem, const ConvWeights<T>& weights)
      : ConvMethod<T>(kernels::target_for_rows(kernels::chosen_target(), problem.channels * int64_t{sizeof(T)})),
        problem_(problem),
        kernel_(kernels::depthwise_kernel<T>(this->target_)),
        weights_(Tensor<T, 2>({problem.window_size(), problem.channels})),
        bias_(Tensor<T, 1>({problem.channels})) {
    const int64_t KW = weights.weights.shape(1), taps = weights.weights.shape(0) * KW;
    pack_in_parts(weights, taps, problem.channels, [&](int64_t first, int64_t end) {
      for (int64_t tap = first; tap < end; ++tap) {
        const T* from = &weights.weights(tap / KW, tap % KW, 0, 0);
        for (int64_t c = 0; c < problem.channels; ++c) weights_(tap, c) = from[c * weights.weights.stride(3)];
      }
    });
    for (int64_t c = 0; weights.bias && c < problem.channels; ++c) bias_(c) = start_of_sum(weights.bias, c);
    are_weights_finite_ = are_finite(weights, weights_);
  }

  void run(const ConvCall<T>& call) const override;
  int64_t row_step() const override { return 1; }
  std::string describe() const override { return std::string("depthwise, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t scratch_per_value) const override {
    RegionSize size = size_for(1, problem_.geometry.height.output, 1, true, scratch_per_value);
    size.channels = std::max(size.channels, problem_.channels - (parts_of(size) - 1) * size.channels);
    return workspace_of(size, true, scratch_per_value).layout.bytes();
  }
  TaskWorkspace<T> workspace_of(const RegionSize& size, bool copy, int64_t scratch_per_value) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t patch = copy ? height.reach_of(size.rows) * width.reach_of(size.columns) * size.channels : 0;
    return {patch, size.rows * size.columns * size.channels * scratch_per_value};
  }
  // The last part of the channels takes those along that do not fill a vector.
  int64_t parts_of(const RegionSize& size) const {
    return divide_up(std::max<int64_t>(problem_.channels / kernel_.lanes * kernel_.lanes, 1), size.channels);
  }
  RegionSize size_for(int64_t images, int64_t rows, int threads, bool copy, int64_t scratch_per_value) const;
  void run_region(const ConvCall<T>& call, const OutputRegion& region, bool copy) const;

  ConvProblem problem_;
  kernels::DepthwiseKernel<T> kernel_;
  Tensor<T, 2> weights_;  // [KH*KW][C]
  Tensor<T, 1> bias_;
  bool are_weights_finite_;
  bool pads_ =
      problem_.channels >= kernel_.lanes && kernels::depthwise_pads(problem_.geometry.height, problem_.geometry.width);
  bool needs_copy_ = !pads_ && problem_.geometry.reads_padding();
};

template <class T>
RegionSize ConvDepthwise<T>::size_for(int64_t images, int64_t rows, int threads, bool copy,
                                      int64_t scratch_per_value) const {
  const int64_t OW = problem_.geometry.width.output;
  const CutRules rules{
      .shortest_band = kShortestBand, .shortest_row = 1, .narrowest = 1, .channel_step = kernel_.lanes};
  const bool has_workspace = copy || scratch_per_value > 0;
  const RegionSize size = cut_to_fit({rows, OW, problem_.channels}, rules, [&](const RegionSize& part) {
    return part.rows * part.columns * part.channels <= kMostProducts / problem_.window_size() &&
           (!has_workspace || workspace_of(part, true, scratch_per_value).layout.bytes() <= kPatchBytes);
  });
  return cut_for_threads(size, rules, threads, [&](const RegionSize& part) {
    return images * divide_up(rows, part.rows) * divide_up(OW, part.columns) * parts_of(part);
  });
}

template <class T>
void ConvDepthwise<T>::run_region(const ConvCall<T>& call, const OutputRegion& region, bool copy) const {
  WindowAxis height = problem_.geometry.height.part(region.first_row, region.rows);
  WindowAxis width = problem_.geometry.width.part(region.first_column, region.columns);
  const int64_t channels = region.channels;
  const View<const T, 3> image = some_channels(call.input[region.image], region.first_channel, channels);
  const TaskWorkspace<T> workspace =
      workspace_of({region.rows, region.columns, channels}, copy, StagedOutput<T>::scratch_per_value(call));
  const ThreadWorkspace memory(workspace.layout.bytes());
  PixelView<const T> input{image.data(), image.stride(0), image.stride(1)};
  if (copy) {
    T* const patch = workspace.patch.in(memory.data());
    const int64_t rows = height.reach_of(region.rows), columns = width.reach_of(region.columns);
    copy_padded(image, height.source(0, 0), rows, width.source(0, 0), columns, patch);
    input = {patch, columns * channels, channels};
    height.input = rows;
    width.input = columns;
    height.before = width.before = 0;
  }
  const StagedOutput<T> output(call, region, workspace.scratch.in(memory.data()));
  kernel_.run({.input = input.data,
               .input_row_step = input.row_step,
               .input_pixel_step = input.pixel_step,
               .height = height,
               .width = width,
               .weights = weights_.data() + region.first_channel,
               .bias = bias_.data() + region.first_channel,
               .tap_step = problem_.channels,
               .are_weights_finite = are_weights_finite_,
               .is_far = (call.input.size() + call.output.size()) * int64_t{sizeof(T)} > kFarBytes,
               .channels = channels,
               .output = output.output(),
               .epilogue = output.epilogue(problem_)});
  output.commit();
}

template <class T>
void ConvDepthwise<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), C = problem_.channels;
  const int threads = threads_worth(double(N) * problem_.products(call.rows.count), kProductsPerThread, call.threads);
  const bool copy = needs_copy_ || (C > 1 && call.input.stride(3) != 1);
  const RegionSize size = size_for(N, call.rows.count, threads, copy, StagedOutput<T>::scratch_per_value(call));
  const RegionGrid grid(problem_.geometry, call.rows, size, {C, size.channels, parts_of(size)});
  parallel_for(N * grid.regions_per_image(), threads, call.progress,
               [&](int64_t task) { run_region(call, grid[task], copy); });
}

bool depthwise_fits(const ConvProblem& problem) {
  const bool is_depthwise = problem.groups == problem.channels && problem.outputs == problem.channels;
  if (!is_depthwise || problem.groups == 1) return false;
  if (!problem.has_countable_padding()) return false;
  // The patch that one pixel of the output reads must fit into the workspace, for the channels of the longest vector.
  constexpr int64_t kMaxLanes = 64, kMaxPatch = kWorkspaceLimit / static_cast<int64_t>(sizeof(double)) / kMaxLanes;
  const int64_t rows = problem.geometry.height.reach(), columns = problem.geometry.width.reach();
  return rows <= kMaxPatch && columns <= kMaxPatch / rows;
}

}  // namespace

template <class T>
const ConvMethodKind<T> DepthwiseMethod<T>::kKind{ConvAlgorithm::kDirect, Numerics::kFast, depthwise_fits, always,
                                                  make_method<ConvDepthwise, T>};
template struct DepthwiseMethod<float>;
template struct DepthwiseMethod<double>;

}  // namespace convstep
