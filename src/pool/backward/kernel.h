// kernel.h: what a row of windows adds to the gradient of the input, in two steps: for each window where its maximum
// is, or what each of its elements gets; then for each row under the windows the sums over the windows above a pixel.
//
// What is known of a row of windows lies in rows of a workspace. As a rule a window's channels begin on a cache line
// there, so that no vector is part-filled. Where channels are few the rows are *flat*: as long as those of the input,
// with what is known of a window where the first element under it would be. Then lanes run across pixels, too, and
// windows at a stride leave gaps that must not count.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pool/runs.h"

namespace convstep::kernels {

// Of an element in its image: row * W + column. As wide as the elements, so that the lanes of both fit.
template <class T>
using Position = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

// The largest element of each window and channel, and where it is: the first among equals, the first NaN.
template <class T>
struct Maxima {
  T* values;
  Position<T>* positions;
};

// Neighbouring windows that read the same taps.
template <class T>
struct WindowRun {
  const T* input;      // tap of offset 0 under the first window
  int64_t input_step;  // from window to window
  Position<T> first_position, position_step;
  const Position<T>* lane_positions;  // of flat rows: added for each channel, so that in gaps no position is that of an
                                      // element; else null
  int64_t windows, channels;          // in flat rows one window, and the channels of all as its own
  Maxima<T> maxima;
  int64_t step;
};
// In row order. Positions count from that of offset 0.
template <class T>
struct PlacedTaps {
  const int64_t* offsets;
  const Position<T>* positions;
  const bool* are_new;  // Does no window before this one in the run read what the tap reads? (nor did any run before)
  int64_t count;
};

// With `goes_on` the maxima hold those of taps before these. False where the input has, or may have, numbers that take
// more than one comparison (NaN, -0): then the maxima are not right, but for `is_exact`.
bool find_maxima(const Target& target, const WindowRun<float>& run, const PlacedTaps<float>& taps, bool goes_on,
                 bool is_exact);
bool find_maxima(const Target& target, const WindowRun<double>& run, const PlacedTaps<double>& taps, bool goes_on,
                 bool is_exact);

// Of some rows of maxima, `offsets` after `rows`, those of all, `values` of them, a whole number of cache lines.
template <class T>
struct MaximaRows {
  Maxima<T> rows;
  const int64_t* offsets;
  int64_t count, values;
  Maxima<T> joined;
};
void join_maxima(const Target& target, const MaximaRows<float>& rows, bool is_exact);
void join_maxima(const Target& target, const MaximaRows<double>& rows, bool is_exact);

// The windows over one column of the input.
struct WindowsOver {
  int32_t first, count;
};

// One row of the input's gradient, and the row of windows that adds to it.
template <class T>
struct GradientRow {
  const WindowsOver* windows;  // for each column; null: no window is over any
  int64_t window_step;         // between windows that are over one column
  int64_t columns, channels;
  const T* grad;  // what a window has to give
  int64_t grad_step;
  // Of maxima: to an element in whose position the maximum is. Or null, and to each element that equals it; or without
  // maxima to each element.
  const Position<T>* positions;
  Position<T> first_position;         // of this row's first element
  const Position<T>* lane_positions;  // as above; flat rows are one column
  const T* maxima;
  const T* input;
  int64_t input_step;
  int64_t step;   // of positions and maxima
  const T* sums;  // what other windows gave before; null: nothing
  int64_t sums_step;
  T* to;
  int64_t to_step;
  bool adds;  // the finished sum to what `to` holds
};
void add_windows(const Target& target, const GradientRow<float>& row);
void add_windows(const Target& target, const GradientRow<double>& row);

// The same where windows are `width` columns wide, 2 or 3, and move by `stride`, 1 or 2: `windows` of them, the first
// of which begins at column `start`, that may lie before this row. Not for maxima that elements are compared with.
struct NarrowWindows {
  int64_t width, stride, windows, start;
};
bool slides_windows(const Target& target);  // does it have this?
void slide_windows(const Target& target, const GradientRow<float>& row, const NarrowWindows& windows);
void slide_windows(const Target& target, const GradientRow<double>& row, const NarrowWindows& windows);

// The gradients of a row of windows over the numbers of elements that they are shared out to.
template <class T>
struct SharesRow {
  const T* grad;
  int64_t grad_step;
  const T* counts;  // of each window; null: nothing is shared out, and the gradients are copied
  int64_t windows, channels;
  T* shares;
  int64_t step;
};
void share_out(const Target& target, const SharesRow<float>& row);
void share_out(const Target& target, const SharesRow<double>& row);

// Neighbouring windows, and the indices of their maxima.
struct IndicesRow {
  const int64_t* indices;
  int64_t step;  // from window to window
  int64_t windows, channels;
  int64_t first, first_step;   // the index of the first element under the first window, and from window to window
  const int64_t* lane_firsts;  // added for each channel where windows are taken as channels of one; or null
  int64_t window_rows, row_step;
  int64_t window_columns, column_step;
};
// Is each that of an element under its window?
bool are_in_windows(const Target& target, const IndicesRow& row);

// The indices of so many windows as positions.
template <class T>
struct CopiedIndices {
  const int64_t* indices;
  int64_t indices_step;
  int64_t windows, channels;
  Position<T>* positions;
  int64_t step;
};
void copy_indices(const Target& target, const CopiedIndices<float>& row);
void copy_indices(const Target& target, const CopiedIndices<double>& row);

}  // namespace convstep::kernels
