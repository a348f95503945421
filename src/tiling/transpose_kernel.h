// transpose_kernel.h: the planes of an array as its pixels, and the other way round.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

// to[column * to_step + row] = from[row * from_step + column].
void transpose(const Target& target, const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to,
               int64_t to_step);
void transpose(const Target& target, const double* from, int64_t from_step, int64_t rows, int64_t columns, double* to,
               int64_t to_step);
void transpose(const Target& target, const int64_t* from, int64_t from_step, int64_t rows, int64_t columns, int64_t* to,
               int64_t to_step);

}  // namespace convstep::kernels
