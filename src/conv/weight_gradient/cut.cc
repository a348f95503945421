#include "conv/weight_gradient/cut.h"

#include <algorithm>

#include "runtime/machine.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the copy of a region's input, its gradient and a part's sums may take of the workspace: together most of a
// level-2 cache.
constexpr double kPatchBytes = double(kLevel2Bytes) * 3 / 8, kSumBytes = double(kLevel2Bytes) / 4,
                 kGradBytes = double(kLevel2Bytes) / 8;

// Channels are cut no shorter than this while window rows are left to cut, as each part packs the gradient anew.
constexpr int64_t kFewChannels = 32;

// Chunks: pixels of a chain at least, and of one row at most.
constexpr int64_t kChunkPixels = 64, kLongestRow = 256;

}  // namespace

GradientChunk gradient_chunk(const WindowGeometry& geometry) {
  const int64_t height = geometry.height.output, width = geometry.width.output;
  if (width > kLongestRow) return {1, divide_up(width, divide_up(width, kLongestRow))};
  return {std::min(divide_up(kChunkPixels, width), height), width};
}

template <class T>
GradientCut<T>::GradientCut(const ConvProblem& problem, int64_t panel_lanes, int threads)
    : problem_(problem),
      chunk_(gradient_chunk(problem.geometry)),
      region_(chunk_),
      panel_lanes_(panel_lanes),
      panels_(divide_up(problem.group_outputs(), panel_lanes)),
      size_{problem.geometry.height.window, problem.group_channels(), 1} {
  // Pixels that are a multiple of 4 KB apart share a set of the level-1 cache.
  const auto collides = [&](int64_t pixel) {
    return pixel * problem.geometry.width.stride * int64_t{sizeof(T)} % kLevel1Span == 0;
  };
  needs_copy_ = problem.geometry.reads_padding() || collides(problem.channels);
  cut_for_memory();
  cut_for_threads(threads);
  if (collides(size_.channels)) gap_ = kCacheLine / int64_t{sizeof(T)};
  const bool has_whole_rows = region_.columns == problem.geometry.width.output;  // or its chunks would not be in order
  while (has_whole_rows && region_.rows < problem.geometry.height.output) {
    const int64_t rows = region_.rows + chunk_.rows;
    const double grad = double(rows) * double(region_.columns * panel_lanes_ * size_.panels) * sizeof(T);
    if (grad > kGradBytes || (needs_copy_ && patch_bytes(size_, rows) > kPatchBytes)) break;
    region_.rows = rows;
  }
}

template <class T>
int64_t GradientCut<T>::parts_of(const GradientPartSize& size) const {
  return divide_up(problem_.geometry.height.window, size.window_rows) *
         divide_up(problem_.group_channels(), size.channels) * divide_up(panels_, size.panels);
}

template <class T>
double GradientCut<T>::patch_bytes(const GradientPartSize& size, int64_t rows) const {
  const auto& [height, width] = problem_.geometry;
  const double high = double(rows - 1) * double(height.stride) + double(size.window_rows - 1) * double(height.dilation);
  const double wide = double(region_.columns - 1) * double(width.stride) + double(width.window - 1) * double(width.dilation);
  return (high + 1) * (wide + 1) * double(size.channels + gap_) * sizeof(T);
}

template <class T>
double GradientCut<T>::sum_bytes(const GradientPartSize& size) const {
  return double(size.window_rows) * double(problem_.geometry.width.window) * double(size.channels) *
         double(size.panels * panel_lanes_) * sizeof(T);
}

// Window rows first, then channels. Then as many panels as there is room for, as they share the copy of the input.
template <class T>
void GradientCut<T>::cut_for_memory() {
  const auto is_too_large = [&] {
    return sum_bytes(size_) > kSumBytes || patch_bytes(size_, region_.rows) > kPatchBytes;
  };
  while (is_too_large() && size_.window_rows > 1 && size_.channels <= kFewChannels) size_.window_rows = divide_up(size_.window_rows, 2);
  while (is_too_large() && size_.window_rows > 1) size_.window_rows = divide_up(size_.window_rows, 2);
  while (is_too_large() && size_.channels > 1) size_.channels = divide_up(size_.channels, 2);
  while (size_.panels < panels_) {
    GradientPartSize more = size_;
    ++more.panels;
    const double grad = double(region_.rows) * double(region_.columns * panel_lanes_ * more.panels) * sizeof(T);
    if (sum_bytes(more) > kSumBytes || grad > kGradBytes) break;
    size_ = more;
  }
}

// More parts than one for each thread: each copies the input, and packs the gradient, that it needs.
template <class T>
void GradientCut<T>::cut_for_threads(int threads) {
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1;
  const auto has_few = [&] { return problem_.groups * parts_of(size_) < wanted; };
  while (has_few() && size_.panels > 1) size_.panels = divide_up(size_.panels, 2);
  while (has_few() && size_.window_rows > 1) size_.window_rows = divide_up(size_.window_rows, 2);
  while (has_few() && size_.channels > 2 * kFewChannels) size_.channels = divide_up(size_.channels, 2);
}

template <class T>
GradientPart GradientCut<T>::operator[](int64_t number) const {
  const auto piece = [](int64_t length, int64_t most, int64_t& index) {
    const int64_t count = divide_up(length, most), here = index % count;
    index /= count;
    const int64_t first = length / count * here + length % count * here / count;
    return std::pair(first, length / count * (here + 1) + length % count * (here + 1) / count - first);
  };
  const auto [row, rows] = piece(problem_.geometry.height.window, size_.window_rows, number);
  const auto [channel, channels] = piece(problem_.group_channels(), size_.channels, number);
  const auto [panel, panels] = piece(panels_, size_.panels, number);
  const int64_t output = panel * panel_lanes_;
  return {number, row, rows, channel, channels, output, std::min(panels * panel_lanes_, problem_.group_outputs() - output)};
}

template <class T>
GradientWorkspace<T> GradientCut<T>::workspace_of(const GradientPartSize& size, int64_t rows) const {
  GradientWorkspace<T> workspace;
  WorkspaceLayout& layout = workspace.layout;
  const double patch = patch_bytes(size, rows) / sizeof(T);
  const int64_t lanes = size.panels * panel_lanes_;
  // What a patch needs in views whose channels lie apart. Where that is boundless the layout is only asked for its size.
  workspace.patch = layout.add<T>(static_cast<int64_t>(std::min(patch, double(4 * kWorkspaceLimit))));
  workspace.grad = layout.add<T>(rows * region_.columns * lanes);
  workspace.sums = layout.add<T>(static_cast<int64_t>(std::min(sum_bytes(size) / sizeof(T), double(4 * kWorkspaceLimit))));
  workspace.bias_sums = layout.add<T>(lanes);
  return workspace;
}

template class GradientCut<float>;
template class GradientCut<double>;

}  // namespace convstep
