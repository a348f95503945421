// method.h: what the ways to compute a pooling have in common. Each has a folder; methods.h lists them.
#pragma once

#include "pool/problem.h"
#include "runtime/targets.h"
#include "runtime/task_progress.h"
#include "tiling/region.h"

namespace convstep {

// One run of a layer over a batch, or over some rows of its output. The views fit the problem; their strides are as
// they come.
template <class T>
struct PoolCall {
  const PoolProblem& problem;
  const kernels::Target& target;
  View<const T, 4> input;
  View<T, 4> output;
  View<int64_t, 4> indices;  // or none
  int threads;
  const ProgressCallback& progress;
  RowRange rows;  // of the output
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

// What else decides how a layer is computed and cut: how the arrays of a call lie.
struct PoolLayout {
  bool has_indices = false;
  bool has_gaps = false;       // between the pixels of the input?
  bool copies_input = false;   // as its channels do not lie side by side
  bool copies_output = false;  // alike
  bool copies_indices = false;
  bool are_planes = false;  // do the columns of input and output lie side by side?

  bool operator==(const PoolLayout&) const = default;
};

// How the cutter treats regions of a method.
enum class PoolRegions {
  kWindows,  // each window reads the input
  kStrips,   // rows are read together, and again by the strip that comes next
  kPlanes,   // one channel at a time, of arrays that lie so
  kAllChannels
};

// A way to compute a pooling, as methods.h lists it.
template <class T>
struct PoolMethodKind {
  const char* name;
  PoolRegions regions;
  int64_t rows;  // of the output that it computes together
  // Is it to compute the layer, where none before it is?
  bool (*takes)(const PoolProblem& problem, const PoolLayout& layout);
  // Values of scratch for regions of this size.
  int64_t (*scratch)(const PoolProblem& problem, const PoolLayout& layout, const RegionSize& size, bool packs_rows);
  void (*run)(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
              const TaskProgress& progress);
};

// Elements that are read between two reports of progress: about a millisecond, be powers taken of them or not.
inline int64_t reads_per_report(const PoolOptions& options) {
  const bool takes_powers = options.mode == PoolMode::kLp && options.p != 1 && options.p != 2;
  return int64_t{1} << (takes_powers ? 15 : 20);
}

}  // namespace convstep
