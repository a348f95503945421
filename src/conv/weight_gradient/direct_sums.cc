#include "conv/weight_gradient/direct_sums.h"

#include <algorithm>

#include "tiling/staging.h"

namespace convstep {
namespace {

// What is read often enough is worth a copy: the gradient of a region, by so many tiles; the values of a tile, whose
// pixels are so many bytes apart, by so many panels times values.
constexpr int64_t kManyTiles = 36, kFarApart = 1024, kManyProducts = 84;

}  // namespace

template <class T>
DirectSums<T>::DirectSums(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientCut<T>& cut,
                          const GradientPart& part, const DirectSumsWorkspace<T>& workspace, void* memory)
    : problem_(problem),
      call_(call),
      cut_(cut),
      part_(part),
      panels_(cut.kernel(), part.outputs),
      patch_(workspace.patch.in(memory)),
      strip_(workspace.strip.in(memory)),
      grad_(workspace.grad.in(memory)),
      copies_grad_(part.outputs % cut.kernel().lanes != 0 || call.grad.stride(3) != 1 ||
                   values() >= kManyTiles * cut.kernel().most_values) {}

template <class T>
void DirectSums<T>::compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
  add_image(n, &sums, false, progress);
}

template <class T>
bool DirectSums<T>::add_to_gradient(int64_t n, bool begins, const TaskProgress& progress) const {
  const bool is_one_chunk =
      cut_.chunk().rows >= problem_.geometry.height.output && cut_.chunk().columns >= problem_.geometry.width.output;
  if (!takes_vectors(call_, part_.outputs, cut_.kernel().lanes) || !(begins || is_one_chunk)) return false;
  add_image(n, nullptr, !begins, progress);
  return true;
}

template <class T>
typename DirectSums<T>::SumsTo DirectSums<T>::in_buffers(const PartSums<T>& sums, int64_t panel) const {
  const int64_t step = panels_.lanes(panel), tap_step = part_.channels * step, first = panels_.first(panel);
  return {sums.weights + first * values(),           sums.bias + first, values() * step,
          problem_.geometry.width.window * tap_step, tap_step,          step};
}

template <class T>
typename DirectSums<T>::SumsTo DirectSums<T>::in_gradient(int64_t panel) const {
  const View<T, 4>& gradient = call_.weights_grad;
  const int64_t output = part_.group * problem_.group_outputs() + part_.first_output + panels_.first(panel);
  return {&gradient(part_.first_window_row, 0, part_.first_channel, output),
          call_.bias_grad ? &call_.bias_grad(output) : nullptr,
          panels_.lanes(panel),
          gradient.stride(0),
          gradient.stride(1),
          gradient.stride(2)};
}

template <class T>
void DirectSums<T>::add_image(int64_t n, const PartSums<T>* buffers, bool adds, const TaskProgress& progress) const {
  const auto [rows, columns] = cut_.region();
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  for (int64_t y = 0; y < OH; y += rows) {
    for (int64_t x = 0; x < OW; x += columns, adds = true) {
      if (!progress.keep_going()) return;
      add_region({n, y, std::min(rows, OH - y), x, std::min(columns, OW - x)}, buffers, adds);
    }
  }
}

// The one that is computed next, or this one again after the last.
template <class T>
typename DirectSums<T>::Region DirectSums<T>::after(const Region& region) const {
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  Region next = region;
  next.first_column += region.columns;
  if (next.first_column < OW) return next;
  next.first_column = 0;
  next.first_row += region.rows;
  if (next.first_row < OH) return next;
  next.first_row = 0;
  ++next.image;
  return next.image < call_.input.shape(0) ? next : region;
}

template <class T>
void DirectSums<T>::add_region(const Region& region, const PartSums<T>* buffers, bool adds) const {
  const auto& [height, width] = problem_.geometry;
  const Region next = after(region);
  const View<T, 4>& gradient = call_.weights_grad;
  const PixelView<const T> input = input_of(region);
  if (copies_grad_) pack_grad(region);
  // A run may go on with the next tap, whose first channel is to be as far from the last as channels are.
  const bool goes_on = gradient.stride(1) == part_.channels * gradient.stride(2);
  const bool is_one_run = width.dilation == 1 && input.pixel_step == part_.channels && (buffers || goes_on);
  const int64_t runs = is_one_run ? 1 : width.window;
  const bool is_last =
      region.first_row + region.rows == height.output && region.first_column + region.columns == width.output;
  const bool asks_for_gradient = (buffers ? is_last : adds) && (!is_one_run || goes_on) && gradient.stride(3) == 1;
  kernels::WeightGradientBlock<T> block{
      .values = nullptr,
      .row_step = height.stride * input.row_step,
      .pixel_step = width.stride * input.pixel_step,
      .grad = nullptr,
      .grad_row_step = call_.grad.stride(1),
      .grad_pixel_step = call_.grad.stride(2),
      .rows = region.rows,
      .columns = region.columns,
      .rows_of_a_chunk = cut_.chunk().rows,
      .count = (is_one_run ? width.window : 1) * part_.channels,
      .sums = nullptr,
      .sums_step = 0,
      .adds = adds,
      .are_gradient = buffers == nullptr,
      .values_ahead = cut_.copies_input() ? 0 : first_value(next) - first_value(region),
      .grad_ahead = copies_grad_ ? 0 : first_grad(next) - first_grad(region),
      .gradient_step = gradient.stride(2)};
  const bool is_far_apart = block.pixel_step * int64_t{sizeof(T)} >= kFarApart;
  for (int64_t p = 0; p < panels_.count(); p += block.panels) {
    const int64_t lanes = panels_.lanes(p), pixels = region.rows * region.columns;
    block.panels = panels_.equal_from(p);
    block.strip = is_far_apart && block.panels * cut_.kernel().most_values >= kManyProducts ? strip_ : nullptr;
    if (copies_grad_) {
      block.grad_pixel_step = lanes;
      block.grad_row_step = region.columns * lanes;
    }
    block.grad = copies_grad_ ? grad_ + panels_.first(p) * pixels : first_grad(region) + panels_.first(p);
    block.grad_panel_step = copies_grad_ ? pixels * lanes : lanes;
    const SumsTo later = in_gradient(p), sums = buffers ? in_buffers(*buffers, p) : later;
    block.sums_step = sums.step;
    block.sums_panel_step = sums.panel_step;
    for (int64_t i = 0; i < part_.window_rows; ++i) {
      for (int64_t j = 0; j < runs; ++j) {
        block.values = input.data + i * height.dilation * input.row_step + j * width.dilation * input.pixel_step;
        block.sums = sums.weights + i * sums.row_step + j * sums.tap_step;
        if (asks_for_gradient) block.gradient = later.weights + i * later.row_step + j * later.tap_step;
        panels_.run(p, block);
      }
    }
    if (part_.has_bias() && call_.bias_grad) add_bias(p, block, sums.bias);
  }
}

// The gradient of the bias is that of a weight that multiplies ones.
template <class T>
void DirectSums<T>::add_bias(int64_t panel, kernels::WeightGradientBlock<T> block, T* sums) const {
  static constexpr T kOne = 1;
  block.values = &kOne;
  block.row_step = block.pixel_step = block.values_ahead = block.grad_ahead = 0;
  block.count = 1;
  block.strip = nullptr;
  block.gradient = nullptr;
  block.sums = sums;
  block.sums_panel_step = panels_.lanes(panel);
  panels_.run(panel, block);
}

template <class T>
const T* DirectSums<T>::first_grad(const Region& region) const {
  const int64_t output = part_.group * problem_.group_outputs() + part_.first_output;
  return &call_.grad(region.image, region.first_row, region.first_column, output);
}

template <class T>
void DirectSums<T>::pack_grad(const Region& region) const {
  const View<const T, 4>& grad = call_.grad;
  panels_.pack({first_grad(region), grad.stride(1), grad.stride(2), region.rows, region.columns}, grad.stride(3),
               grad_);
}

// What tap (first row of the part, 0) of the region's first pixel reads, first channel of the part.
template <class T>
const T* DirectSums<T>::first_value(const Region& region) const {
  const auto& [height, width] = problem_.geometry;
  return &call_.input(region.image, height.source(region.first_row, part_.first_window_row),
                      width.source(region.first_column, 0), first_channel());
}

template <class T>
PixelView<const T> DirectSums<T>::input_of(const Region& region) const {
  const auto& [height, width] = problem_.geometry;
  const View<const T, 4>& input = call_.input;
  if (!cut_.copies_input()) return {first_value(region), input.stride(1), input.stride(2)};
  const int64_t row = height.source(region.first_row, part_.first_window_row);
  const int64_t column = width.source(region.first_column, 0);
  const int64_t rows = (region.rows - 1) * height.stride + (part_.window_rows - 1) * height.dilation + 1;
  const int64_t columns = width.reach_of(region.columns), step = part_.channels + cut_.gap();
  copy_padded(some_channels(input[region.image], first_channel(), part_.channels), row, rows, column, columns, patch_,
              cut_.gap());
  return {patch_, columns * step, step};
}

template class DirectSums<float>;
template class DirectSums<double>;

}  // namespace convstep
