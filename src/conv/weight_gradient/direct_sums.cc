#include "conv/weight_gradient/direct_sums.h"

#include <algorithm>

#include "tiling/staging.h"

namespace convstep {

template <class T>
DirectSums<T>::DirectSums(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientCut<T>& cut,
                          const GradientPart& part, const DirectSumsWorkspace<T>& workspace, void* memory)
    : problem_(problem),
      call_(call),
      cut_(cut),
      part_(part),
      panels_(cut.kernel(), part.outputs),
      patch_(workspace.patch.in(memory)),
      grad_(workspace.grad.in(memory)),
      copies_(cut.needs_copy() || (call.input.stride(3) != 1 && part.channels > 1)) {}

template <class T>
void DirectSums<T>::compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
  const auto [rows, columns] = cut_.region();
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  for (int64_t y = 0; y < OH; y += rows) {
    for (int64_t x = 0; x < OW; x += columns) {
      if (!progress.keep_going()) return;
      add_region(n, {y, std::min(rows, OH - y), x, std::min(columns, OW - x), y == 0 && x == 0}, sums);
    }
  }
}

template <class T>
void DirectSums<T>::add_region(int64_t n, const Region& region, const PartSums<T>& sums) const {
  const auto& [height, width] = problem_.geometry;
  pack_grad(n, region);
  const PixelView<const T> input = input_of(n, region);
  const bool is_one_run = width.dilation == 1 && input.pixel_step == part_.channels;
  const int64_t runs = is_one_run ? 1 : width.window, run = is_one_run ? width.window * part_.channels : part_.channels;
  kernels::WeightGradientBlock<T> block{.values = nullptr,
                                        .row_step = height.stride * input.row_step,
                                        .pixel_step = width.stride * input.pixel_step,
                                        .grad = nullptr,
                                        .rows = region.rows,
                                        .columns = region.columns,
                                        .rows_of_a_chunk = cut_.chunk().rows,
                                        .count = run,
                                        .sums = nullptr,
                                        .adds = !region.is_first};
  const View<T, 4>& gradient = call_.weights_grad;
  const bool is_last =
      region.first_row + region.rows == height.output && region.first_column + region.columns == width.output;
  // A run may go on with the next tap, whose first channel is to be as far from the last as channels are.
  const bool rows_are_even = runs == width.window || gradient.stride(1) == part_.channels * gradient.stride(2);
  const bool asks_ahead = is_last && rows_are_even && gradient.stride(3) == 1;
  const int64_t output = part_.group * problem_.group_outputs() + part_.first_output;
  block.gradient_step = gradient.stride(2);
  for (int64_t p = 0; p < panels_.count(); ++p) {
    block.grad = grad_ + panels_.first(p) * region.rows * region.columns;
    block.sums = sums.weights + panels_.first(p) * values();
    for (int64_t i = 0; i < part_.window_rows; ++i) {
      for (int64_t j = 0; j < runs; ++j, block.sums += run * panels_.lanes(p)) {
        block.values = input.data + i * height.dilation * input.row_step + j * width.dilation * input.pixel_step;
        if (asks_ahead) {
          block.gradient = &gradient(part_.first_window_row + i, j, part_.first_channel, output + panels_.first(p));
        }
        panels_.run(p, block);
      }
    }
    if (part_.has_bias() && call_.bias_grad) add_bias(p, block, sums.bias + panels_.first(p));
  }
}

// The gradient of the bias is that of a weight that multiplies ones.
template <class T>
void DirectSums<T>::add_bias(int64_t panel, kernels::WeightGradientBlock<T> block, T* sums) const {
  static constexpr T kOne = 1;
  block.values = &kOne;
  block.gradient = nullptr;
  block.row_step = block.pixel_step = 0;
  block.count = 1;
  block.sums = sums;
  panels_.run(panel, block);
}

template <class T>
void DirectSums<T>::pack_grad(int64_t n, const Region& region) const {
  const View<const T, 4>& grad = call_.grad;
  const int64_t output = part_.group * problem_.group_outputs() + part_.first_output;
  const T* from = &grad(n, region.first_row, region.first_column, output);
  panels_.pack({from, grad.stride(1), grad.stride(2), region.rows, region.columns}, grad.stride(3), grad_);
}

// What tap (first row of the part, 0) of the region's first pixel reads, first channel of the part.
template <class T>
PixelView<const T> DirectSums<T>::input_of(int64_t n, const Region& region) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t channel = part_.group * problem_.group_channels() + part_.first_channel;
  const int64_t row = height.source(region.first_row, part_.first_window_row);
  const int64_t column = width.source(region.first_column, 0);
  const View<const T, 4>& input = call_.input;
  if (!copies_) return {&input(n, row, column, channel), input.stride(1), input.stride(2)};
  const int64_t rows = (region.rows - 1) * height.stride + (part_.window_rows - 1) * height.dilation + 1;
  const int64_t columns = width.reach_of(region.columns), step = part_.channels + cut_.gap();
  copy_padded(some_channels(input[n], channel, part_.channels), row, rows, column, columns, patch_, cut_.gap());
  return {patch_, columns * step, step};
}

template class DirectSums<float>;
template class DirectSums<double>;

}  // namespace convstep
