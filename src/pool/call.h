// call.h: one call of a pooling layer, its arguments checked, and the regions that are its tasks.
#pragma once

#include "convstep/pool.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "runtime/task_progress.h"
#include "tiling/region.h"

namespace convstep {

enum class PoolMethod {
  kWindows,  // each window from the input
  kStrips,   // down the columns, then along the rows
  kRowPairs  // 3x3, two rows of output at a time
};

template <class T>
struct PoolCall {
  View<const T, 4> input;
  View<T, 4> output;
  View<int64_t, 4> indices;  // or none
  WindowGeometry geometry;   // of the taps that windows read
  WindowGeometry given;      // with those on padding, too, where they are counted
  const PoolOptions& options;
  const kernels::Target& target = kernels::chosen_target();
};

// What a region reads and writes: in place where channels lie side by side, else copies in the workspace.
template <class T>
struct RegionViews {
  const T* input;  // the element (first_row, first_column) of the image, first channel of the region
  int64_t row_step, pixel_step;
  int64_t first_row, first_column, rows, columns;  // of the input: what may be read
  T* output;                                       // the first pixel of the region
  int64_t output_row_step, output_pixel_step;
  int64_t* indices;  // or null
  int64_t index_row_step, index_pixel_step;
  T* scratch;
  bool packs_rows;  // of strips: is there room in `scratch` for the rows that are read?
};

template <class T>
void run_windows(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                 const TaskProgress& progress);
template <class T>
void run_strips(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                const TaskProgress& progress);

template <class T>
void run_row_pairs(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                   const TaskProgress& progress);

// Computes those norms of a region again whose powers overflowed or lost digits.
template <class T>
void mend_norms(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                const TaskProgress& progress);

template <class T>
void run_regions(const PoolCall<T>& call);

// Elements that are read between two reports of progress: about a millisecond, be powers taken of them or not.
inline int64_t reads_per_report(const PoolOptions& options) {
  const bool takes_powers = options.mode == PoolMode::kLp && options.p != 1 && options.p != 2;
  return int64_t{1} << (takes_powers ? 15 : 20);
}

// How many taps of the window at position o count in an average.
inline int64_t count_taps(const WindowAxis& axis, int64_t o, bool include_padding) {
  return (include_padding ? axis.taps_on_padded_input(o) : axis.taps_on_input(o)).count();
}

// The taps from one window's first to its last on the input, dilation included; never more than the input is long.
inline int64_t reach_on_input(const WindowAxis& axis) {
  return axis.window - 1 > (axis.input - 1) / axis.dilation ? axis.input : (axis.window - 1) * axis.dilation + 1;
}

}  // namespace convstep
