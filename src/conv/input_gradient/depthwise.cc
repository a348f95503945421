#include "conv/input_gradient/depthwise.h"

#include <algorithm>

#include "conv/input_gradient/depthwise_kernel.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/cutter.h"

namespace convstep {
namespace {

// What copies of a region, of views whose channels lie apart, may take of the workspace: a quarter of a level-2 cache.
constexpr int64_t kCopyBytes = kLevel2Bytes / 4;

// Fewer products than this do not pay for waking a thread; and as many are a task at most, or a caller who wants to
// stop is not heard soon. As the forward half's.
constexpr double kProductsPerThread = 250'000;
constexpr int64_t kMostProducts = int64_t{1} << 26;

// Rows below which a band would read much more of its neighbours' gradient than of its own.
constexpr int64_t kShortestBand = 8;

// The outputs that read some positions of an axis, and the axis as these alone see it: positions are counted from the
// first one, outputs from the first that reads one.
struct ReadersOfPart {
  ReadersOfPart(const WindowAxis& whole, int64_t position, int64_t positions) : axis(whole) {
    const int64_t place = position + whole.before;
    first = std::clamp<int64_t>(divide_up(std::max<int64_t>(place - whole.window + 1, 0), whole.stride), 0,
                                std::min(place / whole.stride, whole.output));
    axis.input = positions;
    axis.before = place - first * whole.stride;
    axis.output = std::clamp<int64_t>((place + positions - 1) / whole.stride + 1, first, whole.output) - first;
  }
  int64_t first;
  WindowAxis axis;
};

template <class T>
const kernels::Target& target_for(const ConvProblem& problem) {
  return kernels::target_for_rows(kernels::chosen_target(), problem.channels * int64_t{sizeof(T)});
}

template <class T>
class DepthwiseByTwo final : public ConvMethod<T> {
 public:
  DepthwiseByTwo(const ConvProblem& problem, const ConvWeights<T>& weights)
      : ConvMethod<T>(target_for<T>(problem)),
        problem_(problem),
        kernel_(kernels::depthwise_input_gradient_kernel<T>(this->target_)),
        weights_(dense_weights(weights)) {}

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override { return std::string("depthwise by two, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t scratch_per_value) const override {
    RegionSize size = size_for(1, 1, true, scratch_per_value);
    size.channels = std::max(size.channels, problem_.channels - (parts_of(size) - 1) * size.channels);
    return workspace_of(size, true, scratch_per_value).layout.bytes();
  }
  TaskWorkspace<T> workspace_of(const RegionSize& size, bool copies, int64_t scratch_per_value) const {
    // Windows of 5 taps reach 3 outputs from one position, and one more from every two after it.
    const int64_t outputs = (size.rows / 2 + 3) * (size.columns / 2 + 3);
    return {copies ? outputs * size.channels : 0, size.rows * size.columns * size.channels * scratch_per_value};
  }
  // The last part of the channels takes those along that do not fill a vector.
  int64_t parts_of(const RegionSize& size) const {
    return divide_up(problem_.channels / kernel_.lanes * kernel_.lanes, size.channels);
  }
  RegionSize size_for(int64_t images, int threads, bool copies, int64_t scratch_per_value) const;
  void run_region(const ConvCall<T>& call, const OutputRegion& region, bool copies) const;

  ConvProblem problem_;
  kernels::DepthwiseInputGradientKernel<T> kernel_;
  Tensor<T, 4> weights_;
};

template <class T>
RegionSize DepthwiseByTwo<T>::size_for(int64_t images, int threads, bool copies, int64_t scratch_per_value) const {
  const int64_t H = problem_.geometry.height.input, W = problem_.geometry.width.input;
  const CutRules rules{
      .shortest_band = kShortestBand, .shortest_row = 1, .narrowest = 1, .channel_step = kernel_.lanes};
  const RegionSize size = cut_to_fit({H, W, problem_.channels}, rules, [&](const RegionSize& part) {
    return part.rows * part.columns * part.channels <= kMostProducts / problem_.window_size() &&
           workspace_of(part, copies, scratch_per_value).layout.bytes() <= kCopyBytes;
  });
  return cut_for_threads(size, rules, threads, [&](const RegionSize& part) {
    return images * divide_up(H, part.rows) * divide_up(W, part.columns) * parts_of(part);
  });
}

template <class T>
void DepthwiseByTwo<T>::run_region(const ConvCall<T>& call, const OutputRegion& region, bool copies) const {
  const ReadersOfPart rows(problem_.geometry.height, region.first_row, region.rows);
  const ReadersOfPart columns(problem_.geometry.width, region.first_column, region.columns);
  const int64_t channels = region.channels;
  const View<const T, 3> image = some_channels(call.input[region.image], region.first_channel, channels);
  const TaskWorkspace<T> workspace =
      workspace_of({region.rows, region.columns, channels}, copies, StagedOutput<T>::scratch_per_value(call));
  const ThreadWorkspace memory(workspace.layout.bytes());
  PixelView<const T> grad{image.data(), image.stride(0), image.stride(1)};
  if (copies) {
    T* const patch = workspace.patch.in(memory.data());
    copy_padded(image, rows.first, rows.axis.output, columns.first, columns.axis.output, patch);
    grad = {patch, columns.axis.output * channels, channels};
  } else if (rows.axis.output > 0 && columns.axis.output > 0) {
    grad.data = &image(rows.first, columns.first, 0);
  }
  const StagedOutput<T> output(call, region, workspace.scratch.in(memory.data()));
  const kernels::Epilogue<T> epilogue = output.epilogue(problem_);
  kernel_.run({.grad = grad,
               .height = rows.axis,
               .width = columns.axis,
               .weights = weights_.data() + region.first_channel,
               .tap_step = problem_.channels,
               .channels = channels,
               .input_grad = output.output(),
               .before = {epilogue.residual, epilogue.residual_row_step, epilogue.residual_pixel_step}});
  output.commit();
}

template <class T>
void DepthwiseByTwo<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), C = problem_.channels;
  const int threads = threads_worth(double(N) * problem_.products(), kProductsPerThread, call.threads);
  const bool copies = !has_dense_pixels(call.input);
  const RegionSize size = size_for(N, threads, copies, StagedOutput<T>::scratch_per_value(call));
  WindowGeometry positions = problem_.geometry;  // of the input, which is what is computed
  positions.height.output = positions.height.input;
  positions.width.output = positions.width.input;
  const RegionGrid grid(positions, size, {C, size.channels, parts_of(size)});
  parallel_for(N * grid.regions_per_image(), threads, call.progress,
               [&](int64_t task) { run_region(call, grid[task], copies); });
}

}  // namespace

template <class T>
bool depthwise_by_two_fits(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  return problem.groups == problem.channels && problem.groups == problem.outputs && problem.has_countable_padding() &&
         kernels::depthwise_gradient_moves_by_two(height) && kernels::depthwise_gradient_moves_by_two(width) &&
         problem.channels >= kernels::depthwise_input_gradient_kernel<T>(target_for<T>(problem)).lanes;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_depthwise_by_two(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<DepthwiseByTwo<T>>(problem, weights);
}

template bool depthwise_by_two_fits<float>(const ConvProblem&);
template bool depthwise_by_two_fits<double>(const ConvProblem&);
template std::unique_ptr<const ConvMethod<float>> make_depthwise_by_two(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_depthwise_by_two(const ConvProblem&,
                                                                         const ConvWeights<double>&);

}  // namespace convstep
