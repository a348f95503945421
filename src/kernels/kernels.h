// kernels.h: the fast versions of the reference, in plain signatures; no SIMD type is visible from here.
//
// A kernel works on a part of an operation: some output rows of one image. It trusts its arguments, allocates nothing
// and throws nothing. Before the first kernel of a call the caller must have called choose_target().
#pragma once

#include "convstep/activation.h"
#include "convstep/tensor.h"
#include "core/geometry.h"

namespace convstep::kernels {

// Settles which SIMD target runs: the forced one (set_simd_target, CONVSTEP_TARGET), else the best. Returns its name,
// which lasts. Throws ParameterError where CONVSTEP_TARGET names one that is not there.
const char* choose_target();

// The length of a vector of the settled target.
int64_t vector_bytes();

// The widest vector of any target, for what is packed without regard to the target.
inline constexpr int64_t kVectorBytes = 64;

// What happens to a sum before it is stored: plus the residual (null for none), then the activation. Steps count
// elements from one output pixel, or row, to the next.
template <class T>
struct Epilogue {
  const T* residual;
  int64_t residual_row_step, residual_pixel_step;
  Activation activation;
  T slope;
};

}  // namespace convstep::kernels
