#include "conv/weight_gradient/cut.h"

#include <algorithm>

#include "runtime/machine.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the copy of a region's input, that of its gradient and a part's sums may take of the workspace.
constexpr double kPatchBytes = double(kLevel2Bytes) * 3 / 8, kSumBytes = double(kLevel2Bytes) * 5 / 4,
                 kGradBytes = double(kLevel2Bytes) / 4;

// A region whose input is not copied has no more pixels than this: its values of a tile and its gradient of a panel
// are to stay in a level-1 cache.
constexpr int64_t kRegionPixels = 128;

// Channels are cut no shorter than this for the sake of more parts, as each part packs the gradient anew.
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
GradientCut<T>::GradientCut(const ConvProblem& problem, const WeightGradientCall<T>& call,
                            const kernels::WeightGradientKernel<T>& kernel, const GradientPartSize& size)
    : problem_(problem),
      chunk_(gradient_chunk(problem.geometry)),
      region_(chunk_),
      kernel_(kernel),
      panel_lanes_(kernel.panel_lanes),
      panels_(divide_up(problem.group_outputs(), panel_lanes_)),
      size_(size),
      copies_input_(problem.geometry.reads_padding() || (call.input.stride(3) != 1 && problem.group_channels() > 1)) {}

template <class T>
GradientCut<T>::GradientCut(const ConvProblem& problem, const WeightGradientCall<T>& call,
                            const kernels::WeightGradientKernel<T>& kernel, int threads)
    : GradientCut(problem, call, kernel, {problem.geometry.height.window, problem.group_channels(), 1}) {
  cut_for_memory();
  cut_for_threads(threads);
  if (collides(size_.channels)) gap_ = kCacheLine / int64_t{sizeof(T)};
  const bool has_whole_rows = region_.columns == problem.geometry.width.output;  // or its chunks would not be in order
  while (has_whole_rows && region_.rows < problem.geometry.height.output) {
    const int64_t rows = region_.rows + chunk_.rows;
    const double grad = double(rows) * double(region_.columns * panel_lanes_ * size_.panels) * sizeof(T);
    if (!copies_input_ && rows * region_.columns > kRegionPixels) break;
    if (grad > kGradBytes || (copies_input_ && patch_bytes(size_, rows) > kPatchBytes)) break;
    region_.rows = rows;
  }
}

// Do pixels of so many values share a set of the level-1 cache?
template <class T>
bool GradientCut<T>::collides(int64_t pixel) const {
  return pixel * problem_.geometry.width.stride * int64_t{sizeof(T)} % kLevel1Span == 0;
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
  const double wide =
      double(region_.columns - 1) * double(width.stride) + double(width.window - 1) * double(width.dilation);
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
    return sum_bytes(size_) > kSumBytes || (copies_input_ && patch_bytes(size_, region_.rows) > kPatchBytes);
  };
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
  const GradientPieces rows(problem_.geometry.height.window, size_.window_rows);
  const GradientPieces channels(problem_.group_channels(), size_.channels), panels(panels_, size_.panels);
  const int64_t row = number % rows.count, channel = number / rows.count % channels.count;
  const int64_t panel = number / rows.count / channels.count % panels.count, group = number / parts_of(size_);
  const int64_t output = panels.first(panel) * panel_lanes_;
  return {group,
          rows.first(row),
          rows.length(row),
          channels.first(channel),
          channels.length(channel),
          output,
          std::min(panels.length(panel) * panel_lanes_, problem_.group_outputs() - output)};
}

template <class T>
DirectSumsWorkspace<T> GradientCut<T>::workspace_of(const GradientPartSize& size, int64_t rows) const {
  DirectSumsWorkspace<T> workspace;
  WorkspaceLayout& layout = workspace.layout;
  const double patch = patch_bytes(size, rows) / sizeof(T);
  const int64_t lanes = size.panels * panel_lanes_;
  // Where that is boundless the layout is only asked for its size.
  if (copies_input_)
    workspace.patch = layout.add<T>(static_cast<int64_t>(std::min(patch, double(4 * kWorkspaceLimit))));
  workspace.strip = layout.add<T>(rows * region_.columns * kernel_.strip_lanes);
  workspace.grad = layout.add<T>(rows * region_.columns * lanes);
  workspace.weight_sums =
      layout.add<T>(static_cast<int64_t>(std::min(sum_bytes(size) / sizeof(T), double(4 * kWorkspaceLimit))));
  workspace.bias_sums = layout.add<T>(lanes);
  return workspace;
}

template class GradientCut<float>;
template class GradientCut<double>;

}  // namespace convstep
