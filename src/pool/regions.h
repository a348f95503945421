// regions.h: the regions of a pooling as the tasks of the threads.
#pragma once

#include "pool/cut.h"

namespace convstep {

// The output must have a value, at least.
template <class T>
void run_regions(const PoolCall<T>& call, const PoolCut<T>& cut);

}  // namespace convstep
