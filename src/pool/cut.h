// cut.h: how a call of a pooling layer is cut into regions for the threads, and what memory a region takes.
#pragma once

#include "pool/method.h"
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
  const PoolMethodKind<T>* method;
  PoolLayout layout;
  RegionSize size;  // regions at the end of an axis may be smaller
  bool packs_rows;  // of strips: is there room for the rows that are read?
  double reads;     // elements that are read for an image, about
  PoolWorkspace<T> workspace;
};

template <class T>
PoolCut<T> cut_pool(const PoolProblem& problem, const PoolLayout& layout);

}  // namespace convstep
