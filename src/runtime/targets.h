// targets.h: the SIMD targets that kernels are compiled for, and which is used. Every kernel is there once for each of
// them; the caller says of which he wants it.
#pragma once

#include <cstddef>
#include <cstdint>

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

// The same, or for rows of so many bytes that do not fill its vector, a target whose vectors are half as long and that
// gives the same bits, if there is one: AVX2 for AVX-512, most of whose lanes would be masked.
const Target& target_for_rows(const Target& target, int64_t bytes);

// The widest vector of any target, for what is packed without regard to the target.
inline constexpr int64_t kVectorBytes = 64;

}  // namespace convstep::kernels
