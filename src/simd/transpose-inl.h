// transpose-inl.h: rows as columns, in blocks that registers of 16 bytes hold.
#if defined(CONVSTEP_SIMD_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_SIMD_TRANSPOSE_INL_H_
#undef CONVSTEP_SIMD_TRANSPOSE_INL_H_
#else
#define CONVSTEP_SIMD_TRANSPOSE_INL_H_
#endif

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// The side of a block, which has as many rows as columns.
template <class T>
constexpr int64_t kTransposedSide = 16 / sizeof(T);

// to[c * to_step + r] = from[r * from_step + c].
template <class T>
HWY_INLINE void transpose_plainly(const T* from, int64_t from_step, int64_t rows, int64_t columns, T* to,
                                  int64_t to_step) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) to[c * to_step + r] = from[r * from_step + c];
  }
}

#if HWY_TARGET != HWY_SCALAR  // whose vectors have one lane
// The same of a block.
template <class T>
HWY_INLINE void transpose_block(const T* from, int64_t from_step, T* to, int64_t to_step) {
  const hn::FixedTag<T, kTransposedSide<T>> d;
  const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + from_step);
  if constexpr (kTransposedSide<T> == 2) {
    hn::StoreU(hn::InterleaveLower(d, row0, row1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, row0, row1), d, to + to_step);
  } else {
    const auto row2 = hn::LoadU(d, from + 2 * from_step), row3 = hn::LoadU(d, from + 3 * from_step);
    const auto lower01 = hn::InterleaveLower(d, row0, row1), lower23 = hn::InterleaveLower(d, row2, row3);
    const auto upper01 = hn::InterleaveUpper(d, row0, row1), upper23 = hn::InterleaveUpper(d, row2, row3);
    hn::StoreU(hn::ConcatLowerLower(d, lower23, lower01), d, to);
    hn::StoreU(hn::ConcatUpperUpper(d, lower23, lower01), d, to + to_step);
    hn::StoreU(hn::ConcatLowerLower(d, upper23, upper01), d, to + 2 * to_step);
    hn::StoreU(hn::ConcatUpperUpper(d, upper23, upper01), d, to + 3 * to_step);
  }
}

// Two rows of a block of floats: pairs, each of which is written at once.
HWY_INLINE void transpose_pairs(const float* from, int64_t from_step, float* to, int64_t to_step) {
  const hn::FixedTag<float, 4> d;
  const hn::Half<decltype(d)> half;
  const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + from_step);
  const auto lower = hn::InterleaveLower(d, row0, row1), upper = hn::InterleaveUpper(d, row0, row1);
  hn::StoreU(hn::LowerHalf(half, lower), half, to);
  hn::StoreU(hn::UpperHalf(half, lower), half, to + to_step);
  hn::StoreU(hn::LowerHalf(half, upper), half, to + 2 * to_step);
  hn::StoreU(hn::UpperHalf(half, upper), half, to + 3 * to_step);
}
#endif

// Up to four rows, of any length.
template <class T>
HWY_INLINE void transpose_few_rows(const T* from, int64_t from_step, int64_t rows, int64_t columns, T* to,
                                   int64_t to_step) {
  int64_t c = 0;
#if HWY_TARGET != HWY_SCALAR
  constexpr int64_t kSide = kTransposedSide<T>;
  for (; rows > 1 && c + kSide <= columns; c += kSide) {
    const T* row = from + c;
    T* column = to + c * to_step;
    int64_t r = 0;
    for (; r + kSide <= rows; r += kSide) transpose_block(row + r * from_step, from_step, column + r, to_step);
    if constexpr (kSide == 4) {
      if (r + 2 <= rows) {
        transpose_pairs(row + r * from_step, from_step, column + r, to_step);
        r += 2;
      }
    }
    if (r < rows) transpose_plainly(row + r * from_step, from_step, 1, kSide, column + r, to_step);
  }
#endif
  transpose_plainly(from + c, from_step, rows, columns - c, to + c * to_step, to_step);
}

}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
