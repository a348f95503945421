// cut.h: how a call of a pooling layer is cut into regions for the threads, and what memory a region takes.
#pragma once

#include "pool/call.h"
#include "tiling/workspace_layout.h"

namespace convstep {

// What a task keeps in its thread's workspace: copies of what cannot be used in place, empty where there is none; and
// what the method takes for itself.
template <class T>
struct PoolWorkspace {
  WorkspaceLayout layout;
  Piece<T> input, output;
  Piece<int64_t> indices;
  Piece<T> scratch;
};

// What all regions of a call have in common. How a call is cut changes no bit of its result.
template <class T>
struct PoolCut {
  PoolMethod method;
  RegionSize size;  // regions at the end of an axis may be smaller
  bool packs_rows;  // of strips: is there room for the rows that are read?
  double reads;     // elements that the whole call reads, about
  bool copies_input, copies_output, copies_indices;
  PoolWorkspace<T> workspace;
};

// Values of scratch that strips take for regions of this size that read so many rows and columns of the input; that row
// pairs take.
template <class T>
int64_t strip_scratch(const PoolCall<T>& call, const RegionSize& size, int64_t rows, int64_t columns, bool packs_rows);
int64_t row_pair_scratch(const RegionSize& size);

template <class T>
PoolCut<T> cut_pool(const PoolCall<T>& call);

}  // namespace convstep
