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

bool is_depthwise_gradient(const ConvProblem& problem) {
  return problem.groups == problem.channels && problem.groups == problem.outputs && problem.groups > 1;
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
  const double sums = taps * double(kernel.panel_lanes) * sizeof(T);
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
  return {0, 0, problem_.geometry.height.window, 0, 1, first, outputs};
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
  workspace.weight_sums = layout.add<T>(static_cast<int64_t>(std::min(taps * double(lanes), most)));
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
      panels_(cut.kernel(), part.outputs),
      kernel_(kernels::depthwise_gradient_kernel<T>(call.target)),
      patch_(workspace.patch.in(memory)),
      grad_(workspace.grad.in(memory)) {}

template <class T>
void DepthwiseSums<T>::compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
  const auto [rows, columns] = cut_.region();
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  for (int64_t p = 0; p < panels_.count(); ++p) {
    for (int64_t y = 0; y < OH; y += rows) {
      for (int64_t x = 0; x < OW; x += columns) {
        if (!progress.keep_going()) return;
        add_region(n,
                   {n, y, std::min(rows, OH - y), x, std::min(columns, OW - x), part_.first_output + panels_.first(p),
                    panels_.outputs(p)},
                   p, sums);
      }
    }
  }
}

template <class T>
void DepthwiseSums<T>::add_region(int64_t n, const OutputRegion& region, int64_t panel, const PartSums<T>& sums) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t taps = height.window * width.window, lanes = panels_.lanes(panel);
  const PixelView<const T> input = input_of(n, region, lanes), grad = grad_of(n, region, lanes);
  kernels::DepthwiseGradientBlock<T> block{.values = input.data,
                                           .row_step = height.stride * input.row_step,
                                           .pixel_step = width.stride * input.pixel_step,
                                           .tap_row_step = height.dilation * input.row_step,
                                           .tap_step = width.dilation * input.pixel_step,
                                           .window_rows = height.window,
                                           .window_columns = width.window,
                                           .grad = grad.data,
                                           .grad_row_step = grad.row_step,
                                           .grad_pixel_step = grad.pixel_step,
                                           .rows = region.rows,
                                           .columns = region.columns,
                                           .rows_of_a_chunk = gradient_chunk(problem_.geometry).rows,
                                           .sums = sums.weights + panels_.first(panel) * taps,
                                           .adds = region.first_row > 0 || region.first_column > 0};
  const auto run = lanes == cut_.kernel().panel_lanes ? kernel_.run : kernel_.run_narrow;
  run(block);
  if (!call_.bias_grad) return;
  // The gradient of the bias is that of a weight that multiplies ones.
  std::fill_n(patch_, lanes, T(1));  // the input is used up
  block.values = patch_;
  block.row_step = block.pixel_step = 0;
  block.window_rows = block.window_columns = 1;
  block.sums = sums.bias + panels_.first(panel);
  run(block);
}

// The channels of the panel with their padding; what lies in lanes beyond them may be anything.
template <class T>
PixelView<const T> DepthwiseSums<T>::input_of(int64_t n, const OutputRegion& region, int64_t lanes) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t rows = height.reach_of(region.rows), columns = width.reach_of(region.columns);
  const int64_t row = height.source(region.first_row, 0), column = width.source(region.first_column, 0);
  const View<const T, 3> image = some_channels(call_.input[n], region.first_channel, region.channels);
  const PixelView<const T> patch{patch_, columns * lanes, lanes};
  if (image.stride(2) != 1 && region.channels > 1) {
    copy_padded(image, row, rows, column, columns, patch_, lanes - region.channels);
    return patch;
  }
  const int64_t left = std::clamp<int64_t>(-column, 0, columns);
  const int64_t end = std::clamp<int64_t>(width.input - column, left, columns);
  T* to = patch_;
  for (int64_t r = row; r < row + rows; ++r, to += columns * lanes) {
    const bool is_inside = height.is_inside(r) && left < end;
    std::fill_n(to, (is_inside ? left : columns) * lanes, T(0));
    if (!is_inside) continue;
    cut_.kernel().pack({&image(r, column + left, 0), 0, image.stride(1), 1, end - left}, region.channels,
                       to + left * lanes);
    std::fill(to + end * lanes, to + columns * lanes, T(0));
  }
  return patch;
}

template <class T>
PixelView<const T> DepthwiseSums<T>::grad_of(int64_t n, const OutputRegion& region, int64_t lanes) const {
  const View<const T, 4>& grad = call_.grad;
  if (grad.stride(3) == 1 && region.channels == lanes) {
    return {&grad(n, region.first_row, region.first_column, region.first_channel), grad.stride(1), grad.stride(2)};
  }
  copy_padded(some_channels(grad[n], region.first_channel, region.channels), region.first_row, region.rows,
              region.first_column, region.columns, grad_, lanes - region.channels);
  return {grad_, region.columns * lanes, lanes};
}

template class DepthwiseGradientCut<float>;
template class DepthwiseGradientCut<double>;
template class DepthwiseSums<float>;
template class DepthwiseSums<double>;

}  // namespace convstep
