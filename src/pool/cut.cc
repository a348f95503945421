#include "pool/cut.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "pool/methods.h"
#include "runtime/machine.h"

namespace convstep {
namespace {

// All of a region's memory; what a strip reads again and again, for the first level cache (32 to 48 KB), and what a row
// of windows reads, for the second (1 to 2 MB): windows read long runs, and fewer channels, for the first level, made
// 3x3 windows of stride 1 an eighth slower (192 channels at 28x28; Zen 4).
constexpr int64_t kScratchBytes = int64_t{1} << 20, kNearBytes = 44 << 10, kRowBytes = kLevel2Bytes / 4;
// Elements that a region reads: rows are added up to the first (some 20 microseconds), columns and channels are taken
// away down to the second.
constexpr int64_t kGrownWork = 1 << 18, kMostWork = 1 << 19;

template <class T>
const PoolMethodKind<T>* choose_method(const PoolProblem& problem, const PoolLayout& layout) {
  const auto takes = [&](const PoolMethodKind<T>* method) { return method->takes(problem, layout); };
  return *std::find_if(std::begin(kPoolMethods<T>), std::end(kPoolMethods<T>), takes);  // windows take any
}

template <class T>
class Cutter {
 public:
  Cutter(const PoolProblem& problem, const PoolLayout& layout)
      : problem_(problem),
        layout_(layout),
        method_(choose_method<T>(problem, layout)),
        height_(problem.geometry.height),
        width_(problem.geometry.width) {
    const double high = double(std::min(height_.window, height_.input)),
                 wide = double(std::min(width_.window, width_.input));
    taps_ = is(PoolRegions::kWindows) || is(PoolRegions::kPlanes) ? high * wide : high + wide;
    if (is(PoolRegions::kPlanes)) layout_.copies_input = layout_.copies_output = false;
  }

  PoolCut<T> cut() {
    size_ = {std::min(method_->rows, height_.output), width_.output, is(PoolRegions::kPlanes) ? 1 : problem_.channels};
    keep_near();
    shrink();
    grow();
    return {method_, layout_, size_, packs_rows_, reads(), workspace()};
  }

 private:
  static constexpr int64_t kLine = kCacheLine / static_cast<int64_t>(sizeof(T));

  bool is(PoolRegions regions) const { return method_->regions == regions; }
  int64_t outputs() const { return size_.rows * size_.columns * size_.channels; }
  int64_t rows_read() const { return longest_span(height_, size_.rows); }
  int64_t columns_read() const { return longest_span(width_, size_.columns); }

  PoolWorkspace<T> workspace() const {
    PoolWorkspace<T> workspace;
    WorkspaceLayout& layout = workspace.layout;
    workspace.input = layout.add<T>(layout_.copies_input ? rows_read() * columns_read() * size_.channels : 0);
    workspace.output = layout.add<T>(layout_.copies_output ? outputs() : 0);
    workspace.indices = layout.add<int64_t>(layout_.copies_indices ? outputs() : 0);
    workspace.scratch = layout.add<T>(method_->scratch(problem_, layout_, size_, packs_rows_));
    return workspace;
  }

  // To fetch an element from memory takes as long as to read some four again.
  double reads() const {
    const double outputs = double(height_.output) * double(width_.output),
                 inputs = double(height_.input * width_.input);
    return double(problem_.channels) * std::max(outputs * taps_, 4 * inputs);
  }
  double work() const { return double(size_.rows * size_.columns) * double(size_.channels) * taps_; }

  bool fits() const {
    // Compared as floating-point numbers: copies of boundless windows could overflow.
    const double copy =
        layout_.copies_input ? double(rows_read()) * double(columns_read()) * double(size_.channels) * sizeof(T) : 0;
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
    if (is(PoolRegions::kAllChannels)) {
      while (rows_read() * columns_read() * line_bytes(size_.channels) > kRowBytes && halve_columns(1)) continue;
      return;
    }
    if (is(PoolRegions::kWindows) && !overlaps(height_)) return;
    const bool strips = is(PoolRegions::kStrips);
    const int64_t columns = columns_read();
    const int64_t rows = longest_span(height_, strips ? size_.rows : 1) + (strips ? 2 * method_->rows : 0);
    const int64_t least = strips ? kLine : 4 * kLine;
    const int64_t most = strips ? kNearBytes : kRowBytes;
    while (size_.channels > least && rows * columns * line_bytes(size_.channels) > most) {
      if (!halve_channels()) return;
    }
  }

  // Strips share the work of as many windows as lie over a column. Regions of fewer would do it again and again; but
  // for sums, which share nothing along the rows, it is enough that columns take no longer than rows.
  int64_t least_columns() const {
    if (!is(PoolRegions::kStrips)) return 1;
    const int64_t shared = divide_up(width_.window, width_.stride);
    return std::max(problem_.options.mode == PoolMode::kMax ? shared : std::min(shared, height_.window), method_->rows);
  }

  void shrink() {
    const int64_t least = least_columns();
    while (!is(PoolRegions::kAllChannels) && !fits() && halve_channels()) continue;
    while (!fits() && halve_columns(least)) continue;
    if (!fits()) packs_rows_ = false;
    while (!fits() && halve_channels_within_a_line()) continue;
    if (!fits()) layout_.copies_input = false;                 // one channel at a time needs no copy
    while (!fits() && halve_columns(method_->rows)) continue;  // strips then fit: see kLongestReach of theirs
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

  const PoolProblem& problem_;
  PoolLayout layout_;
  const PoolMethodKind<T>* const method_;
  const WindowAxis &height_, &width_;
  bool packs_rows_ = true;
  double taps_;  // elements read for one output, about
  RegionSize size_{};
};

}  // namespace

template <class T>
PoolCut<T> cut_pool(const PoolProblem& problem, const PoolLayout& layout) {
  return Cutter<T>(problem, layout).cut();
}

template PoolCut<float> cut_pool(const PoolProblem&, const PoolLayout&);
template PoolCut<double> cut_pool(const PoolProblem&, const PoolLayout&);

}  // namespace convstep
