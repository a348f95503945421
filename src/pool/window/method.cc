// method.cc: pooling window by window. What lies on padding is no part of a window, so windows at the border only
// have fewer taps.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pool/methods.h"
#include "pool/norms_kernel.h"
#include "pool/window/kernel.h"
#include "reference/lp_norm.h"
#include "runtime/targets.h"

namespace convstep {
namespace {

using kernels::kMostTaps;

// Where channels are few: values of all windows that are worked out at once, in the first level cache; and how far
// apart those wanted may begin (2x2 and 3x3 at stride 2, Zen 4: 16 floats apart half of the time with AVX-512, 16
// doubles as long; AVX2 a sixth to a tenth).
constexpr int64_t kAtOnce = 1024, kLongestStep = 16;
// The same with positions, each of which takes an instruction or two whether it is wanted or not, in bytes (2x2 at
// stride 2, Zen 4: with AVX-512 48 bytes apart even, 64 a quarter more, 96 two thirds more; with AVX2 24 a quarter of
// the time, 48 half of it).
constexpr int64_t kLongestStepBytes = 48;

// The windows of a region, row by row: those with all their columns on the input as one run, the others each by itself.
template <class T>
class Windows {
 public:
  Windows(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
          const TaskProgress& progress)
      : call_(call), region_(region), views_(views), progress_(progress) {
    const WindowAxis& axis = call.problem.geometry.width;
    // The first and the last position with all taps on the input, if any.
    if ((axis.window - 1) <= (axis.input - 1) / axis.dilation) {
      const int64_t room = axis.input - 1 - (axis.window - 1) * axis.dilation;
      whole_begin_ = (axis.before + axis.stride - 1) / axis.stride;
      whole_end_ = (room + axis.before) / axis.stride + 1;
    }
    sum_.mode = call.problem.options.mode;
    sum_.p = double(reference::lp_power<T>(call.problem.options.p));
  }

  void run() {
    const int64_t end = region_.first_column + region_.columns;
    for (int64_t y = region_.first_row; y < region_.first_row + region_.rows; ++y) {
      for (int64_t x = region_.first_column; x < end;) {
        const bool is_whole = whole_begin_ <= x && x < whole_end_;
        const int64_t pixels = is_whole ? std::min(whole_end_, end) - x : 1;
        if (!run_alike(y, x, pixels)) return;
        x += pixels;
      }
    }
  }

 private:
  using TapRange = WindowAxis::Taps;

  // `pixels` windows from (y, x) on that read the same columns, seen from their first. False where it was stopped.
  bool run_alike(int64_t y, int64_t x, int64_t pixels) {
    const auto& [height, width] = call_.problem.geometry;
    rows_ = height.taps_on_input(y);
    columns_ = width.taps_on_input(x);
    if (call_.problem.options.mode == PoolMode::kAverage) sum_.divisor = mean_divisor<T>(call_.problem, y, x);
    const int64_t taps = rows_.count() * columns_.count();
    if (taps > kMostTaps || (views_.indices && !positions_fit())) {
      for (int64_t i = 0; i < pixels; ++i) {
        if (!run_long(y, x + i)) return false;
      }
      return true;
    }
    kernels::PixelRun<T> run = run_at(y, x, 0);
    run.pixels = pixels;
    fill(0, taps);
    const int64_t C = run.channels;
    const bool is_dense = run.input_step == width.stride * C;
    if (is_dense && width.stride == 1 && run.output_step == C && !views_.indices) {
      run.channels *= pixels;
      run.pixels = 1;
      reduce(run, taps);
    } else if (is_dense && C < lanes_ && run.input_step <= longest_step()) {
      run_few_channels(run, taps, views_.indices ? index_run(y, x, 0) : kernels::IndexRun{});
    } else if (views_.indices) {
      kernels::max_index_run(call_.target, run, {offsets_, taps}, index_run(y, x, 0), false);
    } else {
      reduce(run, taps);
    }
    return true;
  }

  int64_t longest_step() const {
    return views_.indices ? kLongestStepBytes / static_cast<int64_t>(sizeof(T)) : kLongestStep;
  }

  // Windows that move by one pixel of dense channels are one pixel with many channels, so that no vector is
  // part-filled. Here they move by more, or outputs are not dense, or there are indices: all windows are worked out,
  // and those wanted are picked.
  [[gnu::noinline]] void run_few_channels(kernels::PixelRun<T> run, int64_t taps, kernels::IndexRun places) {
    const int64_t step = run.input_step, most = kAtOnce / step;
    for (int64_t pixels; run.pixels > 0; run.pixels -= pixels) {
      pixels = std::min(run.pixels, most);
      const kernels::PixelRun<T> all{.input = run.input,
                                     .input_step = step,
                                     .output = all_windows_,
                                     .output_step = step,
                                     .pixels = 1,
                                     .channels = (pixels - 1) * step + run.channels};
      if (views_.indices) {
        kernels::max_index_run(call_.target, all, {offsets_, taps}, {positions_, 0, 0, all_positions_, step}, false);
        pick_positions(pixels, step, run.channels, places);
      } else {
        reduce(all, taps);
      }
      pick(pixels, step, run);
      run.input += pixels * step;
      run.output += pixels * run.output_step;
    }
  }

  // The windows wanted, `step` apart. The runs that are copied are so short that a call for each would take longer.
  void pick(int64_t pixels, int64_t step, const kernels::PixelRun<T>& run) const {
    const auto copy = [&](auto count, int64_t c) {
      for (int64_t i = 0; i < pixels; ++i) {
        std::memcpy(run.output + i * run.output_step + c, all_windows_ + i * step + c, count * sizeof(T));
      }
    };
    using std::integral_constant;
    switch (run.channels) {
      case 1:
        return copy(integral_constant<size_t, 1>(), 0);
      case 2:
        return copy(integral_constant<size_t, 2>(), 0);
      case 3:
        return copy(integral_constant<size_t, 3>(), 0);
    }
    constexpr int64_t kPart = 4;
    for (int64_t c = 0; c < run.channels; c += kPart) {  // the last part may begin early
      copy(integral_constant<size_t, kPart>(), std::min(c, run.channels - kPart));
    }
  }

  // Those found count from the first tap of their window. Moves on to the pixels that come next.
  void pick_positions(int64_t pixels, int64_t step, int64_t channels, kernels::IndexRun& places) const {
    for (int64_t i = 0; i < pixels; ++i) {
      for (int64_t c = 0; c < channels; ++c) places.output[c] = places.first_position + all_positions_[i * step + c];
      places.first_position += places.position_step;
      places.output += places.output_step;
    }
  }

  void reduce(const kernels::PixelRun<T>& run, int64_t taps) {
    if (call_.problem.options.mode == PoolMode::kMax) {
      kernels::max_run(call_.target, run, {offsets_, taps}, false);
    } else {
      kernels::sum_run(call_.target, run, {offsets_, taps}, sum_, true);
    }
  }

  // A window with more taps than a kernel takes at once.
  [[gnu::noinline]] bool run_long(int64_t y, int64_t x) {
    const int64_t taps = rows_.count() * columns_.count();
    T* output = run_at(y, x, 0).output;
    if (call_.problem.options.mode != PoolMode::kMax) {
      if (!sum_part(y, x, 0, taps, output, views_.scratch)) return false;
      kernels::finish_sums(call_.target, output, region_.channels, sum_);
      return true;
    }
    for (int64_t first = 0, count; first < taps; first += count) {
      count = std::min(taps - first, most_taps(first));
      fill(first, count);
      const kernels::PixelRun<T> run = run_at(y, x, first);
      if (views_.indices) {
        kernels::max_index_run(call_.target, run, {offsets_, count}, index_run(y, x, first), first > 0);
      } else {
        kernels::max_run(call_.target, run, {offsets_, count}, first > 0);
      }
      if (!has_read(count)) return false;
    }
    return true;
  }

  // The pairwise sum of taps first .. first + count - 1, without its finish; `scratch` has room for the sums of all
  // halves under way. The recursion is as deep as count / kMostTaps has binary digits.
  bool sum_part(int64_t y, int64_t x, int64_t first, int64_t count, T* sums, T* scratch) {
    if (count <= kMostTaps) {
      fill(first, count);
      kernels::PixelRun<T> run = run_at(y, x, first);
      run.output = sums;
      kernels::sum_run(call_.target, run, {offsets_, count}, sum_, false);
      return has_read(count);
    }
    const int64_t half = kernels::pairwise_half(count);
    T* second = scratch + region_.channels;
    if (!sum_part(y, x, first, half, sums, scratch)) return false;
    if (!sum_part(y, x, first + half, count - half, scratch, second)) return false;
    for (int64_t c = 0; c < region_.channels; ++c) sums[c] += scratch[c];
    return true;
  }

  bool has_read(int64_t taps) {
    reads_ += taps * region_.channels;
    if (reads_ < reads_per_report_) return true;
    reads_ = 0;
    return progress_.keep_going();
  }

  // One pixel, its input where tap `first` lies.
  kernels::PixelRun<T> run_at(int64_t y, int64_t x, int64_t first) const {
    const auto& [height, width] = call_.problem.geometry;
    const int64_t row = height.source(y, rows_.first + first / columns_.count()) - views_.first_row;
    const int64_t column = width.source(x, columns_.first + first % columns_.count()) - views_.first_column;
    return {.input = views_.input + row * views_.row_step + column * views_.pixel_step,
            .input_step = width.stride * views_.pixel_step,
            .output = views_.output + (y - region_.first_row) * views_.output_row_step +
                      (x - region_.first_column) * views_.output_pixel_step,
            .output_step = views_.output_pixel_step,
            .pixels = 1,
            .channels = region_.channels};
  }

  kernels::IndexRun index_run(int64_t y, int64_t x, int64_t first) const {
    const auto& [height, width] = call_.problem.geometry;
    const int64_t row = height.source(y, rows_.first + first / columns_.count());
    const int64_t column = width.source(x, columns_.first + first % columns_.count());
    return {.positions = positions_,
            .first_position = row * width.input + column,
            .position_step = width.stride,
            .output = views_.indices + (y - region_.first_row) * views_.index_row_step +
                      (x - region_.first_column) * views_.index_pixel_step,
            .output_step = views_.index_pixel_step};
  }

  // Offsets and positions of taps first .. first + count - 1 from the first of them.
  void fill(int64_t first, int64_t count) {
    if (filled_.first == first && filled_.count == count && filled_.columns == columns_.count()) return;
    filled_ = {first, count, columns_.count()};
    const auto& [height, width] = call_.problem.geometry;
    const int64_t row_step = height.dilation * views_.row_step, column_step = width.dilation * views_.pixel_step;
    const int64_t start = first % columns_.count();
    for (int64_t t = 0, i = 0, j = start; t < count; ++t) {
      offsets_[t] = i * row_step + (j - start) * column_step;
      if (views_.indices) positions_[t] = i * height.dilation * width.input + (j - start) * width.dilation;
      if (++j == columns_.count()) j = 0, ++i;
    }
  }

  // Positions ride in 31 bits, counted from the first of a part. In images too large for that a part is one row, or one
  // tap.
  static constexpr int64_t kMostPosition = INT32_MAX;

  bool positions_fit() const {
    return call_.problem.geometry.height.reach_on_input() <= kMostPosition / call_.problem.geometry.width.input;
  }

  int64_t most_taps(int64_t first) const {
    if (!views_.indices || positions_fit()) return kMostTaps;
    if (call_.problem.geometry.width.input > kMostPosition) return 1;
    return std::min(kMostTaps, columns_.count() - first % columns_.count());
  }

  const PoolCall<T>& call_;
  const OutputRegion& region_;
  const RegionViews<T>& views_;
  const TaskProgress& progress_;
  int64_t whole_begin_ = 0, whole_end_ = 0;
  TapRange rows_{}, columns_{};  // of the windows at hand
  kernels::SumOptions sum_{};
  const int64_t lanes_ = call_.target.vector_bytes / static_cast<int64_t>(sizeof(T));
  const int64_t reads_per_report_ = reads_per_report(call_.problem.options);
  int64_t reads_ = 0;
  struct {
    int64_t first = -1, count = 0, columns = 0;
  } filled_{};  // what the tables hold
  int64_t offsets_[kMostTaps], positions_[kMostTaps];
  T all_windows_[kAtOnce];
  int64_t all_positions_[kAtOnce];
};

bool takes(const PoolProblem&, const PoolLayout&) { return true; }

int64_t scratch(const PoolProblem&, const PoolLayout&, const RegionSize& size, bool) {
  constexpr int64_t kSumLevels = 64;  // more than the halvings of any sum
  return kSumLevels * size.channels;
}

template <class T>
void run(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
         const TaskProgress& progress) {
  Windows<T>(call, region, views, progress).run();
}

}  // namespace

template <class T>
const PoolMethodKind<T> WindowMethod<T>::kKind{"windows", PoolRegions::kWindows, 1, takes, scratch, run<T>};
template struct WindowMethod<float>;
template struct WindowMethod<double>;

}  // namespace convstep
