#include "conv/weight_gradient/winograd_sums.h"

#include <algorithm>
#include <cmath>

#include "conv/weight_gradient/direct_sums.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

constexpr int64_t kTile = kernels::kGradientTile, kTaps = kernels::kGradientTaps * kernels::kGradientTaps,
                  kPoints = kernels::kGradientPoints, kXi = kPoints * kPoints;

// Tiles of a chunk. Images of no more than the first have one.
constexpr int64_t kMostTiles = 64, kTilesOfAChunk = 48;

// Images of no more tiles are summed by winograd_few_tiles_kernel.h: a column of their grad stays in the level-1 cache.
constexpr int64_t kFewTiles = 9;

// What the transformed tiles and their products may take of the workspace.
constexpr int64_t kTransformedBytes = kWorkspaceLimit * 5 / 8;

}  // namespace

int64_t tiles_of_image(const WindowGeometry& geometry) {
  return divide_up(geometry.height.output, kTile) * divide_up(geometry.width.output, kTile);
}

bool winograd_gradient_fits(const ConvProblem& problem) {
  const auto fits = [](const WindowAxis& axis) { return axis.window == 3 && axis.stride == 1 && axis.dilation == 1; };
  return problem.groups == 1 && fits(problem.geometry.height) && fits(problem.geometry.width) &&
         problem.has_countable_padding();
}

// Measured beside the direct method. Tiles count as whole ones though they reach beyond the image; and the sums of a
// small image are turned for few products.
bool winograd_gradient_pays(const ConvProblem& problem) {
  constexpr int64_t kFewChannels = 32, kFewPixels = 50;
  const int64_t pixels = problem.geometry.height.output * problem.geometry.width.output;
  return problem.channels >= kFewChannels && problem.outputs >= kFewChannels && pixels >= kFewPixels &&
         2 * pixels >= tiles_of_image(problem.geometry) * kTile * kTile;
}

template <class T>
WinogradGradientCut<T>::WinogradGradientCut(const ConvProblem& problem, const kernels::WeightGradientKernel<T>& kernel,
                                            const kernels::FewTilesKernel<T>& few_tiles, int threads)
    : problem_(problem),
      kernel_(kernel),
      tiles_(tiles_of_image(problem.geometry)),
      panels_(divide_up(problem.outputs, kernel.panel_lanes)),
      size_{3, std::min<int64_t>(problem.channels, 64), 1} {
  if (tiles_ > kMostTiles) tiles_ = kTilesOfAChunk;
  has_few_tiles_ = tiles_ <= kFewTiles && few_tiles.run != nullptr;
  const auto fits = [&](const GradientPartSize& size) {
    return workspace_of(size).layout.bytes() <= static_cast<size_t>(kTransformedBytes);
  };
  while (!fits(size_) && size_.channels > 1) size_.channels = divide_up(size_.channels, 2);
  while (size_.panels < panels_ && fits({3, size_.channels, size_.panels + 1})) ++size_.panels;
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1;
  while (parts() < wanted && size_.panels > 1) size_.panels = divide_up(size_.panels, 2);
  while (parts() < wanted && size_.channels > 32) size_.channels = divide_up(size_.channels, 2);
}

template <class T>
int64_t WinogradGradientCut<T>::parts() const {
  return divide_up(problem_.channels, size_.channels) * divide_up(panels_, size_.panels);
}

template <class T>
GradientPart WinogradGradientCut<T>::operator[](int64_t number) const {
  const GradientPieces channels(problem_.channels, size_.channels), panels(panels_, size_.panels);
  const int64_t channel = number % channels.count, panel = number / channels.count;
  const int64_t output = panels.first(panel) * kernel_.panel_lanes;
  return {0,
          0,
          3,
          channels.first(channel),
          channels.length(channel),
          output,
          std::min(panels.length(panel) * kernel_.panel_lanes, problem_.outputs - output)};
}

template <class T>
WinogradSumsWorkspace<T> WinogradGradientCut<T>::workspace_of(const GradientPartSize& size) const {
  WinogradSumsWorkspace<T> workspace;
  WorkspaceLayout& layout = workspace.layout;
  const int64_t lanes = size.panels * kernel_.panel_lanes, channels = round_up(size.channels, kernel_.lanes);
  workspace.input = layout.add<T>(kXi * xi_step(tiles_ * channels) + kernel_.lanes);
  workspace.grad = layout.add<T>(kXi * xi_step(tiles_ * kernel_.panel_lanes));
  workspace.products = layout.add<T>(products_of_a_panel(size) * (has_one_chunk() ? 1 : size.panels));
  workspace.copied = layout.add<T>(kXi * std::max(channels, lanes));
  workspace.weight_sums = layout.add<T>(kTaps * size.channels * lanes);
  workspace.bias_sums = layout.add<T>(lanes);
  return workspace;
}

template <class T>
int64_t WinogradGradientCut<T>::products_of_a_panel(const GradientPartSize& size) const {
  if (has_few_tiles_) return kernels::few_tiles_scratch() * kernel_.panel_lanes;
  return kXi * xi_step(size.channels * kernel_.panel_lanes);
}

template <class T>
WinogradSums<T>::WinogradSums(const ConvProblem& problem, const WeightGradientCall<T>& call,
                              const WinogradGradientCut<T>& cut, const GradientPart& part,
                              const WinogradSumsWorkspace<T>& workspace, void* memory)
    : problem_(problem),
      call_(call),
      cut_(cut),
      part_(part),
      panels_(cut.kernel(), part.outputs),
      forward_(kernels::winograd_kernels<T>(call.target, {kTile, 3})),
      kernels_(kernels::winograd_gradient_kernels<T>(call.target)),
      few_tiles_(kernels::few_tiles_kernel<T>(call.target)),
      input_(workspace.input.in(memory)),
      grad_(workspace.grad.in(memory)),
      products_(workspace.products.in(memory)),
      copied_(workspace.copied.in(memory)),
      padded_channels_(round_up(part.channels, cut.kernel().lanes)),
      across_(divide_up(problem.geometry.width.output, kTile)),
      tiles_(tiles_of_image(problem.geometry)) {}

template <class T>
void WinogradSums<T>::compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
  bool are_finite = true;
  for (int64_t first = 0; first < tiles_; first += cut_.tiles()) {
    if (!progress.keep_going()) return;
    const int64_t count = std::min(cut_.tiles(), tiles_ - first);
    const bool is_last = first + count == tiles_;
    transform_input(n, first, count);
    for (int64_t p = 0; p < panels_.count(); ++p) {
      transform_grad(n, first, count, p);
      if (cut_.has_few_tiles()) {
        are_finite &= sum_few_tiles(p, sums);
        continue;
      }
      multiply(count, p, first > 0);
      if (is_last) are_finite &= transform_sums(p, sums);
    }
  }
  if (!are_finite) mend(n, sums, progress);
  if (part_.has_bias() && call_.bias_grad) sum_bias(n, sums);
}

// Of the output, whole though it may reach beyond.
template <class T>
OutputRegion WinogradSums<T>::tile(int64_t number) const {
  return {0, number / across_ * kTile, kTile, number % across_ * kTile, kTile, 0, 0};
}

// Straight from the view where the tile is inside the image and channels lie side by side, else through a copy.
template <class T>
void WinogradSums<T>::transform_input(int64_t n, int64_t first, int64_t count) const {
  const auto& [height, width] = problem_.geometry;
  const View<const T, 3> image = some_channels(call_.input[n], part_.first_channel, part_.channels);
  for (int64_t t = 0; t < count; ++t) {
    const OutputRegion here = tile(first + t);
    const int64_t row = height.source(here.first_row, 0), column = width.source(here.first_column, 0);
    const bool inside = row >= 0 && row + kPoints <= height.input && column >= 0 && column + kPoints <= width.input;
    T* to = input_ + t * padded_channels_;
    if (inside && has_dense_pixels(call_.input)) {
      forward_.transform_input(&image(row, column, 0), image.stride(0), image.stride(1), part_.channels, to,
                               input_step());
    } else {
      copy_padded(image, row, kPoints, column, kPoints, copied_);
      forward_.transform_input(copied_, kPoints * part_.channels, part_.channels, part_.channels, to, input_step());
    }
  }
}

template <class T>
void WinogradSums<T>::transform_grad(int64_t n, int64_t first, int64_t count, int64_t panel) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t outputs = panels_.outputs(panel), lanes = panels_.lanes(panel);
  const View<const T, 3> grad = some_channels(call_.grad[n], part_.first_output + panels_.first(panel), outputs);
  for (int64_t t = 0; t < count; ++t) {
    const auto [image, row, rows, column, columns, channel, channels] = tile(first + t);
    T* to = grad_ + t * lanes;
    if (row + rows <= height.output && column + columns <= width.output && has_dense_pixels(call_.grad)) {
      kernels_.transform_grad(&grad(row, column, 0), grad.stride(0), grad.stride(1), outputs, lanes, to, grad_step());
    } else {
      copy_padded(grad, row, rows, column, columns, copied_);
      kernels_.transform_grad(copied_, columns * outputs, outputs, outputs, lanes, to, grad_step());
    }
  }
}

template <class T>
void WinogradSums<T>::multiply(int64_t count, int64_t panel, bool adds) const {
  for (int64_t xi = 0; xi < kXi; ++xi) {
    panels_.run(panel, {.values = input_ + xi * input_step(),
                        .row_step = 0,
                        .pixel_step = padded_channels_,
                        .grad = grad_ + xi * grad_step(),
                        .grad_row_step = 0,
                        .grad_pixel_step = panels_.lanes(panel),
                        .rows = 1,
                        .columns = count,
                        .rows_of_a_chunk = 1,
                        .count = part_.channels,
                        .sums = products_of(panel) + xi * product_step(),
                        .sums_step = panels_.lanes(panel),
                        .adds = adds});
  }
}

template <class T>
bool WinogradSums<T>::transform_sums(int64_t panel, const PartSums<T>& sums) const {
  const int64_t values = part_.channels * panels_.lanes(panel);
  return kernels_.transform_sums(products_of(panel), product_step(), values,
                                 sums.weights + kTaps * part_.channels * panels_.first(panel), values);
}

template <class T>
bool WinogradSums<T>::sum_few_tiles(int64_t panel, const PartSums<T>& sums) const {
  const int64_t lanes = panels_.lanes(panel), tap_step = part_.channels * lanes;
  const kernels::FewTilesBlock<T> block{.input = input_,
                                        .input_step = input_step(),
                                        .channel_step = padded_channels_,
                                        .grad = grad_,
                                        .grad_step = grad_step(),
                                        .tiles = tiles_,
                                        .channels = part_.channels,
                                        .scratch = products_,
                                        .sums = sums.weights + kTaps * part_.channels * panels_.first(panel),
                                        .tap_step = tap_step};
  return (lanes == cut_.kernel().panel_lanes ? few_tiles_.run : few_tiles_.run_narrow)(block);
}

// Replaces all taps of a channel and output that are not all finite by those of the direct method.
template <class T>
void WinogradSums<T>::mend(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
  const GradientCut<T> cut(problem_, call_, cut_.kernel(), cut_.size());
  const DirectSumsWorkspace<T> workspace = cut.workspace();
  const ThreadWorkspace memory(workspace.layout.bytes());
  const PartSums<T> direct{workspace.weight_sums.in(memory.data()), workspace.bias_sums.in(memory.data())};
  DirectSums<T>(problem_, call_, cut, part_, workspace, memory.data()).compute(n, direct, progress);
  for (int64_t p = 0; p < panels_.count(); ++p) {
    const int64_t values = part_.channels * panels_.lanes(p), first = kTaps * part_.channels * panels_.first(p);
    for (int64_t k = 0; k < values; ++k) {
      T* to = sums.weights + first + k;
      const T* from = direct.weights + first + k;
      T check = 0;
      for (int64_t tap = 0; tap < kTaps; ++tap) check += 0 * to[tap * values];
      for (int64_t tap = 0; std::isnan(check) && tap < kTaps; ++tap) to[tap * values] = from[tap * values];
    }
  }
}

template <class T>
void WinogradSums<T>::sum_bias(int64_t n, const PartSums<T>& sums) const {
  const int64_t output = part_.first_output;
  const auto [rows, columns] = gradient_chunk(problem_.geometry);
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const View<const T, 3> grad = some_channels(call_.grad[n], output, part_.outputs);
  T* const chunk = copied_;
  std::fill_n(sums.bias, part_.outputs, T(0));
  for (int64_t top = 0; top < OH; top += rows) {
    for (int64_t left = 0; left < OW; left += columns) {
      std::fill_n(chunk, part_.outputs, T(0));
      for (int64_t y = top; y < std::min(top + rows, OH); ++y) {
        for (int64_t x = left; x < std::min(left + columns, OW); ++x) {
          const T* from = &grad(y, x, 0);
          for (int64_t o = 0; o < part_.outputs; ++o) chunk[o] += from[o * grad.stride(2)];
        }
      }
      for (int64_t o = 0; o < part_.outputs; ++o) sums.bias[o] += chunk[o];
    }
  }
}

template class WinogradGradientCut<float>;
template class WinogradGradientCut<double>;
template class WinogradSums<float>;
template class WinogradSums<double>;

}  // namespace convstep
