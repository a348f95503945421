// kernel.cc: maxima and sums along rows. NumPy's eight running sums are eight lanes.
#include "pool/plane/kernel.h"

#include "pool/window/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/plane/kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pool/sum-inl.h"
#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Elements of a rectangle, row by row, side by side: where they lie, or else in `copy`.
template <class T>
const T* side_by_side(const Rectangle<T>& of, int64_t first, int64_t count, T* HWY_RESTRICT copy) {
  int64_t row = first / of.columns, column = first % of.columns;
  const T* from = of.data + row * of.row_step + column * of.column_step;
  if (of.column_step == 1 && (of.row_step == of.columns || column + count <= of.columns)) return from;
  for (int64_t i = 0; i < count; column = 0, ++row) {
    from = of.data + row * of.row_step + column * of.column_step;
    for (const int64_t end = HWY_MIN(i + of.columns - column, count); i < end; ++i, from += of.column_step) {
      copy[i] = *from;
    }
  }
  return copy;
}

// Of fewer than a vector's elements, which may not be read beyond.
template <class T>
T maximum_of_few(const T* from, int64_t count) {
  const hn::ScalableTag<T> d;
  auto best = hn::Set(d, from[0]);
  for (int64_t i = 1; i < count; ++i) best = ExactMaximum()(d, best, hn::Set(d, from[i]));
  return hn::GetLane(best);
}

// Four vectors at a time; the last of a row begin early, as an element may count twice.
template <class T>
T maximum_of_rows(const Rectangle<T>& of) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), columns = of.columns;
  if (of.column_step != 1 || columns < L) {
    T copy[8 * kLongestBlock], best = of.data[0];
    const int64_t elements = of.rows * columns;
    for (int64_t first = 0, count; first < elements; first += count) {
      count = HWY_MIN(8 * kLongestBlock, elements - first);
      const T* from = side_by_side(of, first, count, copy);
      const T two[] = {best, count < L ? maximum_of_few(from, count) : maximum_of_rows<T>({from, 1, count, count, 1})};
      best = maximum_of_few(two, 2);
    }
    return best;
  }
  V best0, best1, signs0, signs1;
  hn::Mask<decltype(d)> nans0, nans1;
  const V first = hn::LoadU(d, of.data);
  begin(d, first, first, best0, signs0, nans0);
  begin(d, first, first, best1, signs1, nans1);
  for (int64_t r = 0; r < of.rows; ++r) {
    const T* row = of.data + r * of.row_step;
    int64_t c = 0;
    for (; c + 4 * L <= columns; c += 4 * L) {
      take(d, hn::LoadU(d, row + c), hn::LoadU(d, row + c + L), best0, signs0, nans0);
      take(d, hn::LoadU(d, row + c + 2 * L), hn::LoadU(d, row + c + 3 * L), best1, signs1, nans1);
    }
    for (; c < columns; c += L) {
      const V x = hn::LoadU(d, row + HWY_MIN(c, columns - L));
      take(d, x, x, best0, signs0, nans0);
    }
  }
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(ExactMaximum()(d, finish(d, best0, signs0, nans0), finish(d, best1, signs1, nans1)), d, lanes);
  return maximum_of_few(lanes, L);
}

template <class T>
using EightLanes = hn::CappedTag<T, kRunningSums>;

// Up to 128 terms.
template <class T, class Term>
T sum_block(const T* HWY_RESTRICT x, int64_t count, Term term) {
  const EightLanes<T> d;
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(EightLanes<T>())), kVectors = kRunningSums / kLanes;
  T sum;
  int64_t t;
  if (count < kRunningSums) {
    sum = hn::GetLane(term(d, hn::Set(d, x[0])));
    t = 1;
  } else {
    hn::Vec<EightLanes<T>> sums[kVectors];
    HWY_UNROLL(8)
    for (int64_t v = 0; v < kVectors; ++v) sums[v] = term(d, hn::LoadU(d, x + v * kLanes));
    for (t = kRunningSums; t + kRunningSums <= count; t += kRunningSums) {
      HWY_UNROLL(8)
      for (int64_t v = 0; v < kVectors; ++v) sums[v] = hn::Add(sums[v], term(d, hn::LoadU(d, x + t + v * kLanes)));
    }
    HWY_ALIGN T s[kRunningSums];
    HWY_UNROLL(8)
    for (int64_t v = 0; v < kVectors; ++v) hn::Store(sums[v], d, s + v * kLanes);
    sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
  }
  for (; t < count; ++t) sum += hn::GetLane(term(d, hn::Set(d, x[t])));
  return sum;
}

template <class T, class Term>
T sum_part(const Rectangle<T>& of, int64_t first, int64_t count, Term term) {
  if (count > kLongestBlock) {
    const int64_t half = pairwise_half(count);
    const T sum = sum_part(of, first, half, term);
    return sum + sum_part(of, first + half, count - half, term);
  }
  T copy[kLongestBlock];
  return sum_block(side_by_side(of, first, count, copy), count, term);
}

template <class T>
T sum_terms(const Rectangle<T>& of, int64_t first, int64_t count, const SumOptions& options) {
  if (options.mode == PoolMode::kAverage) return sum_part(of, first, count, Itself());
  return sum_part(of, first, count, MagnitudeOrSquare{options.p});
}

template <class T>
void split(const T* HWY_RESTRICT line, int64_t stride, int64_t phases, int64_t count, T* HWY_RESTRICT to,
           int64_t to_step) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  if (stride == 2 && phases == 2) {
    const hn::ScalableTag<T> d;
    const int64_t L = static_cast<int64_t>(hn::Lanes(d));
    for (; i + L <= count; i += L) {
      hn::Vec<decltype(d)> even, odd;
      hn::LoadInterleaved2(d, line + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
      hn::StoreU(odd, d, to + to_step + i);
    }
  }
#endif
  for (int64_t phase = 0; phase < phases; ++phase) {
    for (int64_t k = i; k < count; ++k) to[phase * to_step + k] = line[k * stride + phase];
  }
}

float maximum_f32(const Rectangle<float>& of) { return maximum_of_rows(of); }
double maximum_f64(const Rectangle<double>& of) { return maximum_of_rows(of); }
float sum_f32(const Rectangle<float>& of, int64_t first, int64_t count, const SumOptions& options) {
  return sum_terms(of, first, count, options);
}
double sum_f64(const Rectangle<double>& of, int64_t first, int64_t count, const SumOptions& options) {
  return sum_terms(of, first, count, options);
}
void split_f32(const float* line, int64_t stride, int64_t phases, int64_t count, float* to, int64_t to_step) {
  split(line, stride, phases, count, to, to_step);
}
void split_f64(const double* line, int64_t stride, int64_t phases, int64_t count, double* to, int64_t to_step) {
  split(line, stride, phases, count, to, to_step);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(maximum_f32);
HWY_EXPORT(maximum_f64);
HWY_EXPORT(sum_f32);
HWY_EXPORT(sum_f64);
HWY_EXPORT(split_f32);
HWY_EXPORT(split_f64);

float maximum_of(const Target& target, const Rectangle<float>& of) { return CONVSTEP_KERNEL(maximum_f32, target)(of); }
double maximum_of(const Target& target, const Rectangle<double>& of) {
  return CONVSTEP_KERNEL(maximum_f64, target)(of);
}
float sum_of(const Target& target, const Rectangle<float>& of, int64_t first, int64_t count,
             const SumOptions& options) {
  return CONVSTEP_KERNEL(sum_f32, target)(of, first, count, options);
}
double sum_of(const Target& target, const Rectangle<double>& of, int64_t first, int64_t count,
              const SumOptions& options) {
  return CONVSTEP_KERNEL(sum_f64, target)(of, first, count, options);
}
void split_line(const Target& target, const float* line, int64_t stride, int64_t phases, int64_t count, float* to,
                int64_t to_step) {
  CONVSTEP_KERNEL(split_f32, target)(line, stride, phases, count, to, to_step);
}
void split_line(const Target& target, const double* line, int64_t stride, int64_t phases, int64_t count, double* to,
                int64_t to_step) {
  CONVSTEP_KERNEL(split_f64, target)(line, stride, phases, count, to, to_step);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
