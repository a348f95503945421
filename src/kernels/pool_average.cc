// pool_average.cc: averages of 3x3 windows at stride 1, summed by column without a buffer in between: the sums that
// neighbouring windows share stay in registers.
#include "kernels/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool_average.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// kVectors vectors of channels slide along two rows of output, for which 4 loads serve 2 * 3 elements. Of each vector
// and row the sum of the last column, of the last two and of the next are kept: with four vectors 24 of AVX-512's 32
// registers. (With AVX2 some wait on the stack; still a tenth faster than two vectors, and four rows of output no
// faster than two; 192 channels at 28x28, Zen 4.) A vector that is alone may be part-filled: n lanes hold channels.
template <int kVectors, class D, class T, class V = hn::Vec<D>>
HWY_NOINLINE void slide_average(D d, const AverageRows<T>& rows, int64_t c, size_t n) {
  const V nothing = hn::Set(d, static_cast<T>(-0.0));  // leaves every number unchanged
  const size_t L = hn::Lanes(d);
  const T* HWY_RESTRICT p0 = rows.input[0] + c;
  const T* HWY_RESTRICT p1 = rows.input[1] + c;
  const T* HWY_RESTRICT p2 = rows.input[2] + c;
  const T* HWY_RESTRICT p3 = rows.input[3] + c;
  const T* HWY_RESTRICT divisors = rows.divisors;
  T* HWY_RESTRICT out = rows.output + c;
  const int64_t OW = rows.output_columns;
  V last0[kVectors], last1[kVectors], two0[kVectors], two1[kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) last0[v] = last1[v] = two0[v] = two1[v] = nothing;
  for (int64_t x = -2, column = -rows.before; x < OW; ++x, ++column) {  // `column` is the last of window x
    V next0[kVectors], next1[kVectors];
    if (0 <= column && column < rows.columns) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        const V x0 = kVectors > 1 ? hn::LoadU(d, p0 + v * L) : load_n(d, p0, n);
        const V x1 = kVectors > 1 ? hn::LoadU(d, p1 + v * L) : load_n(d, p1, n);
        const V x2 = kVectors > 1 ? hn::LoadU(d, p2 + v * L) : load_n(d, p2, n);
        const V x3 = kVectors > 1 ? hn::LoadU(d, p3 + v * L) : load_n(d, p3, n);
        next0[v] = hn::Add(hn::Add(x0, x1), x2);
        next1[v] = hn::Add(hn::Add(x1, x2), x3);
      }
      p0 += rows.steps[0], p1 += rows.steps[1], p2 += rows.steps[2], p3 += rows.steps[3];
    } else {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) next0[v] = next1[v] = nothing;
    }
    if (x >= 0) {
      const V divisor0 = hn::Set(d, divisors[x]), divisor1 = hn::Set(d, divisors[OW + x]);
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        const V mean0 = hn::Div(hn::Add(two0[v], next0[v]), divisor0);
        const V mean1 = hn::Div(hn::Add(two1[v], next1[v]), divisor1);
        kVectors > 1 ? hn::StoreU(mean0, d, out + v * L) : store_n(mean0, d, out, n);
        T* below = out + rows.output_row_step;
        kVectors > 1 ? hn::StoreU(mean1, d, below + v * L) : store_n(mean1, d, below, n);
      }
      out += rows.output_pixel_step;
    }
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      two0[v] = hn::Add(last0[v], next0[v]), last0[v] = next0[v];
      two1[v] = hn::Add(last1[v], next1[v]), last1[v] = next1[v];
    }
  }
}

template <class T>
HWY_INLINE void slide_averages(const AverageRows<T>& rows) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), C = rows.channels;
  if (C >= 4 * L) {  // the last vectors may begin early
    for (int64_t c = 0; c < C; c += 4 * L) slide_average<4>(d, rows, HWY_MIN(c, C - 4 * L), hn::Lanes(d));
  } else {
    const size_t n = static_cast<size_t>(HWY_MIN(L, C));
    for (int64_t c = 0; c < C; c += L) slide_average<1>(d, rows, HWY_MIN(c, HWY_MAX(C - L, 0)), n);
  }
}

void average_rows_f32(const AverageRows<float>& rows) { slide_averages(rows); }
void average_rows_f64(const AverageRows<double>& rows) { slide_averages(rows); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(average_rows_f32);
HWY_EXPORT(average_rows_f64);

void average_rows(const AverageRows<float>& rows) { HWY_DYNAMIC_DISPATCH(average_rows_f32)(rows); }
void average_rows(const AverageRows<double>& rows) { HWY_DYNAMIC_DISPATCH(average_rows_f64)(rows); }

}  // namespace convstep::kernels
#endif  // HWY_ONCE
