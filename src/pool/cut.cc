#include "pool/cut.h"

#include <algorithm>
#include <cstdint>

#include "pool/row_pair/kernel.h"
#include "pool/strip/kernel.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// All of a region's memory; what a strip reads again and again, for the first level cache (32 to 48 KB), and what a row
// of windows reads, for the second (1 to 2 MB): windows read long runs, and fewer channels, for the first level, made
// 3x3 windows of stride 1 an eighth slower (192 channels at 28x28; Zen 4).
constexpr int64_t kScratchBytes = int64_t{1} << 20, kNearBytes = 44 << 10, kRowBytes = 256 << 10;
// Elements that a region reads: rows are added up to the first (some 20 microseconds), columns and channels are taken
// away down to the second.
constexpr int64_t kGrownWork = 1 << 18, kMostWork = 1 << 19;
// From so many taps on, overlapping windows pay for their buffer.
constexpr int64_t kStripTaps = 16;
// Sums by column: a window at least so many times as wide as its stride, and so high.
constexpr int64_t kColumnSumOverlap = 5;
// 3x3 windows over channels enough for a vector of every target: averages at stride 1 are summed by column, too, and go
// by pairs of rows, as maxima do at stride 1 or 2. No more channels than always fit into the memory of a region.
constexpr int64_t kPairWindow = 3, kMostPairChannels = 4096;
// What four windows in a row, or in a column, reach over, in bytes: with no more, a strip of one channel has room for
// its buffer and its table of rows, which take 4 and at most 2 times as much.
constexpr int64_t kLongestReach = 1 << 17;

bool overlaps(const WindowAxis& axis) { return axis.output > 1 && axis.window > axis.stride; }

// Rows beyond the image are made up by the nearest one, which costs work: a window may not be much larger than it.
bool is_moderate(const WindowAxis& axis) {
  return axis.dilation == 1 && axis.window <= 4 * axis.input && axis.stride <= 4 * axis.input;
}

template <class T>
bool is_summed_by_column(const PoolCall<T>& call) {
  const PoolOptions& options = call.options;
  if (options.mode == PoolMode::kMax || options.sum_order == SumOrder::kNumpy || options.dilation != Size2{1, 1}) {
    return false;
  }
  if (options.mode == PoolMode::kAverage && options.window == Size2{kPairWindow, kPairWindow} &&
      options.stride == Size2{1, 1} && call.output.shape(3) >= kernels::kLeastPairChannels) {
    return true;
  }
  const auto& [height, width] = call.given;
  return width.output > 1 && width.window / kColumnSumOverlap >= width.stride && height.window >= kColumnSumOverlap;
}

template <class T>
bool strips_fit(const WindowAxis& axis) {
  const double reach = double(axis.window) + double(kernels::kStripRows - 1) * double(axis.stride);
  return reach * sizeof(T) <= kLongestReach;
}

template <class T>
bool has_row_pairs(const PoolCall<T>& call) {
  const PoolOptions& options = call.options;
  const int64_t C = call.output.shape(3), stride = options.stride.height;
  if (C < kernels::kLeastPairChannels || kMostPairChannels < C || options.window != Size2{kPairWindow, kPairWindow} ||
      options.stride.width != stride || options.dilation != Size2{1, 1}) {
    return false;
  }
  return options.mode == PoolMode::kMax ? stride <= 2 && !call.indices : stride == 1 && is_summed_by_column(call);
}

template <class T>
PoolMethod choose_method(const PoolCall<T>& call) {
  const auto& [height, width] = call.given;
  if (has_row_pairs(call)) return PoolMethod::kRowPairs;
  const bool is_max = call.options.mode == PoolMode::kMax;
  const bool pays = is_max ? (overlaps(height) || overlaps(width)) && is_moderate(height) && is_moderate(width) &&
                                 height.window * width.window >= kStripTaps && !call.indices
                           : is_summed_by_column(call);
  return pays && strips_fit<T>(height) && strips_fit<T>(width) ? PoolMethod::kStrips : PoolMethod::kWindows;
}

// The elements from the first to the last that `outputs` neighbouring windows can read.
int64_t longest_span(const WindowAxis& axis, int64_t outputs) {
  const int64_t reach = reach_on_input(axis);
  if (outputs - 1 > (axis.input - reach) / axis.stride) return axis.input;
  return (outputs - 1) * axis.stride + reach;
}

template <class T>
class Cutter {
 public:
  explicit Cutter(const PoolCall<T>& call)
      : call_(call), method_(choose_method(call)), height_(call.geometry.height), width_(call.geometry.width) {
    copies_input_ = !has_dense_pixels(call.input);
    const double high = double(std::min(height_.window, height_.input)),
                 wide = double(std::min(width_.window, width_.input));
    taps_ = method_ == PoolMethod::kWindows ? high * wide : high + wide;
  }

  PoolCut<T> cut() {
    size_ = {1, width_.output, call_.output.shape(3)};
    if (method_ == PoolMethod::kStrips) size_.rows = kernels::kStripRows;
    if (method_ == PoolMethod::kRowPairs) size_.rows = kernels::kPairRows;
    size_.rows = std::min(size_.rows, height_.output);
    keep_near();
    shrink();
    grow();
    return {method_, size_, packs_rows_, reads(), copies_input_, copies_output(), copies_indices(), workspace()};
  }

 private:
  static constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  static constexpr int64_t kSumLevels = 64;  // more than the halvings of any sum

  int64_t outputs() const { return size_.rows * size_.columns * size_.channels; }
  int64_t rows_read() const { return longest_span(height_, size_.rows); }
  int64_t columns_read() const { return longest_span(width_, size_.columns); }

  bool copies_output() const { return !has_dense_pixels(call_.output); }
  bool copies_indices() const { return call_.indices && !has_dense_pixels(call_.indices); }
  PoolWorkspace<T> workspace() const {
    PoolWorkspace<T> workspace;
    WorkspaceLayout& layout = workspace.layout;
    workspace.input = layout.add<T>(copies_input_ ? rows_read() * columns_read() * size_.channels : 0);
    workspace.output = layout.add<T>(copies_output() ? outputs() : 0);
    workspace.indices = layout.add<int64_t>(copies_indices() ? outputs() : 0);
    workspace.scratch = layout.add<T>(scratch());
    return workspace;
  }
  int64_t scratch() const {
    switch (method_) {
      case PoolMethod::kStrips:
        return strip_scratch(call_, size_, rows_read(), columns_read(), packs_rows_);
      case PoolMethod::kRowPairs:
        return row_pair_scratch(size_);
      default:
        return kSumLevels * size_.channels;
    }
  }

  // To fetch an element from memory takes as long as to read some four again.
  double reads() const { return std::max(double(call_.output.size()) * taps_, 4 * double(call_.input.size())); }
  double work() const { return double(size_.rows * size_.columns) * double(size_.channels) * taps_; }

  bool fits() const {
    // Compared as floating-point numbers: copies of boundless windows could overflow.
    const double copy =
        copies_input_ ? double(rows_read()) * double(columns_read()) * double(size_.channels) * sizeof(T) : 0;
    return copy <= kScratchBytes && workspace().layout.bytes() <= kScratchBytes;
  }
  static int64_t line_bytes(int64_t values) { return round_up(values, kLine) * static_cast<int64_t>(sizeof(T)); }

  bool halve_columns(int64_t least) {
    if (size_.columns <= least) return false;
    size_.columns = std::max(divide_up(size_.columns, 2), least);
    return true;
  }
  // To whole cache lines of them.
  bool halve_channels() {
    if (size_.channels <= kLine) return false;
    size_.channels = round_up(size_.channels / 2, kLine);
    return true;
  }
  bool halve_channels_within_a_line() {
    if (size_.channels == 1) return false;
    size_.channels = divide_up(size_.channels, 2);
    return true;
  }

  // So few channels that what windows share is still in the cache when the next row of windows comes.
  void keep_near() {
    if (method_ == PoolMethod::kRowPairs) {  // these want all channels
      while (rows_read() * columns_read() * line_bytes(size_.channels) > kRowBytes && halve_columns(1)) continue;
      return;
    }
    if (method_ == PoolMethod::kWindows && !overlaps(height_)) return;
    const bool strips = method_ == PoolMethod::kStrips;
    const int64_t columns = columns_read();
    const int64_t rows = longest_span(height_, strips ? size_.rows : 1) + (strips ? 2 * kernels::kStripRows : 0);
    const int64_t least = strips ? kLine : 4 * kLine;
    const int64_t most = strips ? kNearBytes : kRowBytes;
    while (size_.channels > least && rows * columns * line_bytes(size_.channels) > most) {
      if (!halve_channels()) return;
    }
  }

  // Strips share the work of as many windows as lie over a column. Regions of fewer would do it again and again; but
  // for sums, which share nothing along the rows, it is enough that columns take no longer than rows.
  int64_t least_columns() const {
    if (method_ != PoolMethod::kStrips) return 1;
    const int64_t shared = divide_up(width_.window, width_.stride);
    return std::max(call_.options.mode == PoolMode::kMax ? shared : std::min(shared, height_.window),
                    kernels::kStripRows);
  }

  void shrink() {
    const int64_t least = least_columns();
    while (method_ != PoolMethod::kRowPairs && !fits() && halve_channels()) continue;
    while (!fits() && halve_columns(least)) continue;
    if (!fits()) packs_rows_ = false;
    while (!fits() && halve_channels_within_a_line()) continue;
    if (!fits()) copies_input_ = false;                              // one channel at a time needs no copy
    while (!fits() && halve_columns(kernels::kStripRows)) continue;  // these always fit: see kLongestReach
    while (work() > kMostWork && halve_columns(least)) continue;
    while (work() > kMostWork && halve_channels()) continue;
  }

  void grow() {
    const int64_t step = size_.rows;
    while (size_.rows < height_.output) {
      const int64_t rows = size_.rows;
      size_.rows = std::min(2 * rows, height_.output);
      if (work() <= kGrownWork && fits()) continue;
      size_.rows = rows;
      break;
    }
    size_.rows = std::max(size_.rows / step * step, step);
  }

  const PoolCall<T>& call_;
  const PoolMethod method_;
  const WindowAxis &height_, &width_;
  bool copies_input_, packs_rows_ = true;
  double taps_;  // elements read for one output, about
  RegionSize size_{};
};

}  // namespace

template <class T>
PoolCut<T> cut_pool(const PoolCall<T>& call) {
  return Cutter<T>(call).cut();
}

template PoolCut<float> cut_pool(const PoolCall<float>&);
template PoolCut<double> cut_pool(const PoolCall<double>&);

}  // namespace convstep
