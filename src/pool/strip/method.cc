// method.cc: pooling with windows that overlap, a few rows of output at a time.
#include <algorithm>
#include <cstdint>

#include "pool/methods.h"
#include "pool/norms_kernel.h"
#include "pool/strip/kernel.h"
#include "pool/sum_order.h"
#include "reference/lp_norm.h"

namespace convstep {
namespace {

using kernels::kStripRows;

template <class T>
kernels::Strip<T> strip_of(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views) {
  const auto& [height, width] = call.problem.geometry;
  return {.input = views.input,
          .rows = nullptr,
          .pixel_step = views.pixel_step,
          .columns = views.columns,
          .channels = region.channels,
          .window_height = height.window,
          .stride_height = height.stride,
          .outputs = 0,
          .window_width = width.window,
          .stride_width = width.stride,
          .before = views.first_column - width.source(region.first_column, 0),
          .output_columns = region.columns,
          .output = nullptr,
          .output_row_step = views.output_row_step,
          .output_pixel_step = views.output_pixel_step,
          .buffer = views.scratch,
          .first_column = 0,
          .end_column = views.columns};
}

template <class T>
int64_t row_table_size(int64_t rows) {  // in values of T
  return rows * static_cast<int64_t>(sizeof(int64_t) / sizeof(T));
}

// Rows of the input that a strip reads; with maxima also those that are made up beyond the image.
int64_t strip_rows(const PoolProblem& problem) {
  const WindowAxis& axis = problem.geometry.height;
  if (problem.options.mode != PoolMode::kMax) {
    return std::min(std::min(axis.window, axis.input) + (kStripRows - 1) * std::min(axis.stride, axis.input),
                    axis.input);
  }
  return axis.window + (kStripRows - 1) * axis.stride;
}

// A region of channels out of many is packed first: pixels that lie a large power of two apart would share a few lines
// of the first level cache (512 floats at 20x20, 13x13: a quarter longer in place; Sapphire Rapids).
template <class T>
bool is_packed_first(const RegionViews<T>& views, int64_t channels) {
  return views.packs_rows && views.pixel_step != channels;
}

// Runs a strip that reads so many rows, a part of its columns at a time where it is long. False where it was stopped.
template <class T, class Run>
bool run_in_parts(kernels::Strip<T> strip, int64_t rows, int64_t reads, const TaskProgress& progress, const Run& run) {
  const int64_t at_once = std::max<int64_t>(reads / (rows * strip.channels), 1);
  for (; strip.first_column < strip.columns; strip.first_column = strip.end_column) {
    strip.end_column = std::min(strip.first_column + at_once, strip.columns);
    if (strip.first_column > 0 && !progress.keep_going()) return false;
    run(strip);
  }
  return true;
}

// The rows of a region, packed and looked at as the strips come to them. There is room for those of one strip: a row
// takes the place of one that no strip will read again.
template <class T>
class StripInput {
 public:
  StripInput(const kernels::Target& target, const OutputRegion& region, const RegionViews<T>& views, T* packed,
             int64_t room)
      : target_(target),
        views_(views),
        channels_(region.channels),
        room_(room),
        packed_(is_packed_first(views, channels_) ? packed : nullptr) {}

  const T* data() const { return packed_ ? packed_ : views_.input; }
  int64_t pixel_step() const { return packed_ ? channels_ : views_.pixel_step; }
  // From data() to the rows of the image from `first` on; those before and after what may be read are the nearest.
  void offsets(int64_t first, int64_t count, int64_t* rows) const {
    const int64_t last = views_.first_row + views_.rows - 1,
                  step = packed_ ? views_.columns * channels_ : views_.row_step;
    int64_t row = std::max(first, views_.first_row), place = row - views_.first_row;
    if (packed_) place %= room_;
    for (int64_t i = 0; i < count; ++i) {
      rows[i] = place * step;
      if (first + i < row || row == last) continue;
      ++row;
      if (++place == room_ && packed_) place = 0;
    }
  }

  // Makes the rows before `end` ready. False where it was stopped.
  bool advance(int64_t end, bool look, const TaskProgress& progress) {
    if (!packed_ && !look) return true;
    for (; ready_ < end - views_.first_row; ++ready_) {
      if ((reads_ += views_.columns * channels_) >= kReadsPerReport) {
        reads_ = 0;
        if (!progress.keep_going()) return false;
      }
      const T* row = views_.input + ready_ * views_.row_step;
      T* to = packed_ ? packed_ + ready_ % room_ * views_.columns * channels_ : nullptr;
      const bool is_plain = kernels::is_plain_row(target_, row, views_.columns, views_.pixel_step, channels_, to);
      if (!is_plain) last_special_ = views_.first_row + ready_;
    }
    return true;
  }
  // Have the rows from `first` on, as far as they are ready, neither NaN nor -0?
  bool is_plain_from(int64_t first) const { return last_special_ < first; }

 private:
  const kernels::Target& target_;
  const RegionViews<T>& views_;
  const int64_t channels_, room_;
  T* const packed_;
  static constexpr int64_t kReadsPerReport = int64_t{1} << 20;
  int64_t ready_ = 0, last_special_ = -1, reads_ = 0;
};

template <class T>
void run_max(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
             const TaskProgress& progress) {
  const WindowAxis& axis = call.problem.geometry.height;
  kernels::Strip<T> strip = strip_of(call, region, views);
  const int64_t count = strip_rows(call.problem);
  int64_t* const rows = reinterpret_cast<int64_t*>(views.scratch);
  strip.rows = rows;
  strip.buffer = views.scratch + row_table_size<T>(count);
  StripInput<T> input(call.target, region, views,
                      strip.buffer + kStripRows * kernels::buffer_columns(strip) * region.channels, count);
  strip.input = input.data();
  strip.pixel_step = input.pixel_step();
  const int64_t end = region.first_row + region.rows, last_row = views.first_row + views.rows - 1;
  for (int64_t y = region.first_row; y < end; y += kStripRows) {
    strip.outputs = std::min(kStripRows, end - y);
    const int64_t start = axis.source(y, 0);
    input.offsets(start, count, rows);
    if (!input.advance(std::min(start + count, last_row + 1), true, progress)) return;
    strip.output = views.output + (y - region.first_row) * views.output_row_step;
    const bool is_plain = input.is_plain_from(std::max(start, views.first_row));
    const auto run = [&](const kernels::Strip<T>& part) { kernels::max_strip(call.target, part, is_plain); };
    if (!run_in_parts(strip, count, reads_per_report(call.problem.options), progress, run)) return;
  }
}

template <class T>
void run_sums(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
              const TaskProgress& progress) {
  const auto& [height, width] = call.problem.geometry;
  const bool with_padding = call.problem.options.count_include_pad;
  const kernels::SumOptions sum{call.problem.options.mode, double(reference::lp_power<T>(call.problem.options.p)), 1};
  kernels::Strip<T> strip = strip_of(call, region, views);
  int64_t* const rows = reinterpret_cast<int64_t*>(views.scratch);
  strip.rows = rows;
  T* const divisors = views.scratch + row_table_size<T>(strip_rows(call.problem));
  T* const wide = divisors + kStripRows * region.columns;  // columns that count in an average, for each window
  strip.buffer = wide + region.columns;
  StripInput<T> input(call.target, region, views, strip.buffer + kStripRows * strip.columns * region.channels,
                      strip_rows(call.problem));
  strip.input = input.data();
  strip.pixel_step = input.pixel_step();
  for (int64_t x = 0; x < region.columns; ++x) {
    wide[x] = static_cast<T>(count_taps(call.problem.given.width, region.first_column + x, with_padding));
  }
  const int64_t end = region.first_row + region.rows;
  for (int64_t y = region.first_row; y < end; y += kStripRows) {
    strip.outputs = std::min(kStripRows, end - y);
    const int64_t first = height.source(y, height.taps_on_input(y).first);
    kernels::StripRanges ranges;
    for (int64_t i = 0; i < kStripRows; ++i) {
      const int64_t row = std::min(y + i, end - 1);
      const auto taps = height.taps_on_input(row);
      ranges.begin[i] = height.source(row, taps.first) - first;
      ranges.end[i] = ranges.begin[i] + taps.count();
      const T high = static_cast<T>(count_taps(call.problem.given.height, row, with_padding));
      for (int64_t x = 0; x < region.columns; ++x) divisors[i * region.columns + x] = high * wide[x];
    }
    input.offsets(first, ranges.end[kStripRows - 1], rows);
    if (!input.advance(first + ranges.end[kStripRows - 1], false, progress)) return;
    strip.output = views.output + (y - region.first_row) * views.output_row_step;
    const auto run = [&](const kernels::Strip<T>& part) {
      kernels::sum_strip(call.target, part, ranges, sum, divisors);
    };
    if (!run_in_parts(strip, ranges.end[kStripRows - 1], reads_per_report(call.problem.options), progress, run)) return;
  }
}

// From so many taps on, overlapping windows pay for their buffer.
constexpr int64_t kStripTaps = 16;
// What four windows in a row, or in a column, reach over, in bytes: with no more, a strip of one channel has room for
// its buffer and its table of rows, which take 4 and at most 2 times as much.
constexpr int64_t kLongestReach = 1 << 17;

// Rows beyond the image are made up by the nearest one, which costs work: a window may not be much larger than it.
bool is_moderate(const WindowAxis& axis) {
  return axis.dilation == 1 && axis.window <= 4 * axis.input && axis.stride <= 4 * axis.input;
}

template <class T>
bool fits(const WindowAxis& axis) {
  const double reach = double(axis.window) + double(kStripRows - 1) * double(axis.stride);
  return reach * sizeof(T) <= kLongestReach;
}

template <class T>
bool takes(const PoolProblem& problem, const PoolLayout& layout) {
  const auto& [height, width] = problem.given;
  const bool is_max = problem.options.mode == PoolMode::kMax;
  const bool pays = is_max ? (overlaps(height) || overlaps(width)) && is_moderate(height) && is_moderate(width) &&
                                 height.window * width.window >= kStripTaps && !layout.has_indices
                           : is_summed_by_column(problem);
  return pays && fits<T>(height) && fits<T>(width);
}

template <class T>
int64_t scratch(const PoolProblem& problem, const PoolLayout& layout, const RegionSize& size, bool packs_rows) {
  const WindowAxis& axis = problem.geometry.width;
  const int64_t rows = longest_span(problem.geometry.height, size.rows), columns = longest_span(axis, size.columns);
  kernels::Strip<T> strip{};
  strip.columns = columns;
  if (problem.options.mode == PoolMode::kMax) {
    strip.window_width = axis.window;
    strip.stride_width = axis.stride;
    strip.output_columns = size.columns;
  }
  const bool packs = packs_rows && (size.channels < problem.channels || layout.has_gaps);
  return row_table_size<T>(strip_rows(problem)) + (kStripRows + 1) * size.columns +
         kStripRows * kernels::buffer_columns(strip) * size.channels +
         (packs ? std::min(rows, strip_rows(problem)) * columns * size.channels : 0);
}

template <class T>
void run(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
         const TaskProgress& progress) {
  call.problem.options.mode == PoolMode::kMax ? run_max(call, region, views, progress)
                                              : run_sums(call, region, views, progress);
}

}  // namespace

template <class T>
const PoolMethodKind<T> StripMethod<T>::kKind{"strips", PoolRegions::kStrips, kStripRows, takes<T>, scratch<T>, run<T>};
template struct StripMethod<float>;
template struct StripMethod<double>;

}  // namespace convstep
