// method.cc: one filter per channel. The output is cut into blocks of rows, columns and channels, each a task.
#include "conv/method.h"

#include <algorithm>
#include <cmath>

#include "conv/depthwise/kernel.h"
#include "conv/output_block.h"
#include "conv/weights.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the copy of a block's input may take of the workspace: a quarter of a level-2 cache of 1 MB, as the next window
// row, the output and the caller's own rows want room beside it.
constexpr int64_t kPatchBytes = 256 << 10;

// Input and output of all images that are larger than this are not in the level-3 cache of one core among others.
constexpr int64_t kFarBytes = int64_t{16} << 20;

// Fewer products than this (some 10 to 25 microseconds, at 2 bytes of input and output per product) do not pay for
// waking a thread.
constexpr double kProductsPerThread = 250'000;

// Of a task: some 3 milliseconds of the best targets, 60 of the worst. A caller who wants to stop is not heard sooner.
constexpr int64_t kMostProducts = int64_t{1} << 26;

// Output rows below which a band would read much more of its neighbours' input than of its own.
constexpr int64_t kShortestBand = 8;

// How the output is cut.
struct Cut {
  int64_t rows, columns, channels;
};

template <class T>
class ConvDepthwise final : public ConvMethod<T> {
 public:
  ConvDepthwise(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::depthwise_kernel<T>(this->target_)),
        weights_(Tensor<T, 2>({problem.window_size(), problem.channels})),
        bias_(Tensor<T, 1>({problem.channels})) {
    const auto& [height, width] = problem.geometry;
    pack_in_parts(weights, height.window * width.window, problem.channels, [&](int64_t first, int64_t end) {
      for (int64_t tap = first; tap < end; ++tap) {
        const T* from = &weights.weights(tap / width.window, tap % width.window, 0, 0);
        for (int64_t c = 0; c < problem.channels; ++c) weights_(tap, c) = from[c * weights.weights.stride(3)];
      }
    });
    for (int64_t c = 0; weights.bias && c < problem.channels; ++c) bias_(c) = start_of_sum(weights.bias, c);
    are_weights_finite_ = are_finite(weights, weights_);
  }

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override { return std::string("depthwise, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t scratch_per_value) const override {
    Cut cut = cut_for(1, 1, true, scratch_per_value);
    cut.channels = std::max(cut.channels, problem_.channels - (parts_of(cut) - 1) * cut.channels);
    return static_cast<size_t>(values_of(cut, scratch_per_value)) * sizeof(T);
  }
  // Of the workspace, for a block: the patch of the input, and the output where it is odd.
  int64_t values_of(const Cut& cut, int64_t scratch_per_value) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t patch = height.reach_of(cut.rows) * width.reach_of(cut.columns);
    return (patch + cut.rows * cut.columns * scratch_per_value) * cut.channels;
  }
  // The last part of the channels takes those along that do not fill a vector.
  int64_t parts_of(const Cut& cut) const {
    return divide_up(std::max<int64_t>(problem_.channels / kernel_.lanes * kernel_.lanes, 1), cut.channels);
  }
  Cut cut_for(int64_t images, int threads, bool copy, int64_t scratch_per_value) const;
  void run_block(const ConvCall<T>& call, const Block& block, const Channels& part, bool copy) const;

  ConvProblem problem_;
  kernels::DepthwiseKernel<T> kernel_;
  Tensor<T, 2> weights_;  // [KH*KW][C]
  Tensor<T, 1> bias_;
  bool are_weights_finite_;
  bool pads_ =
      problem_.channels >= kernel_.lanes && kernels::depthwise_pads(problem_.geometry.height, problem_.geometry.width);
  bool needs_copy_ = !pads_ && problem_.geometry.reads_padding();
};

// Blocks are cut until they are short enough and fit into the workspace, if they need it: first into bands of rows,
// then in channels, then in columns.
template <class T>
Cut ConvDepthwise<T>::cut_for(int64_t images, int threads, bool copy, int64_t scratch_per_value) const {
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output, lanes = kernel_.lanes;
  const int64_t budget = kPatchBytes / static_cast<int64_t>(sizeof(T));
  const int64_t vectors = std::max<int64_t>(problem_.channels / lanes, 1);
  Cut cut{OH, OW, problem_.channels};
  const bool has_workspace = copy || scratch_per_value > 0;
  const auto fits = [&] {
    return cut.rows * cut.columns * cut.channels <= kMostProducts / problem_.window_size() &&
           (!has_workspace || values_of(cut, scratch_per_value) <= budget);
  };
  while (!fits() && cut.rows > kShortestBand) cut.rows = divide_up(cut.rows, 2);
  for (int64_t parts = 2; !fits() && cut.channels > 2 * lanes; parts *= 2) {
    cut.channels = divide_up(vectors, parts) * lanes;
  }
  while (!fits() && cut.columns > 1) cut.columns = divide_up(cut.columns, 2);
  while (!fits() && cut.rows > 1) cut.rows = divide_up(cut.rows, 2);
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1;
  const auto tasks = [&] { return images * divide_up(OH, cut.rows) * divide_up(OW, cut.columns) * parts_of(cut); };
  while (tasks() < wanted && cut.rows >= 2 * kShortestBand) cut.rows = divide_up(cut.rows, 2);
  while (tasks() < wanted && cut.channels >= 2 * lanes) cut.channels = divide_up(cut.channels / lanes, 2) * lanes;
  return cut;
}

template <class T>
void ConvDepthwise<T>::run_block(const ConvCall<T>& call, const Block& block, const Channels& part, bool copy) const {
  WindowAxis height = problem_.geometry.height.part(block.first_row, block.rows);
  WindowAxis width = problem_.geometry.width.part(block.first_column, block.columns);
  const View<const T, 3> whole = call.input[block.image];
  const int64_t channels = part.count;
  const View<const T, 3> image(whole.data() + part.first * whole.stride(2), {whole.shape(0), whole.shape(1), channels},
                               whole.strides());
  const Cut cut{block.rows, block.columns, channels};
  const int64_t patch = copy ? values_of(cut, 0) : 0;
  const int64_t scratch = block.rows * block.columns * channels * OutputBlock<T>::scratch_per_value(call);
  const ThreadWorkspace memory(static_cast<size_t>(patch + scratch) * sizeof(T));
  T* workspace = memory.as<T>();
  Pixels<const T> input{image.data(), image.stride(0), image.stride(1)};
  if (copy) {
    const int64_t rows = height.reach_of(block.rows);
    const int64_t columns = width.reach_of(block.columns);
    copy_padded(image, height.source(0, 0), rows, width.source(0, 0), columns, workspace);
    input = {workspace, columns * channels, channels};
    height.input = rows;
    width.input = columns;
    height.before = width.before = 0;
  }
  const OutputBlock<T> output(call, block, part, workspace + patch);
  const auto [to, row_step, pixel_step] = output.output();
  kernel_.run({.input = input.data,
               .input_row_step = input.row_step,
               .input_pixel_step = input.pixel_step,
               .height = height,
               .width = width,
               .weights = weights_.data() + part.first,
               .bias = bias_.data() + part.first,
               .tap_step = problem_.channels,
               .are_weights_finite = are_weights_finite_,
               .is_far = (call.input.size() + call.output.size()) * int64_t{sizeof(T)} > kFarBytes,
               .channels = channels,
               .output = to,
               .output_row_step = row_step,
               .output_pixel_step = pixel_step,
               .epilogue = output.epilogue(problem_)});
  output.commit();
}

template <class T>
void ConvDepthwise<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), C = problem_.channels;
  const int threads = threads_worth(double(N) * problem_.products(), kProductsPerThread, call.threads);
  const bool copy = needs_copy_ || (C > 1 && call.input.stride(3) != 1);
  const Cut cut = cut_for(N, threads, copy, OutputBlock<T>::scratch_per_value(call));
  const auto& [height, width] = problem_.geometry;
  const BlockGrid grid(problem_.geometry, divide_up(height.output, cut.rows), divide_up(width.output, cut.columns));
  const int64_t parts = parts_of(cut);
  parallel_for(N * grid.blocks_per_image() * parts, threads, call.progress, [&](int64_t task) {
    const int64_t part = task % parts, first = part * cut.channels;
    run_block(call, grid[task / parts], {first, part + 1 < parts ? cut.channels : C - first}, copy);
  });
}

}  // namespace

bool depthwise_fits(const ConvProblem& problem) {
  const bool is_depthwise = problem.groups == problem.channels && problem.outputs == problem.channels;
  if (!is_depthwise || problem.groups == 1) return false;
  if (!problem.has_countable_padding()) return false;
  // The patch that one pixel of the output reads must fit into the workspace, for the channels of the longest vector.
  constexpr int64_t kMaxLanes = 64, kMaxPatch = kWorkspaceLimit / static_cast<int64_t>(sizeof(double)) / kMaxLanes;
  const int64_t rows = problem.geometry.height.reach(), columns = problem.geometry.width.reach();
  return rows <= kMaxPatch && columns <= kMaxPatch / rows;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_depthwise(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvDepthwise<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_depthwise(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_depthwise(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
