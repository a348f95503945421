// targets.h: the fast versions of the reference, in plain signatures; no SIMD type is visible from here.
//
// A kernel works on a part of an operation: some output rows of one image. It trusts its arguments, allocates nothing
// and throws nothing. Every kernel is there once for each SIMD target; the caller says of which he wants it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "convstep/activation.h"
#include "convstep/tensor.h"
#include "core/window_axis.h"

namespace convstep::kernels {

// A SIMD target. Targets last as long as the program.
struct Target {
  const char* name;
  int64_t vector_bytes;
  size_t table_index;  // of its functions in the tables that Highway's HWY_EXPORT makes
};

// The one that plans made, and calls begun, now use: the forced one (set_simd_target, CONVSTEP_TARGET), else the best.
// Whoever calls more than one kernel asks once and keeps the answer, for it may change at any time. Throws
// ParameterError where CONVSTEP_TARGET names one that is not there.
const Target& chosen_target();

// The function of a target that HWY_EXPORT(name) knows. HWY_DYNAMIC_DISPATCH(name) would be that of Highway's own
// choice, which belongs to all users of Highway in the process.
#define CONVSTEP_KERNEL(name, target) (*HWY_DISPATCH_TABLE(name)[(target).table_index])

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
