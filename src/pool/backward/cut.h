// cut.h: how a pooling's gradient is cut into regions for the threads, and what memory a region takes.
#pragma once

#include <optional>

#include "pool/backward/call.h"
#include "pool/backward/kernel.h"
#include "pool/backward/windows_over.h"
#include "tiling/region.h"
#include "tiling/workspace_layout.h"

namespace convstep {

// How what is known of a row of windows, or of a row of the gradient, lies in the workspace (see kernel.h).
struct BackwardRows {
  bool are_flat;
  int64_t margin;            // of flat rows, before what a window at column 0 has: so many pixels
  int64_t step;              // between pixels
  int64_t windows, columns;  // values of a whole row of either kind, at most
};

// What a task keeps in its thread's workspace; pieces are empty where they are not wanted.
template <class T>
struct BackwardWorkspace {
  WorkspaceLayout layout;
  Piece<kernels::WindowsOver> windows_over;                                // each column
  Piece<kernels::Position<T>> positions_of_windows, positions_of_columns;  // of the lanes of flat rows
  Piece<T> counts, columns_counted;       // of the elements under each window of a row, and of their columns
  Piece<T> values;                        // the maxima of a row of windows,
  Piece<kernels::Position<T>> positions;  // and where they are
  Piece<T> row_values;                    // maxima of single rows of the input,
  Piece<kernels::Position<T>> row_positions;
  Piece<int64_t> row_offsets;  // and where those under a window lie
  Piece<T> shares, grad;       // of a row of windows: what each element gets; the gradient as it came
  Piece<T> sums;               // rows of the input's gradient that other windows will add to
  Piece<T> input, input_grad;  // copies of what cannot be used in place
};

// What all regions of a call have in common. A region is a rectangle of output positions: it computes the gradients of
// the elements that belong to them (windows_over.h), and so looks at some windows of its neighbours, too. How a call is
// cut changes no bit of its result.
template <class T>
struct BackwardCut {
  RegionSize size;  // regions at the end of an axis may be smaller
  BackwardRows rows;
  bool looks;         // for the maxima, in the input?
  bool keeps_rows;    // Are the maxima of single rows kept for the other windows that read them?
  bool is_scattered;  // Is each window's gradient added where its maximum is, as elements are read by many windows?
  bool slides;        // Are windows so narrow that sums stay in registers as they slide?
  bool copies_grad, copies_input, copies_input_grad;
  int64_t sums_rows;  // for which there is room
  int threads;        // that are worth waking
  BackwardWorkspace<T> workspace;
};

// None where the method does not take the call: norms; indices where channels lie apart; such as lead out of their
// windows in an image that is too large for the workspace; and what is beyond all measure. Does it matter whether each
// index is that of an element under its window?
template <class T>
bool asks_for_windows(const PoolBackwardCall<T>& call);

// On up to so many threads.
template <class T>
std::optional<BackwardCut<T>> cut_backward(const PoolBackwardCall<T>& call, int threads);

}  // namespace convstep
