// method.cc: groups of four channels and four outputs. The output is cut into blocks of rows, columns and groups,
// each a task.
#include "conv/method.h"

#include <algorithm>

#include "conv/groups_of_four/kernel.h"
#include "conv/output_block.h"
#include "conv/weights.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the copy of a block's input may take of the workspace: a quarter of a level-2 cache of 1 MB.
constexpr int64_t kPatchBytes = 256 << 10;

// Output rows are cut no shorter than this for the sake of columns or more tasks.
constexpr int64_t kShortestBand = 8;

// Fewer products than this (some 50 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 1'000'000;

// How the output is cut.
struct Cut {
  int64_t rows, columns;
};

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
  std::string describe() const override { return std::string("groups-of-four, ") + this->target_.name; }

 private:
  static constexpr int64_t kGroups = kernels::kGroupsOfPart<T>, kChannels = kernels::kChannelsOfPart<T>;

  size_t workspace_for(int64_t scratch_per_value) const override {
    return static_cast<size_t>(values_of(cut_for(1, 1, scratch_per_value), scratch_per_value)) * sizeof(T);
  }
  // Of the workspace, for a block: the patch of the input, and the output where it is odd.
  int64_t values_of(const Cut& cut, int64_t scratch_per_value) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t patch = height.reach_of(cut.rows) * width.reach_of(cut.columns);
    return (patch + cut.rows * cut.columns * scratch_per_value) * kChannels;
  }
  Cut cut_for(int64_t images, int threads, int64_t scratch_per_value) const;
  void run_block(const ConvCall<T>& call, const Block& block, int64_t part) const;

  ConvProblem problem_;
  kernels::GroupsOfFourKernel<T> kernel_;
  Tensor<T, 2> weights_, bias_;  // by parts
};

template <class T>
Cut ConvGroupsOfFour<T>::cut_for(int64_t images, int threads, int64_t scratch_per_value) const {
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const int64_t budget = kPatchBytes / static_cast<int64_t>(sizeof(T));
  Cut cut{OH, OW};
  const auto fits = [&] { return values_of(cut, scratch_per_value) <= budget; };
  while (!fits() && cut.rows > kShortestBand) cut.rows = divide_up(cut.rows, 2);
  while (!fits() && cut.columns > 1) cut.columns = divide_up(cut.columns, 2);
  while (!fits() && cut.rows > 1) cut.rows = divide_up(cut.rows, 2);
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1, parts = problem_.outputs / kChannels;
  const auto tasks = [&] { return images * divide_up(OH, cut.rows) * divide_up(OW, cut.columns) * parts; };
  while (tasks() < wanted && cut.rows >= 2 * kShortestBand) cut.rows = divide_up(cut.rows, 2);
  return cut;
}

template <class T>
void ConvGroupsOfFour<T>::run_block(const ConvCall<T>& call, const Block& block, int64_t part) const {
  const WindowAxis height = problem_.geometry.height.part(block.first_row, block.rows);
  const WindowAxis width = problem_.geometry.width.part(block.first_column, block.columns);
  const Cut cut{block.rows, block.columns};
  const int64_t patch = values_of(cut, 0), all = values_of(cut, OutputBlock<T>::scratch_per_value(call));
  const ThreadWorkspace memory(static_cast<size_t>(all) * sizeof(T));
  T* workspace = memory.as<T>();
  const View<const T, 3> whole = call.input[block.image];
  const View<const T, 3> image(whole.data() + part * kChannels * whole.stride(2),
                               {whole.shape(0), whole.shape(1), kChannels}, whole.strides());
  const int64_t rows = height.reach_of(block.rows), columns = width.reach_of(block.columns);
  copy_padded(image, height.source(0, 0), rows, width.source(0, 0), columns, workspace);
  const OutputBlock<T> output(call, block, {part * kChannels, kChannels}, workspace + patch);
  const auto [to, row_step, pixel_step] = output.output();
  kernel_({.patch = workspace,
           .patch_rows = rows,
           .patch_columns = columns,
           .height = height,
           .width = width,
           .weights = &weights_(part, 0),
           .bias = &bias_(part, 0),
           .output = to,
           .output_row_step = row_step,
           .output_pixel_step = pixel_step,
           .epilogue = output.epilogue(problem_)});
  output.commit();
}

template <class T>
void ConvGroupsOfFour<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), parts = problem_.outputs / kChannels;
  const int threads = threads_worth(double(N) * problem_.products(), kProductsPerThread, call.threads);
  const Cut cut = cut_for(N, threads, OutputBlock<T>::scratch_per_value(call));
  const auto& [height, width] = problem_.geometry;
  const BlockGrid grid(problem_.geometry, divide_up(height.output, cut.rows), divide_up(width.output, cut.columns));
  parallel_for(N * grid.blocks_per_image() * parts, threads, call.progress,
               [&](int64_t task) { run_block(call, grid[task / parts], task % parts); });
}

}  // namespace

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
template bool groups_of_four_fits<float>(const ConvProblem&);
template bool groups_of_four_fits<double>(const ConvProblem&);

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_groups_of_four(const ConvProblem& problem,
                                                              const ConvWeights<T>& weights) {
  return std::make_unique<ConvGroupsOfFour<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_groups_of_four(const ConvProblem&,
                                                                           const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_groups_of_four(const ConvProblem&,
                                                                            const ConvWeights<double>&);

}  // namespace convstep
