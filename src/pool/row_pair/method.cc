// method.cc: 3x3 windows, two rows of output at a time.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "pool/methods.h"
#include "pool/row_pair/kernel.h"
#include "pool/sum_order.h"

namespace convstep {
namespace {

template <class T>
class RowPairs {
 public:
  RowPairs(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
           const TaskProgress& progress)
      : call_(call),
        region_(region),
        views_(views),
        progress_(progress),
        stride_(call.problem.options.stride.height),
        beyond_(views.scratch),
        divisors_(beyond_ + region.channels),
        wide_(divisors_ + kernels::kPairRows * region.columns) {
    is_max_ = call.problem.options.mode == PoolMode::kMax;
    std::fill_n(beyond_, region.channels, is_max_ ? -std::numeric_limits<T>::infinity() : T(-0.0));
    for (int64_t x = 0; x < region.columns; ++x) {
      wide_[x] = static_cast<T>(count_taps(call.problem.given.width, region.first_column + x, counts_padding()));
    }
  }

  void run() {
    for (int64_t y = 0; y < region_.rows; y += kernels::kPairRows) {
      const int64_t pair = std::min(kernels::kPairRows, region_.rows - y);
      const kernels::RowPair<T> rows = rows_at(y, pair);
      if (!is_max_) {
        fill_divisors(y, pair);
        kernels::average_rows(call_.target, rows, divisors_);
      } else if (!kernels::max_rows(call_.target, rows, stride_)) {
        window_by_window(y, pair);
      }
    }
  }

 private:
  bool counts_padding() const { return call_.problem.options.count_include_pad; }
  kernels::RowPair<T> rows_at(int64_t y, int64_t pair) const {
    const auto& [height, width] = call_.problem.geometry;
    kernels::RowPair<T> rows{.input = {},
                             .steps = {},
                             .columns = views_.columns,
                             .channels = region_.channels,
                             .before = views_.first_column - width.source(region_.first_column, 0),
                             .output = views_.output + y * views_.output_row_step,
                             .output_row_step = views_.output_row_step,
                             .output_pixel_step = views_.output_pixel_step,
                             .output_columns = region_.columns};
    int64_t start = height.source(region_.first_row + y, 0) - views_.first_row;
    // The last of an odd number of rows is the lower one of two that are written to the same place.
    if (pair == 1) start -= stride_, rows.output_row_step = 0;
    for (int64_t i = 0; i < 3 + stride_; ++i) {
      const bool is_on_input = 0 <= start + i && start + i < views_.rows;
      rows.input[i] = is_on_input ? views_.input + (start + i) * views_.row_step : beyond_;
      rows.steps[i] = is_on_input ? views_.pixel_step : 0;
    }
    return rows;
  }

  void fill_divisors(int64_t y, int64_t pair) {
    for (int64_t i = 0; i < kernels::kPairRows; ++i) {
      const int64_t row = region_.first_row + y + std::min(i, pair - 1);
      const T high = static_cast<T>(count_taps(call_.problem.given.height, row, counts_padding()));
      for (int64_t x = 0; x < region_.columns; ++x) divisors_[i * region_.columns + x] = high * wide_[x];
    }
  }

  void window_by_window(int64_t y, int64_t rows) const {
    OutputRegion region = region_;
    region.first_row += y;
    region.rows = rows;
    RegionViews<T> views = views_;
    views.output += y * views.output_row_step;
    WindowMethod<T>::kKind.run(call_, region, views, progress_);
  }

  const PoolCall<T>& call_;
  const OutputRegion& region_;
  const RegionViews<T>& views_;
  const TaskProgress& progress_;
  bool is_max_;
  const int64_t stride_;  // of both axes, though one may have a single output
  T* const beyond_;       // a pixel of the rows above and below the image
  T* const divisors_;     // of two rows
  T* const wide_;         // columns that count in an average, for each window
};

// No more channels than always fit into the memory of a region.
constexpr int64_t kMostPairChannels = 4096;

bool takes(const PoolProblem& problem, const PoolLayout& layout) {
  const PoolOptions& options = problem.options;
  const int64_t C = problem.channels, stride = options.stride.height;
  if (C < kernels::kLeastPairChannels || kMostPairChannels < C || options.window != Size2{kPairWindow, kPairWindow} ||
      options.stride.width != stride || options.dilation != Size2{1, 1}) {
    return false;
  }
  return options.mode == PoolMode::kMax ? stride <= 2 && !layout.has_indices
                                        : stride == 1 && is_summed_by_column(problem);
}

int64_t scratch(const PoolProblem&, const PoolLayout&, const RegionSize& size, bool) {
  return size.channels + (kernels::kPairRows + 1) * size.columns;
}

template <class T>
void run(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
         const TaskProgress& progress) {
  RowPairs<T>(call, region, views, progress).run();
}

}  // namespace

template <class T>
const PoolMethodKind<T> RowPairMethod<T>::kKind{
    "row pairs", PoolRegions::kAllChannels, kernels::kPairRows, takes, scratch, run<T>};
template struct RowPairMethod<float>;
template struct RowPairMethod<double>;

}  // namespace convstep
