// indices.h: where the indices of maxima lead.
#pragma once

#include "pool/problem.h"
#include "runtime/targets.h"

namespace convstep {

// Throws ParameterError where one is not that of an element of the image. True: each is that of an element under its
// window, which only matters where `asks_for_windows`.
bool check_indices(const View<const int64_t, 4>& indices, const PoolProblem& problem, bool asks_for_windows,
                   const kernels::Target& target, int threads);

}  // namespace convstep
