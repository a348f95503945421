// region.h: the gradients of one region, one row of windows after the other.
#pragma once

#include "pool/backward/cut.h"
#include "runtime/task_progress.h"

namespace convstep {

// What src/reference/pool.cc gives, bit by bit; in part where progress was stopped.
template <class T>
void run_backward_region(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const OutputRegion& region,
                         const TaskProgress& progress);

}  // namespace convstep
