// norms.h: norms whose powers left the range of their type.
#pragma once

#include "pool/method.h"

namespace convstep {

// Computes those norms of a region again whose powers overflowed or lost digits.
template <class T>
void mend_norms(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                const TaskProgress& progress);

}  // namespace convstep
