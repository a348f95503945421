#include "pool/backward/cut.h"

#include <algorithm>
#include <cstdint>

#include "pool/backward/kernel.h"
#include "runtime/machine.h"
#include "tiling/cutter.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer reads than this do not pay for waking a thread, as in pool/regions.cc.
constexpr double kReadsPerThread = 1 << 19;
// All of a region's memory, and what passes from one row of windows to the next, which stays in the second level cache.
constexpr double kScratchBytes = double(int64_t{1} << 20), kNearBytes = double(kLevel2Bytes / 4);
// Elements that a region reads, at most, where it may be cut (some 100 microseconds).
constexpr double kMostWork = double(int64_t{1} << 21);
// Windows of so few elements are looked at anew by each row of windows: to hand over what rows have in common takes
// longer.
constexpr int64_t kFewTaps = 9;
// From so many windows over an element on, adding g where the maximum is, one number at a time, takes less time than
// to ask of each whether it is here.
constexpr double kScatteredWindows = 25;
// Rows of wider windows are not flat, as each lane would ask so many whether they are over it.
constexpr int64_t kWidestFlat = 8;

// Images so wide, whose channels lie apart, are taken channel by channel: with narrower ones a row takes longer to
// begin than to copy.
constexpr int64_t kLongRow = 100;

template <class T>
bool are_pixels_dense(const PoolBackwardCall<T>& call) {
  return has_dense_pixels(call.grad) && has_dense_pixels(call.indices) && has_dense_pixels(call.input_grad);
}

// That read an element, about.
double windows_over(const WindowAxis& axis) {
  return std::min(double(axis.output), double(axis.window) / double(axis.stride));
}

template <class T>
class Cutter {
 public:
  Cutter(const PoolBackwardCall<T>& call, int threads)
      : call_(call),
        threads_(threads),
        height_(call.problem.geometry.height),
        width_(call.problem.geometry.width),
        rows_(height_),
        columns_(width_),
        is_max_(call.problem.options.mode == PoolMode::kMax) {
    cut_.looks = is_max_ && !call.indices;
    cut_.keeps_rows = cut_.looks && overlaps(height_) && height_.window * width_.window > kFewTaps;
  }

  std::optional<BackwardCut<T>> cut() {
    const double over = windows_over(height_) * windows_over(width_);
    const bool leads_out = call_.indices && !call_.are_in_windows;
    if (is_max_ && call_.ties == PoolTies::kFirst && (leads_out || over >= kScatteredWindows)) {
      cut_.is_scattered = true;
      if (fit(leads_out)) return cut_;
      if (leads_out) return std::nullopt;
    }
    cut_.is_scattered = false;
    if (fit(false)) return cut_;
    if (!cut_.keeps_rows) return std::nullopt;
    cut_.keeps_rows = false;  // they are looked at again by each window
    return fit(false) ? std::optional(cut_) : std::nullopt;
  }

 private:
  static constexpr int64_t kLine = kCacheLine / static_cast<int64_t>(sizeof(T));

  // So many positions that windows of neighbouring parts, which are looked at twice, are few.
  static int64_t shortest_part(const PartSizes& part) {
    return std::min(4 * std::max<int64_t>(part.more_windows, 1), part.axis.output);
  }
  int64_t tasks(const RegionSize& size) const {
    return call_.grad.shape(0) * divide_up(height_.output, size.rows) * divide_up(width_.output, size.columns) *
           divide_up(call_.problem.channels, size.channels);
  }
  bool compares() const { return cut_.looks && call_.ties == PoolTies::kAll; }

  // Flat rows pay where windows would leave more lanes empty than their stride does; pixels must follow one another.
  bool may_be_flat(int64_t channels) const {
    const bool follow = (!cut_.looks || call_.input.stride(2) == channels) && call_.input_grad.stride(2) == channels;
    return follow && !cut_.is_scattered && !compares() && channels % kLine != 0 && width_.window <= kWidestFlat &&
           channels * width_.stride <= round_up(channels, kLine);
  }

  bool fit(bool whole_images) {
    const int64_t C = call_.problem.channels;
    const bool is_dense = (!cut_.looks || has_dense_pixels(call_.input)) && has_dense_pixels(call_.input_grad);
    // Channels that lie apart are images of their own where rows are long.
    const bool takes_planes = !is_dense && cut_.looks && width_.input >= kLongRow && may_be_flat(1);
    cut_.rows.are_flat = takes_planes || (is_dense && may_be_flat(C));
    cut_.copies_input = cut_.looks && !takes_planes && !has_dense_pixels(call_.input);
    cut_.copies_input_grad = !takes_planes && !has_dense_pixels(call_.input_grad);
    cut_.copies_grad = cut_.rows.are_flat || !is_max_ || !has_dense_pixels(call_.grad) || C % kLine != 0;
    cut_.slides = !cut_.rows.are_flat && !compares() && (width_.window == 2 || width_.window == 3) &&
                  width_.stride <= 2 && width_.dilation == 1 && kernels::slides_windows(call_.target);
    cut_.threads = threads_worth(double(call_.grad.shape(0)) * work({height_.output, width_.output, C}),
                                 kReadsPerThread, threads_);
    const RegionSize whole{height_.output, width_.output, takes_planes ? 1 : C};
    const bool is_small =
        !whole_images && cut_.threads == 1 && fits(whole) && (cut_.rows.are_flat || near_bytes(whole) <= kNearBytes);
    const RegionSize size = is_small ? whole : whole_images ? cut_channels(whole) : cut_all(whole);
    if (!is_small && bytes(size) > kScratchBytes) return false;
    cut_.size = size;
    cut_.rows = rows(size);
    cut_.sums_rows = sums_rows(size);
    cut_.workspace = workspace(size);
    return true;
  }

  bool fits(const RegionSize& size) const { return bytes(size) <= kScratchBytes && work(size) <= kMostWork; }
  RegionSize cut_channels(RegionSize size) const {
    while (bytes(size) > kScratchBytes && size.channels > kLine) size.channels = round_up(size.channels / 2, kLine);
    return size;
  }
  RegionSize cut_all(RegionSize size) const {
    while (!cut_.rows.are_flat && near_bytes(size) > kNearBytes && size.channels > 4 * kLine) {
      size.channels = round_up(size.channels / 2, kLine);
    }
    const bool whole_rows = cut_.is_scattered || cut_.rows.are_flat;
    const int64_t shortest_row = whole_rows ? size.columns : shortest_part(columns_);
    const CutRules rules{shortest_part(rows_), shortest_row, shortest_row, cut_.rows.are_flat ? 0 : kLine};
    size = cut_to_fit(size, rules, [&](const RegionSize& some) { return fits(some); });
    return cut_for_threads(size, rules, cut_.threads, [&](const RegionSize& some) { return tasks(some); });
  }

  // Elements of windows that are looked at, and of the gradient; to fetch one from memory takes as long as to read some
  // four again.
  double work(const RegionSize& size) const {
    const double windows = double(rows_.windows(size.rows)) * double(columns_.windows(size.columns));
    const double elements = double(rows_.elements(size.rows)) * double(columns_.elements(size.columns));
    const double high = double(height_.window), wide = double(width_.window);
    const double looks = !cut_.looks ? 1 : cut_.keeps_rows ? high + wide : high * wide;
    const double adds = cut_.is_scattered ? double(kLine) : high * wide;
    return double(size.channels) * std::max(windows * (looks + adds) / 2, 4 * elements);
  }

  BackwardRows rows(const RegionSize& size) const {
    if (!cut_.rows.are_flat) {
      const int64_t step = round_up(size.channels, kLine);
      return {false, 0, step, columns_.windows(size.columns) * step, columns_.elements(size.columns) * step};
    }
    // Windows begin before column 0 where they read padding, and what lies before them is asked for by column 0.
    const int64_t margin = width_.reach() - 1 + std::max<int64_t>(width_.before, 0), C = size.channels;
    return {true, margin, C, round_up((margin + width_.input) * C, kLine) + kLine,
            round_up(width_.input * C, kLine) + kLine};
  }
  // Rows of the input whose maxima are kept.
  int64_t kept_rows() const { return cut_.keeps_rows ? std::min(height_.reach(), height_.input) : 0; }
  int64_t sums_rows(const RegionSize& size) const {
    const int64_t rows = rows_.elements(size.rows);
    if (cut_.is_scattered) return rows;
    return height_.output > 1 && height_.reach() > height_.stride ? std::min(height_.reach(), rows) : 0;
  }

  // What a row of windows reads and writes, without the memory of rows of others.
  double near_bytes(const RegionSize& size) const {
    const double windows = double(columns_.windows(size.columns));
    const double columns = double(columns_.elements(size.columns));
    const double rows = double(std::min(height_.window, height_.input));
    const double of_windows = (is_max_ ? 2 : 1) + (cut_.looks ? 1 : 0) + (cut_.keeps_rows ? 2 * rows : 0);
    return (of_windows * windows + (cut_.looks ? 2 : 1) * rows * columns) * double(round_up(size.channels, kLine)) *
           double(sizeof(T));
  }
  // Counted as floating-point numbers, for they may be large; and no less than workspace() takes.
  double bytes(const RegionSize& size) const {
    constexpr double kRowsOfWindows = 7, kRowsOfColumns = 3, kPieces = 16 * double(kLine);
    const BackwardRows row = rows(size);
    const double values = (kRowsOfWindows + 2 * double(kept_rows())) * double(row.windows) +
                          (kRowsOfColumns + double(sums_rows(size))) * double(row.columns) + input_values(size) +
                          input_grad_values(size) + kPieces;
    return values * sizeof(T) + double(cut_.keeps_rows ? height_.window : 0) * sizeof(int64_t);
  }
  double input_values(const RegionSize& size) const {
    if (!cut_.copies_input) return 0;
    return double(longest_span(height_, rows_.windows(size.rows))) *
           double(longest_span(width_, columns_.windows(size.columns))) * double(round_up(size.channels, kLine));
  }
  double input_grad_values(const RegionSize& size) const {
    if (!cut_.copies_input_grad || cut_.is_scattered) return 0;
    return double(rows_.elements(size.rows)) * double(rows(size).columns);
  }

  BackwardWorkspace<T> workspace(const RegionSize& size) const {
    const BackwardRows row = rows(size);
    const int64_t windows = is_max_ ? 0 : columns_.windows(size.columns);
    const bool lists_windows = !row.are_flat && !cut_.slides && !cut_.is_scattered;
    const int64_t flat = row.are_flat && is_max_ ? 1 : 0;
    BackwardWorkspace<T> pieces;
    WorkspaceLayout& layout = pieces.layout;
    pieces.windows_over = layout.add<kernels::WindowsOver>(lists_windows ? columns_.elements(size.columns) : 0);
    pieces.positions_of_windows = layout.add<kernels::Position<T>>(cut_.looks ? flat * row.windows : 0);
    pieces.positions_of_columns = layout.add<kernels::Position<T>>(flat * row.columns);
    pieces.counts = layout.add<T>(windows);
    pieces.columns_counted = layout.add<T>(windows);
    pieces.values = layout.add<T>(cut_.looks ? row.windows : 0);
    pieces.positions = layout.add<kernels::Position<T>>(is_max_ ? row.windows : 0);
    pieces.row_values = layout.add<T>(kept_rows() * row.windows);
    pieces.row_positions = layout.add<kernels::Position<T>>(kept_rows() * row.windows);
    pieces.row_offsets = layout.add<int64_t>(cut_.keeps_rows ? height_.window : 0);
    pieces.shares = layout.add<T>(cut_.copies_grad ? row.windows : 0);
    pieces.grad = layout.add<T>(row.are_flat && !is_max_ ? row.windows : 0);
    pieces.sums = layout.add<T>(sums_rows(size) * row.columns);
    pieces.input = layout.add<T>(static_cast<int64_t>(input_values(size)));
    pieces.input_grad = layout.add<T>(static_cast<int64_t>(input_grad_values(size)));
    return pieces;
  }

  const PoolBackwardCall<T>& call_;
  const int threads_;
  const WindowAxis &height_, &width_;
  const PartSizes rows_, columns_;
  const bool is_max_;
  BackwardCut<T> cut_{};
};

}  // namespace

template <class T>
bool asks_for_windows(const PoolBackwardCall<T>& call) {
  const auto& [height, width] = call.problem.geometry;
  const bool is_scattered = windows_over(height) * windows_over(width) >= kScatteredWindows &&
                            double(height.input) * double(width.input) * double(kCacheLine) <= kScratchBytes / 2;
  return are_pixels_dense(call) && !is_scattered;
}

template <class T>
std::optional<BackwardCut<T>> cut_backward(const PoolBackwardCall<T>& call, int threads) {
  if (call.problem.options.mode == PoolMode::kLp || !has_small_numbers(call.problem.geometry)) return std::nullopt;
  if (call.indices && !are_pixels_dense(call)) return std::nullopt;
  return Cutter<T>(call, threads).cut();
}

template bool asks_for_windows(const PoolBackwardCall<float>&);
template bool asks_for_windows(const PoolBackwardCall<double>&);
template std::optional<BackwardCut<float>> cut_backward(const PoolBackwardCall<float>&, int);
template std::optional<BackwardCut<double>> cut_backward(const PoolBackwardCall<double>&, int);

}  // namespace convstep
