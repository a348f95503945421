// method.cc: groups of four channels and four outputs. The output is cut into blocks of rows, columns and groups,
// each a task.
#include <algorithm>

#include "conv/groups_of_four/kernel.h"
#include "conv/methods.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/cutter.h"

namespace convstep {
namespace {

// What the copy of a block's input may take of the workspace: a quarter of a level-2 cache.
constexpr int64_t kPatchBytes = kLevel2Bytes / 4;

// Output rows are cut no shorter than this for the sake of columns or more tasks.
constexpr int64_t kShortestBand = 8;

// Fewer products than this (some 50 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 1'000'000;

template <class T>
class ConvGroupsOfFour final : public ConvMethod<T> {
 public:
  ConvGroupsOfFour(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::groups_of_four_kernel<T>(this->target_)),
        weights_(Tensor<T, 2>({problem.outputs / kChannels, problem.window_size() * kChannels})),
        bias_(Tensor<T, 2>({problem.outputs / kChannels, kChannels})) {
    const int64_t KW = weights.weights.shape(1), channels = weights.weights.shape(2);
    pack_in_parts(weights, problem.outputs, problem.window_size(), [&](int64_t first, int64_t end) {
      for (int64_t o = first; o < end; ++o) {
        const int64_t part = o / kChannels, lane = o / channels % kGroups + o % channels * kGroups;
        for (int64_t k = 0; k < problem.window_size(); ++k) {
          weights_(part, k * kChannels + lane) = weights.weights(k / channels / KW, k / channels % KW, k % channels, o);
        }
        if (weights.bias) bias_(part, lane) = start_of_sum(weights.bias, o);
      }
    });
  }

  void run(const ConvCall<T>& call) const override;
  int64_t row_step() const override { return 1; }
  std::string describe() const override { return std::string("groups-of-four, ") + this->target_.name; }

 private:
  static constexpr int64_t kGroups = kernels::kGroupsOfPart<T>, kChannels = kernels::kChannelsOfPart<T>;

  size_t workspace_for(int64_t scratch_per_value) const override {
    return workspace_of(size_for(1, problem_.geometry.height.output, 1, scratch_per_value), scratch_per_value)
        .layout.bytes();
  }
  TaskWorkspace<T> workspace_of(const RegionSize& size, int64_t scratch_per_value) const {
    const auto& [height, width] = problem_.geometry;
    return {height.reach_of(size.rows) * width.reach_of(size.columns) * kChannels,
            size.rows * size.columns * kChannels * scratch_per_value};
  }
  RegionSize size_for(int64_t images, int64_t rows, int threads, int64_t scratch_per_value) const;
  void run_region(const ConvCall<T>& call, const OutputRegion& region) const;

  ConvProblem problem_;
  kernels::GroupsOfFourKernel<T> kernel_;
  Tensor<T, 2> weights_, bias_;  // by parts
};

template <class T>
RegionSize ConvGroupsOfFour<T>::size_for(int64_t images, int64_t rows, int threads, int64_t scratch_per_value) const {
  const int64_t OW = problem_.geometry.width.output;
  const CutRules rules{.shortest_band = kShortestBand, .shortest_row = 1, .narrowest = 1};
  const RegionSize size = cut_to_fit({rows, OW, kChannels}, rules, [&](const RegionSize& part) {
    return workspace_of(part, scratch_per_value).layout.bytes() <= kPatchBytes;
  });
  return cut_for_threads(size, rules, threads, [&](const RegionSize& part) {
    return images * divide_up(rows, part.rows) * divide_up(OW, part.columns) * (problem_.outputs / kChannels);
  });
}

template <class T>
void ConvGroupsOfFour<T>::run_region(const ConvCall<T>& call, const OutputRegion& region) const {
  const WindowAxis height = problem_.geometry.height.part(region.first_row, region.rows);
  const WindowAxis width = problem_.geometry.width.part(region.first_column, region.columns);
  const TaskWorkspace<T> workspace =
      workspace_of({region.rows, region.columns, kChannels}, StagedOutput<T>::scratch_per_value(call));
  const ThreadWorkspace memory(workspace.layout.bytes());
  T* const patch = workspace.patch.in(memory.data());
  const int64_t rows = height.reach_of(region.rows), columns = width.reach_of(region.columns);
  copy_padded(some_channels(call.input[region.image], region.first_channel, kChannels), height.source(0, 0), rows,
              width.source(0, 0), columns, patch);
  const StagedOutput<T> output(call, region, workspace.scratch.in(memory.data()));
  const int64_t part = region.first_channel / kChannels;
  kernel_({.patch = patch,
           .patch_rows = rows,
           .patch_columns = columns,
           .height = height,
           .width = width,
           .weights = &weights_(part, 0),
           .bias = &bias_(part, 0),
           .output = output.output(),
           .epilogue = output.epilogue(problem_)});
  output.commit();
}

template <class T>
void ConvGroupsOfFour<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0);
  const int threads = threads_worth(double(N) * problem_.products(call.rows.count), kProductsPerThread, call.threads);
  const RegionSize size = size_for(N, call.rows.count, threads, StagedOutput<T>::scratch_per_value(call));
  const RegionGrid grid(problem_.geometry, call.rows, size,
                        {problem_.outputs, kChannels, problem_.outputs / kChannels});
  parallel_for(N * grid.regions_per_image(), threads, call.progress,
               [&](int64_t task) { run_region(call, grid[task]); });
}

template <class T>
bool groups_of_four_fits(const ConvProblem& problem) {
  constexpr int64_t kSize = kernels::kGroupSize;
  if (problem.group_channels() != kSize || problem.group_outputs() != kSize) return false;
  if (problem.groups % kernels::kGroupsOfPart<T> != 0 || !problem.has_countable_padding()) return false;
  // The patch that one pixel of the output reads must fit into the workspace.
  constexpr int64_t kMaxPatch = kPatchBytes / static_cast<int64_t>(sizeof(T)) / kernels::kChannelsOfPart<T>;
  const int64_t rows = problem.geometry.height.reach(), columns = problem.geometry.width.reach();
  return rows <= kMaxPatch && columns <= kMaxPatch / rows;
}

}  // namespace

template <class T>
const ConvMethodKind<T> GroupsOfFourMethod<T>::kKind{ConvAlgorithm::kDirect, Numerics::kFast, groups_of_four_fits<T>,
                                                     always, make_method<ConvGroupsOfFour, T>};
template struct GroupsOfFourMethod<float>;
template struct GroupsOfFourMethod<double>;

}  // namespace convstep
