// method.cc: pooling channel by channel, with lanes that run along the rows.
//
// Small windows, of arrays whose columns lie side by side (NCHW, or one channel), read rows that were split by their
// places modulo the stride, so that what neighbouring windows read lies side by side: then the kernels of windows take
// columns for channels. Large windows, of such arrays or of a few channels, are gone through one by one.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "pool/methods.h"
#include "pool/plane/kernel.h"
#include "pool/sum_order.h"
#include "pool/window/kernel.h"
#include "reference/lp_norm.h"

namespace convstep {
namespace {

// Small windows are at most so high and wide, large ones at least so wide. Rows of fewer windows are worth no split.
constexpr int64_t kMostSmall = 7, kLeastLarge = 16, kLeastColumns = 40;
// Channels so few that lanes which run across them are mostly empty.
constexpr int64_t kFewChannels = 4;

bool is_small(const WindowGeometry& geometry) {
  return std::max(geometry.height.window, geometry.width.window) <= kMostSmall &&
         geometry.width.output >= kLeastColumns;
}

// For the rows of the input that a row of windows reads. A power of two: a division for each would take a third of the
// time of short rows.
int64_t places_of(const WindowAxis& height) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(height.window)));
}

// How a row of the input is kept for small windows: phase after phase.
struct SplitRow {
  SplitRow() = default;
  SplitRow(const WindowAxis& width, int64_t columns)
      : line((columns - 1) * width.stride + width.window),
        phases(std::min(width.stride, width.window)),
        phase_step(columns + (width.window - 1) / width.stride) {}
  int64_t line = 0;  // what the windows of a row read
  int64_t phases = 0, phase_step = 0;
  int64_t values() const { return phases * phase_step; }
};

template <class T>
class Planes {
 public:
  Planes(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views, const TaskProgress& progress)
      : call_(call),
        region_(region),
        views_(views),
        progress_(progress),
        height_(call.problem.geometry.height),
        width_(call.problem.geometry.width),
        split_(is_small_ ? SplitRow(width_, region.columns) : SplitRow()),
        line_(views.scratch),
        rows_(line_ + split_.line) {
    std::fill(std::begin(kept_), std::end(kept_), -1);
    if (is_small_) {
      for (int64_t j = 0; j < width_.window; ++j) {
        column_offsets_[j] = j % width_.stride * split_.phase_step + j / width_.stride;
      }
    }
    sum_.mode = call.problem.options.mode;
    sum_.p = double(reference::lp_power<T>(call.problem.options.p));
  }

  void run() {
    for (int64_t y = region_.first_row; y < region_.first_row + region_.rows; ++y) {
      taps_ = height_.taps_on_input(y);
      T* output = views_.output + (y - region_.first_row) * views_.output_row_step;
      if (is_small_) {
        keep_rows(y);
        is_max() ? row_of_maxima(y, output) : row_of_sums(y, output);
        if (!has_read(taps_.count() * split_.line)) return;
        continue;
      }
      for (int64_t x = 0; x < region_.columns; ++x) {
        if (!large_window(y, region_.first_column + x, output + x * views_.output_pixel_step)) return;
      }
    }
  }

 private:
  using Taps = WindowAxis::Taps;

  bool is_max() const { return call_.problem.options.mode == PoolMode::kMax; }
  const T* row_of(int64_t row) const { return views_.input + (row - views_.first_row) * views_.row_step; }
  // Where in `rows_` a row is kept: no two of a window in one place.
  int64_t place_of(int64_t row) const { return row & (places_of(height_) - 1); }

  void keep_rows(int64_t y) {
    for (int64_t i = taps_.first; i < taps_.end; ++i) {
      const int64_t row = height_.source(y, i);
      const int64_t place = place_of(row);
      if (kept_[place] == row) continue;
      kept_[place] = row;
      keep_row(row_of(row), rows_ + place * split_.values());
    }
  }

  // Beyond the image the nearest column stands: every window over the border reads that, too, so that no maximum
  // changes. Sums leave those taps out.
  void keep_row(const T* from, T* to) {
    const int64_t before = std::max<int64_t>(views_.first_column - width_.source(region_.first_column, 0), 0);
    const int64_t inside = std::min(views_.columns, split_.line - before);
    const bool is_split = width_.stride > 1;
    const T* line = from;
    if (!is_split || inside < split_.line) {
      T* const copy = is_split ? line_ : to;
      std::fill_n(copy, before, from[0]);
      std::memcpy(copy + before, from, static_cast<size_t>(inside) * sizeof(T));
      std::fill(copy + before + inside, copy + split_.line, from[inside - 1]);
      line = copy;
    }
    if (!is_split) return;
    const int64_t whole = split_.line / width_.stride, rest = split_.line % width_.stride;
    kernels::split_line(call_.target, line, width_.stride, split_.phases, whole, to, split_.phase_step);
    for (int64_t phase = 0; phase < std::min(rest, split_.phases); ++phase) {
      to[phase * split_.phase_step + whole] = line[whole * width_.stride + phase];
    }
  }

  // From `rows_` to what these taps of the first column read.
  kernels::Taps offsets_of(int64_t y, const Taps& columns) {
    int64_t count = 0;
    for (int64_t i = taps_.first; i < taps_.end; ++i) {
      const int64_t row = place_of(height_.source(y, i)) * split_.values();
      for (int64_t j = columns.first; j < columns.end; ++j) offsets_[count++] = row + column_offsets_[j];
    }
    return {offsets_, count};
  }

  // `count` windows from column x of the region on, whose columns stand for channels.
  kernels::PixelRun<T> run_of(int64_t x, int64_t count, T* output) const {
    return {
        .input = rows_ + x, .input_step = 0, .output = output + x, .output_step = 0, .pixels = 1, .channels = count};
  }

  void row_of_maxima(int64_t y, T* output) {
    kernels::max_run(call_.target, run_of(0, region_.columns, output), offsets_of(y, {0, width_.window}), false);
  }

  void row_of_sums(int64_t y, T* output) {
    for (int64_t x = 0, count; x < region_.columns; x += count) {
      const int64_t column = region_.first_column + x;
      const Taps columns = width_.taps_on_input(column);
      count = 1;
      if (columns.count() == width_.window) {
        const int64_t last_whole = (width_.input - width_.window + width_.before) / width_.stride;
        count = std::min(last_whole - column + 1, region_.columns - x);
      }
      set_divisor(y, column);
      kernels::sum_run(call_.target, run_of(x, count, output), offsets_of(y, columns), sum_, true);
    }
  }

  void set_divisor(int64_t y, int64_t x) {
    if (call_.problem.options.mode == PoolMode::kAverage) sum_.divisor = mean_divisor<T>(call_.problem, y, x);
  }

  bool large_window(int64_t y, int64_t x, T* output) {
    const Taps columns = width_.taps_on_input(x);
    const kernels::Rectangle<T> of{row_of(height_.source(y, taps_.first)) +
                                       (width_.source(x, columns.first) - views_.first_column) * views_.pixel_step,
                                   taps_.count(), columns.count(), views_.row_step, views_.pixel_step};
    if (is_max()) return maximum(of, output);
    set_divisor(y, x);
    if (!sum(of, 0, of.rows * of.columns, output)) return false;
    kernels::finish_sums(call_.target, output, 1, sum_);
    return true;
  }

  bool maximum(const kernels::Rectangle<T>& of, T* output) {
    const int64_t at_once = std::max<int64_t>(reads_per_report_ / of.columns, 1);
    for (int64_t row = 0; row < of.rows; row += at_once) {
      kernels::Rectangle<T> part = of;
      part.data += row * of.row_step;
      part.rows = std::min(at_once, of.rows - row);
      const T found = kernels::maximum_of(call_.target, part);
      const T two[] = {row == 0 ? found : *output, found};
      *output = kernels::maximum_of(call_.target, {two, 1, 2, 2, 1});
      if (!has_read(part.rows * of.columns)) return false;
    }
    return true;
  }

  bool sum(const kernels::Rectangle<T>& of, int64_t first, int64_t count, T* output) {
    if (count <= reads_per_report_) {
      *output = kernels::sum_of(call_.target, of, first, count, sum_);
      return has_read(count);
    }
    const int64_t half = kernels::pairwise_half(count);
    T second;
    if (!sum(of, first, half, output) || !sum(of, first + half, count - half, &second)) return false;
    *output += second;
    return true;
  }

  bool has_read(int64_t values) {
    reads_ += values;
    if (reads_ < reads_per_report_) return true;
    reads_ = 0;
    return progress_.keep_going();
  }

  const PoolCall<T>& call_;
  const OutputRegion& region_;
  const RegionViews<T>& views_;
  const TaskProgress& progress_;
  const WindowAxis &height_, &width_;
  const bool is_small_ = is_small(call_.problem.geometry);
  const SplitRow split_;
  T *const line_, *const rows_;
  int64_t kept_[kMostSmall + 1];  // which row of the input is in each place of `rows_`
  int64_t column_offsets_[kMostSmall], offsets_[kMostSmall * kMostSmall];
  Taps taps_{};  // on the input, of the windows at hand
  kernels::SumOptions sum_{};
  const int64_t reads_per_report_ = reads_per_report(call_.problem.options);
  int64_t reads_ = 0;
};

bool takes(const PoolProblem& problem, const PoolLayout& layout) {
  const PoolOptions& options = problem.options;
  if (layout.has_indices || options.dilation != Size2{1, 1}) return false;
  if (options.mode == PoolMode::kLp && options.p != 1 && options.p != 2) return false;
  if (is_summed_by_column(problem)) return false;
  const auto& [height, width] = problem.geometry;
  if (is_small(problem.geometry)) return layout.are_planes;
  return (layout.are_planes || problem.channels <= kFewChannels) && !overlaps(height) && !overlaps(width) &&
         std::min(width.window, width.input) >= kLeastLarge;
}

int64_t scratch(const PoolProblem& problem, const PoolLayout&, const RegionSize& size, bool) {
  if (!is_small(problem.geometry)) return 0;
  const SplitRow split(problem.geometry.width, size.columns);
  return split.line + places_of(problem.geometry.height) * split.values();
}

template <class T>
void run(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
         const TaskProgress& progress) {
  Planes<T>(call, region, views, progress).run();
}

}  // namespace

template <class T>
const PoolMethodKind<T> PlaneMethod<T>::kKind{"planes", PoolRegions::kPlanes, 1, takes, scratch, run<T>};
template struct PlaneMethod<float>;
template struct PlaneMethod<double>;

}  // namespace convstep
