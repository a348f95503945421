// given.h: what the windows of a region have to give, row by row: their gradients, or shares of them; and where, if
// indices say so.
#pragma once

#include "pool/backward/cut.h"

namespace convstep {

// Some windows of each row, and their places in rows of the workspace.
struct GivenAt {
  const OutputRegion& region;
  int64_t first_window, windows;
  int64_t place, window_step;
  bool are_flat;
};

template <class T>
struct Given {
  const T* values;
  int64_t step;  // as kernels::GradientRow wants it
};

template <class T>
class GivenRows {
 public:
  GivenRows(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const GivenAt& at, void* memory);
  // Of row y; with indices the positions of its maxima go into the workspace, unless they are scattered.
  Given<T> read(int64_t y);

 private:
  void copy_indices(int64_t y) const;
  const T* counts_of(int64_t y) const;
  void copy_flat(const View<const T, 3>& from) const;
  View<const T, 3> share_out_densely(const View<const T, 3>& row, int64_t y) const;

  const PoolBackwardCall<T>& call_;
  const BackwardCut<T>& cut_;
  const GivenAt at_;
  void* const memory_;
  const bool is_average_;
};

}  // namespace convstep
