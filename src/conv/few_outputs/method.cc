// method.cc: few outputs per group. The output is cut into regions, each a task for some groups.
#include <algorithm>

#include "conv/few_outputs/kernel.h"
#include "conv/methods.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/cutter.h"

namespace convstep {
namespace {

// What the planes of a block may take of the workspace. Half of a level-2 cache: the more rows, the fewer are
// transposed twice.
constexpr int64_t kPlaneBytes = kLevel2Bytes / 2;

// Columns are cut no shorter than this while there are rows to cut: each cut transposes a window's columns again.
constexpr int64_t kShortestRow = 128;

// Output rows are cut no shorter than this for the sake of more tasks.
constexpr int64_t kShortestBand = 8;

// Fewer products than this (some 50 microseconds, transposition included) do not pay for waking a thread.
constexpr double kProductsPerThread = 500'000;

// Clock cycles of a core with vectors of 64 bytes, per output pixel and channel of a group, on Sapphire Rapids. The
// direct method, whose vectors hold one pixel, takes half a cycle per tap, three times that where groups cut its runs
// short; lanes across pixels take a cycle per tap, output and vector, and a sixth of a cycle per byte that is
// transposed. Measured on 3x3: 16 to 2 channels 2.3 times as fast as the direct method (double: 1.25), 16 to 6 1.3
// times (0.7); stride 2, 32 to 2, 1.25 times (0.84); 1x1, 256 to 4, 0.8 times.
constexpr double kDirectTap = 0.5, kGroupedTap = 1.5, kTransposedByte = 1.0 / 6;

// Bytes of a group's planes for one vector of the output, the longest of any target.
template <class T>
double least_planes(const ConvProblem& problem) {
  constexpr int64_t kMaxLanes = 64;
  const auto& [height, width] = problem.geometry;
  const double rows = double(height.window - 1) * double(height.dilation) + 1;
  const double columns = double(width.window - 1) * double(width.dilation) + double(kMaxLanes) * double(width.stride);
  return rows * columns * double(problem.group_channels()) * sizeof(T);
}

// As many groups as share a cache line, if their planes leave room for some rows.
template <class T>
int64_t groups_at_once(const ConvProblem& problem) {
  const int64_t sharing = divide_up(kCacheLine / static_cast<int64_t>(sizeof(T)), problem.group_channels());
  const double fitting = std::max(double(kPlaneBytes) / least_planes<T>(problem), 1.0);
  return std::min({problem.groups, sharing, static_cast<int64_t>(std::min(fitting, double(sharing)))});
}

template <class T>
class ConvFewOutputs final : public ConvMethod<T> {
 public:
  ConvFewOutputs(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::few_outputs_kernel<T>(this->target_)),
        weights_(dense_weights(weights)),
        bias_(weights.bias ? dense_bias(weights) : Tensor<T, 1>({problem.outputs})) {}

  void run(const ConvCall<T>& call) const override;
  int64_t row_step() const override { return 1; }
  std::string describe() const override { return std::string("few-outputs, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t scratch_per_value) const override {
    return workspace_of(size_for(1, problem_.geometry.height.output, 1, scratch_per_value), scratch_per_value)
        .layout.bytes();
  }
  TaskWorkspace<T> workspace_of(const RegionSize& size, int64_t scratch_per_value) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t channels = size.channels / problem_.group_outputs() * problem_.group_channels();
    return {kernels::few_outputs_planes(height, width, size.rows, size.columns, channels, kernel_.lanes),
            size.rows * size.columns * size.channels * scratch_per_value};
  }
  RegionSize size_for(int64_t images, int64_t rows, int threads, int64_t scratch_per_value) const;
  void run_region(const ConvCall<T>& call, const OutputRegion& region) const;

  int64_t parts() const { return divide_up(problem_.outputs, outputs_at_once_); }

  ConvProblem problem_;
  int64_t outputs_at_once_ = groups_at_once<T>(problem_) * problem_.group_outputs();
  kernels::FewOutputsKernel<T> kernel_;
  Tensor<T, 4> weights_;
  Tensor<T, 1> bias_;
};

template <class T>
RegionSize ConvFewOutputs<T>::size_for(int64_t images, int64_t rows, int threads, int64_t scratch_per_value) const {
  const int64_t OW = problem_.geometry.width.output;
  const CutRules rules{.shortest_band = kShortestBand, .shortest_row = kShortestRow, .narrowest = kernel_.lanes};
  const RegionSize size = cut_to_fit({rows, OW, outputs_at_once_}, rules, [&](const RegionSize& part) {
    return workspace_of(part, scratch_per_value).layout.bytes() <= kPlaneBytes;
  });
  return cut_for_threads(size, rules, threads, [&](const RegionSize& part) {
    return images * divide_up(rows, part.rows) * divide_up(OW, part.columns) * parts();
  });
}

template <class T>
void ConvFewOutputs<T>::run_region(const ConvCall<T>& call, const OutputRegion& region) const {
  const View<const T, 3> image = call.input[region.image];
  const int64_t group = region.first_channel / problem_.group_outputs();
  const TaskWorkspace<T> workspace =
      workspace_of({region.rows, region.columns, region.channels}, StagedOutput<T>::scratch_per_value(call));
  const ThreadWorkspace memory(workspace.layout.bytes());
  const StagedOutput<T> output(call, region, workspace.scratch.in(memory.data()));
  kernel_.run({.input = image.data() + group * problem_.group_channels() * image.stride(2),
               .input_row_step = image.stride(0),
               .input_pixel_step = image.stride(1),
               .input_channel_step = image.stride(2),
               .height = problem_.geometry.height.part(region.first_row, region.rows),
               .width = problem_.geometry.width.part(region.first_column, region.columns),
               .groups = region.channels / problem_.group_outputs(),
               .channels = problem_.group_channels(),
               .weights = weights_.data() + region.first_channel,
               .weight_step = problem_.outputs,
               .bias = bias_.data() + region.first_channel,
               .outputs = problem_.group_outputs(),
               .output = output.output(),
               .epilogue = output.epilogue(problem_)},
              workspace.patch.in(memory.data()));
  output.commit();
}

template <class T>
void ConvFewOutputs<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0);
  const int threads = threads_worth(double(N) * problem_.products(call.rows.count), kProductsPerThread, call.threads);
  const RegionSize size = size_for(N, call.rows.count, threads, StagedOutput<T>::scratch_per_value(call));
  const RegionGrid grid(problem_.geometry, call.rows, size, {problem_.outputs, outputs_at_once_, parts()});
  parallel_for(N * grid.regions_per_image(), threads, call.progress,
               [&](int64_t task) { run_region(call, grid[task]); });
}

bool few_outputs_fits(const ConvProblem& problem) {
  if (!problem.has_countable_padding()) return false;
  return least_planes<double>(problem) <= double(kWorkspaceLimit);
}

template <class T>
bool few_outputs_pays(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  const int64_t lanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
  // One filter per channel is the depthwise method's, if there are channels for a vector of 32 bytes: 8 channels of
  // float took 0.9 of its time with 64 bytes (most lanes masked), but 7 times as long with 32; 3 channels a third.
  const bool is_depthwise = problem.groups == problem.channels && problem.outputs == problem.channels;
  if (is_depthwise && problem.groups > 1) return problem.channels < lanes / 2;
  const double taps = double(height.window) * double(width.window);
  const double vectors = double(divide_up(width.output, lanes)) / double(width.output);  // per pixel
  const double transposed =
      double(std::min(height.stride, height.window)) * double(std::min(width.stride, width.window));
  const double few_outputs =
      taps * double(problem.group_outputs()) * vectors + transposed * sizeof(T) * kTransposedByte;
  return few_outputs < taps * (problem.groups > 1 ? kGroupedTap : kDirectTap);
}

}  // namespace

template <class T>
const ConvMethodKind<T> FewOutputsMethod<T>::kKind{ConvAlgorithm::kDirect, Numerics::kFast, few_outputs_fits,
                                                   few_outputs_pays<T>, make_method<ConvFewOutputs, T>};
template struct FewOutputsMethod<float>;
template struct FewOutputsMethod<double>;

}  // namespace convstep
