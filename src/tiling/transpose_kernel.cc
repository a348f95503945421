// transpose_kernel.cc: blocks of 4x4 or 2x2 elements in registers of 16 bytes, which every processor has.
#include "tiling/transpose_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tiling/transpose_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// What is written at once stays in half of a level-1 cache until all rows of `from` have come.
constexpr int64_t kWrittenBytes = 16 << 10;

template <class T>
void transpose_of(const T* from, int64_t from_step, int64_t rows, int64_t columns, T* to, int64_t to_step) {
#if HWY_TARGET == HWY_SCALAR
  transpose_plainly(from, from_step, rows, columns, to, to_step);
#else
  constexpr int64_t kSide = kTransposedSide<T>;
  const int64_t at_once = HWY_MAX(kWrittenBytes / (rows * static_cast<int64_t>(sizeof(T))) / kSide, 4) * kSide;
  const int64_t whole_rows = rows / kSide * kSide, whole_columns = columns / kSide * kSide;
  for (int64_t first = 0; first < whole_columns; first += at_once) {
    const int64_t end = HWY_MIN(first + at_once, whole_columns);
    for (int64_t r = 0; r < whole_rows; r += kSide) {
      const T* row = from + r * from_step;
      for (int64_t c = first; c < end; c += kSide) transpose_block(row + c, from_step, to + c * to_step + r, to_step);
    }
    transpose_plainly(from + whole_rows * from_step + first, from_step, rows - whole_rows, end - first,
                      to + first * to_step + whole_rows, to_step);
  }
  transpose_plainly(from + whole_columns, from_step, rows, columns - whole_columns, to + whole_columns * to_step,
                    to_step);
#endif
}

void transpose_f32(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step) {
  transpose_of(from, from_step, rows, columns, to, to_step);
}
void transpose_f64(const double* from, int64_t from_step, int64_t rows, int64_t columns, double* to, int64_t to_step) {
  transpose_of(from, from_step, rows, columns, to, to_step);
}
void transpose_i64(const int64_t* from, int64_t from_step, int64_t rows, int64_t columns, int64_t* to,
                   int64_t to_step) {
  transpose_of(from, from_step, rows, columns, to, to_step);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(transpose_f32);
HWY_EXPORT(transpose_f64);
HWY_EXPORT(transpose_i64);

void transpose(const Target& target, const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to,
               int64_t to_step) {
  CONVSTEP_KERNEL(transpose_f32, target)(from, from_step, rows, columns, to, to_step);
}
void transpose(const Target& target, const double* from, int64_t from_step, int64_t rows, int64_t columns, double* to,
               int64_t to_step) {
  CONVSTEP_KERNEL(transpose_f64, target)(from, from_step, rows, columns, to, to_step);
}
void transpose(const Target& target, const int64_t* from, int64_t from_step, int64_t rows, int64_t columns, int64_t* to,
               int64_t to_step) {
  CONVSTEP_KERNEL(transpose_i64, target)(from, from_step, rows, columns, to, to_step);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
