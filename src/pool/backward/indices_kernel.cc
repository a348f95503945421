// indices_kernel.cc: indices of maxima: does each name an element under its window? And their positions.
#include "pool/backward/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/backward/indices_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Counted from the first element under its window, it lies in one of the window's rows: these are compared without
// signs, so that what lies before the row is far beyond it.
HWY_INLINE bool are_inside_one(const int64_t* indices, int64_t first, const IndicesRow& row) {
  const uint64_t step = static_cast<uint64_t>(row.column_step), columns = static_cast<uint64_t>(row.window_columns);
  for (int64_t c = 0; c < row.channels; ++c) {
    const int64_t right = indices[c] - first - (row.lane_firsts ? row.lane_firsts[c] : 0);
    bool is_inside = false;
    for (int64_t i = 0; i < row.window_rows; ++i) {
      const uint64_t in_row = static_cast<uint64_t>(right - i * row.row_step);
      is_inside |= in_row % step == 0 && in_row / step < columns;
    }
    if (!is_inside) return false;
  }
  return true;
}

bool are_inside(const IndicesRow& row) {
  const hn::ScalableTag<int64_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), C = row.channels;
  const auto columns = hn::Set(du, static_cast<uint64_t>(row.window_columns));
  const auto down = hn::Set(d, row.row_step);
  auto all = hn::Eq(columns, columns);
  for (int64_t x = 0; x < row.windows; ++x) {
    const int64_t* indices = row.indices + x * row.step;
    const int64_t first = row.first + x * row.first_step;
    if (C < L || row.column_step > 1) {
      if (!are_inside_one(indices, first, row)) return false;
      continue;
    }
    for (int64_t c = 0; c < C; c += L) {
      const int64_t at = HWY_MIN(c, C - L);  // the last vector may begin early
      auto index = hn::Sub(hn::LoadU(d, indices + at), hn::Set(d, first));
      if (row.lane_firsts) index = hn::Sub(index, hn::LoadU(d, row.lane_firsts + at));
      auto is_inside = hn::Lt(hn::BitCast(du, index), columns);
      for (int64_t i = 1; i < row.window_rows; ++i) {
        index = hn::Sub(index, down);
        is_inside = hn::Or(is_inside, hn::Lt(hn::BitCast(du, index), columns));
      }
      all = hn::And(all, is_inside);
    }
  }
  return hn::AllTrue(du, all);
}

// The compiler knows the instruction that halves a vector's lanes.
template <class T>
HWY_INLINE void copy(const CopiedIndices<T>& row) {
  for (int64_t x = 0; x < row.windows; ++x) {
    const int64_t* HWY_RESTRICT from = row.indices + x * row.indices_step;
    Position<T>* HWY_RESTRICT to = row.positions + x * row.step;
    for (int64_t c = 0; c < row.channels; ++c) to[c] = static_cast<Position<T>>(from[c]);
  }
}

void copy_f32(const CopiedIndices<float>& row) { copy(row); }
void copy_f64(const CopiedIndices<double>& row) { copy(row); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(are_inside);
HWY_EXPORT(copy_f32);
HWY_EXPORT(copy_f64);

bool are_in_windows(const Target& target, const IndicesRow& row) { return CONVSTEP_KERNEL(are_inside, target)(row); }

void copy_indices(const Target& target, const CopiedIndices<float>& row) { CONVSTEP_KERNEL(copy_f32, target)(row); }
void copy_indices(const Target& target, const CopiedIndices<double>& row) { CONVSTEP_KERNEL(copy_f64, target)(row); }

}  // namespace convstep::kernels
#endif  // HWY_ONCE
