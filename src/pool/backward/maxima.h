// maxima.h: where the maxima of a region's windows are, row by row.
#pragma once

#include "core/pixel_view.h"
#include "pool/backward/cut.h"
#include "pool/backward/read_counter.h"

namespace convstep {

// Some windows of each row, and some channels of what they read.
template <class T>
struct LookedAt {
  PixelView<const T> input;         // from (first_row, first_column) on
  int64_t first_row, first_column;  // of the image
  int64_t first_window, windows;    // along a row
  int64_t channels;
  int64_t first_position, pixel_positions;           // of (0, 0) of the image; from pixel to pixel
  int64_t place, window_step;                        // of the first window in its row of the workspace; to the next one
  const kernels::Position<T>* positions_of_windows;  // of flat rows, from the place of a window at column 0 on; or null
};

// The maxima of rows of windows, from top to bottom.
template <class T>
class MaximaFinder {
 public:
  MaximaFinder(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const LookedAt<T>& at, void* memory);
  // Those of the windows in row y, into the workspace's `values` and `positions`. False where it was stopped.
  bool find(int64_t y, ReadCounter& reads);

 private:
  // So many taps are looked at by one call of a kernel.
  static constexpr int64_t kMostTaps = 256;

  // Rows of the input, each of which a window reads at its taps.
  struct Rows {
    int64_t first, count;
    int64_t known;  // So many of them have been looked at before, and held neither NaN nor -0.
  };

  bool keep_rows(int64_t first_row, int64_t end_row, ReadCounter& reads);
  bool find_surely(const Rows& rows, const kernels::Maxima<T>& maxima, ReadCounter& reads);
  bool find_among(const Rows& rows, const kernels::Maxima<T>& maxima, bool is_exact, ReadCounter& reads);
  bool find_run(const Rows& rows, int64_t x, int64_t windows, const kernels::Maxima<T>& maxima, bool is_exact,
                ReadCounter& reads);
  void fill(int64_t columns, int64_t first, int64_t count, int64_t known_rows);

  const PoolBackwardCall<T>& call_;
  const WindowAxis &height_, &width_;
  const LookedAt<T> at_;
  const bool keeps_rows_;
  const int64_t kept_rows_, row_values_;
  const kernels::Maxima<T> maxima_, of_rows_;
  int64_t* const row_offsets_;
  int64_t found_until_, last_special_;  // rows of the input
  bool is_stopped_ = false;
  struct {
    int64_t first = -1, count = 0, columns = 0, known_rows = 0;
  } filled_{};  // what the tables hold
  int64_t offsets_[kMostTaps];
  kernels::Position<T> positions_[kMostTaps];
  bool are_new_[kMostTaps];
};

}  // namespace convstep
