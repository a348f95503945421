#include "conv/weight_gradient/depthwise_sums.h"

#include <algorithm>

#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// What the copy of a region's input may take of the workspace, a panel at a time.
constexpr double kPatchBytes = double(kLevel2Bytes) / 8;

}  // namespace

template <class T>
bool is_depthwise_gradient(const ConvProblem& problem, const kernels::DepthwiseGradientKernel<T>& kernel) {
  const int64_t group = problem.group_channels();
  const bool is_power_of_two = (group & (group - 1)) == 0;
  return problem.groups > 1 && problem.group_outputs() == group && is_power_of_two && group <= kernel.most_group;
}

template <class T>
DepthwiseGradientCut<T>::DepthwiseGradientCut(const ConvProblem& problem,
                                              const kernels::WeightGradientKernel<T>& kernel, int threads)
    : problem_(problem),
      kernel_(kernel),
      region_(gradient_chunk(problem.geometry)),
      panels_(divide_up(problem.channels, kernel.panel_lanes)),
      panels_of_a_part_(1) {
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1, most = divide_up(panels_, wanted);
  const double taps = double(problem.geometry.height.window) * double(problem.geometry.width.window);
  const double sums = taps * double(problem.group_channels()) * double(kernel.panel_lanes) * sizeof(T);
  while (panels_of_a_part_ < most && sums * double(panels_of_a_part_ + 1) <= kPatchBytes) ++panels_of_a_part_;
  const GradientChunk chunk = region_;
  while (chunk.columns == problem.geometry.width.output && region_.rows < problem.geometry.height.output &&
         patch_values(region_.rows + chunk.rows) * sizeof(T) <= kPatchBytes) {
    region_.rows += chunk.rows;
  }
}

template <class T>
double DepthwiseGradientCut<T>::patch_values(int64_t rows) const {
  const auto reach = [](const WindowAxis& axis, int64_t count) {
    return double(count - 1) * double(axis.stride) + double(axis.window - 1) * double(axis.dilation) + 1;
  };
  return reach(problem_.geometry.height, rows) * reach(problem_.geometry.width, region_.columns) *
         double(kernel_.panel_lanes);
}

template <class T>
GradientPart DepthwiseGradientCut<T>::operator[](int64_t number) const {
  const GradientPieces panels(panels_, panels_of_a_part_);
  const int64_t first = panels.first(number) * kernel_.panel_lanes;
  const int64_t outputs = std::min(panels.length(number) * kernel_.panel_lanes, problem_.channels - first);
  return {0, 0, problem_.geometry.height.window, 0, problem_.group_channels(), first, outputs};
}

template <class T>
DirectSumsWorkspace<T> DepthwiseGradientCut<T>::workspace() const {
  DirectSumsWorkspace<T> workspace;
  WorkspaceLayout& layout = workspace.layout;
  const double most = double(4 * kWorkspaceLimit);  // where it is boundless the layout is only asked for its size
  const double taps = double(problem_.geometry.height.window) * double(problem_.geometry.width.window);
  const int64_t lanes = panels_of_a_part_ * kernel_.panel_lanes;
  workspace.patch = layout.add<T>(static_cast<int64_t>(std::min(patch_values(region_.rows), most)));
  workspace.grad = layout.add<T>(region_.rows * region_.columns * kernel_.panel_lanes);
  const double sums = taps * double(problem_.group_channels()) * double(lanes);
  workspace.weight_sums = layout.add<T>(static_cast<int64_t>(std::min(sums, most)));
  workspace.bias_sums = layout.add<T>(lanes);
  return workspace;
}

template <class T>
DepthwiseSums<T>::DepthwiseSums(const ConvProblem& problem, const WeightGradientCall<T>& call,
                                const DepthwiseGradientCut<T>& cut, const GradientPart& part,
                                const DirectSumsWorkspace<T>& workspace, void* memory)
    : problem_(problem),
      call_(call),
      cut_(cut),
      part_(part),
      kernel_(kernels::depthwise_gradient_kernel<T>(call.target)),
      patch_(workspace.patch.in(memory)),
      grad_(workspace.grad.in(memory)),
      is_dense_(has_dense_pixels(call.input) && has_dense_pixels(call.grad)) {}

template <class T>
bool DepthwiseSums<T>::begin_gradient(const TaskProgress& progress) const {
  const bool fills_vectors = is_dense_ && part_.outputs % kernel_.lanes == 0;
  if (!fills_vectors || !call_.weights_grad.is_dense() || (call_.bias_grad && !call_.bias_grad.is_dense()))
    return false;
  T* const bias = call_.bias_grad ? &call_.bias_grad(part_.first_output) : nullptr;
  compute(0, Sums{&call_.weights_grad(0, 0, 0, part_.first_output), problem_.outputs, bias, true}, progress);
  return true;
}

// Chunk after chunk, all channels of each, so that the rows of the input that chunks share are not far when the next
// one reads them. Where channels lie apart it is a panel at a time of regions as large as its copy may be.
template <class T>
void DepthwiseSums<T>::compute(int64_t n, const Sums& sums, const TaskProgress& progress) const {
  const auto [rows, columns] = is_dense_ ? gradient_chunk(problem_.geometry) : cut_.region();
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output, channels = part_.outputs;
  const int64_t step =
      is_dense_ ? std::max(channels / kernel_.lanes, int64_t{1}) * kernel_.lanes : cut_.kernel().panel_lanes;
  for (int64_t y = 0; y < OH; y += rows) {
    for (int64_t x = 0; x < OW; x += columns) {
      if (!progress.keep_going()) return;
      for (int64_t c = 0; c < channels; c += step) {
        add_region({n, y, std::min(rows, OH - y), x, std::min(columns, OW - x), part_.first_output + c,
                    std::min(step, channels - c)},
                   sums);
      }
    }
  }
}

template <class T>
void DepthwiseSums<T>::add_region(const OutputRegion& region, const Sums& sums) const {
  const int64_t first = region.first_channel - part_.first_output;
  const bool reads_in_place = is_dense_ && region.channels % kernel_.lanes == 0;
  kernels::DepthwiseGradientBlock<T> block = reads_in_place ? in_place(region) : copied(region);
  block.group = part_.channels;
  block.rows_of_a_chunk = gradient_chunk(problem_.geometry).rows;
  block.sums = sums.weights + first;
  block.sums_step = sums.step;
  block.adds = region.first_row > 0 || region.first_column > 0;
  block.are_gradient = sums.are_gradient;
  kernel_.run(block);
  if (!call_.bias_grad) return;
  block.sums = sums.bias + first;
  kernel_.add_bias(block);
}

// What the kernel reads, where it lies.
template <class T>
kernels::DepthwiseGradientBlock<T> DepthwiseSums<T>::in_place(const OutputRegion& region) const {
  const View<const T, 4>&input = call_.input, &grad = call_.grad;
  const T* from = &grad(region.image, region.first_row, region.first_column, region.first_channel);
  return {.input = {&input(region.image, 0, 0, region.first_channel), input.stride(1), input.stride(2)},
          .height = problem_.geometry.height.part(region.first_row, region.rows),
          .width = problem_.geometry.width.part(region.first_column, region.columns),
          .grad = {from, grad.stride(1), grad.stride(2)},
          .lanes = region.channels};
}

// The same as copies, the input with its padding. What lies in lanes beyond the channels may be anything.
template <class T>
kernels::DepthwiseGradientBlock<T> DepthwiseSums<T>::copied(const OutputRegion& region) const {
  const auto some = [&](const View<const T, 4>& view) {
    return some_channels(view[region.image], region.first_channel, region.channels);
  };
  WindowAxis height = problem_.geometry.height, width = problem_.geometry.width;
  const int64_t rows = height.reach_of(region.rows), columns = width.reach_of(region.columns);
  const int64_t lanes = round_up(region.channels, kernel_.lanes), gap = lanes - region.channels;
  copy_padded(some(call_.input), height.source(region.first_row, 0), rows, width.source(region.first_column, 0),
              columns, patch_, gap);
  copy_padded(some(call_.grad), region.first_row, region.rows, region.first_column, region.columns, grad_, gap);
  height.input = rows;
  height.output = region.rows;
  width.input = columns;
  width.output = region.columns;
  height.before = width.before = 0;
  return {.input = {patch_, columns * lanes, lanes},
          .height = height,
          .width = width,
          .grad = {grad_, region.columns * lanes, lanes},
          .lanes = lanes};
}

template bool is_depthwise_gradient(const ConvProblem&, const kernels::DepthwiseGradientKernel<float>&);
template bool is_depthwise_gradient(const ConvProblem&, const kernels::DepthwiseGradientKernel<double>&);
template class DepthwiseGradientCut<float>;
template class DepthwiseGradientCut<double>;
template class DepthwiseSums<float>;
template class DepthwiseSums<double>;

}  // namespace convstep
