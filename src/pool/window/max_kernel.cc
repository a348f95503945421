// max_kernel.cc: max pooling straight from the input, with nothing stored in between.
#include "pool/window/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/window/max_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The running maximum of the taps of one vector of channels. Pairs of taps, because one comparison tells whether either
// of two is NaN; of an odd number the first is alone.
template <class D, class T, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE void max_taps(D d, const T* HWY_RESTRICT p, const Taps& taps, V& best, V& signs, M& nans) {
  const int64_t* offset = taps.offsets;
  int64_t t = 2 - taps.count % 2;
  if (t == 1) {
    best = signs = hn::LoadU(d, p + offset[0]);
    nans = unordered(d, best, best);
  } else {
    begin(d, hn::LoadU(d, p + offset[0]), hn::LoadU(d, p + offset[1]), best, signs, nans);
  }
  for (; t < taps.count; t += 2) {
    take(d, hn::LoadU(d, p + offset[t]), hn::LoadU(d, p + offset[t + 1]), best, signs, nans);
  }
}

template <class D, class T>
HWY_INLINE void max_vector(D d, const T* HWY_RESTRICT p, const Taps& taps, bool accumulate, T* HWY_RESTRICT out) {
  hn::Vec<D> best, signs;
  hn::Mask<D> nans;
  max_taps(d, p, taps, best, signs, nans);
  const auto maximum = finish(d, best, signs, nans);
  hn::StoreU(accumulate ? ExactMaximum()(d, maximum, hn::LoadU(d, out)) : maximum, d, out);
}

// Four vectors of channels at a time: the offsets are read once for four, and 256 bytes of a pixel are read as one.
// 4 * 3 registers of running maxima and 2 loads leave 2 of AVX2's 16.
template <class D, class T>
HWY_INLINE void max_four_vectors(D d, const T* HWY_RESTRICT p, const Taps& taps, T* HWY_RESTRICT out) {
  const size_t L = hn::Lanes(d);
  hn::Vec<D> best0, best1, best2, best3, signs0, signs1, signs2, signs3;
  hn::Mask<D> nans0, nans1, nans2, nans3;
  const int64_t* offset = taps.offsets;
  int64_t t = 2 - taps.count % 2;
  const T *a = p + offset[0], *b = p + offset[t - 1];
  begin(d, hn::LoadU(d, a), hn::LoadU(d, b), best0, signs0, nans0);
  begin(d, hn::LoadU(d, a + L), hn::LoadU(d, b + L), best1, signs1, nans1);
  begin(d, hn::LoadU(d, a + 2 * L), hn::LoadU(d, b + 2 * L), best2, signs2, nans2);
  begin(d, hn::LoadU(d, a + 3 * L), hn::LoadU(d, b + 3 * L), best3, signs3, nans3);
  for (; t < taps.count; t += 2) {
    a = p + offset[t];
    b = p + offset[t + 1];
    take(d, hn::LoadU(d, a), hn::LoadU(d, b), best0, signs0, nans0);
    take(d, hn::LoadU(d, a + L), hn::LoadU(d, b + L), best1, signs1, nans1);
    take(d, hn::LoadU(d, a + 2 * L), hn::LoadU(d, b + 2 * L), best2, signs2, nans2);
    take(d, hn::LoadU(d, a + 3 * L), hn::LoadU(d, b + 3 * L), best3, signs3, nans3);
  }
  hn::StoreU(finish(d, best0, signs0, nans0), d, out);
  hn::StoreU(finish(d, best1, signs1, nans1), d, out + L);
  hn::StoreU(finish(d, best2, signs2, nans2), d, out + 2 * L);
  hn::StoreU(finish(d, best3, signs3, nans3), d, out + 3 * L);
}

// The last channels, fewer than a vector has lanes.
template <class D, class T>
HWY_INLINE void max_rest(D d, const T* HWY_RESTRICT p, const Taps& taps, bool accumulate, T* HWY_RESTRICT out,
                         size_t rest) {
  hn::Vec<D> best, signs, first = load_n(d, p + taps.offsets[0], rest);
  hn::Mask<D> nans;
  if (accumulate) {
    begin(d, first, load_n(d, out, rest), best, signs, nans);
  } else {
    begin(d, first, first, best, signs, nans);
  }
  for (int64_t t = 1; t < taps.count; ++t) {
    const auto x = load_n(d, p + taps.offsets[t], rest);
    take(d, x, x, best, signs, nans);
  }
  store_n(finish(d, best, signs, nans), d, out, rest);
}

template <class T>
HWY_INLINE void max_pixels(const PixelRun<T>& run, const Taps& taps, bool accumulate) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels);
  const T* p = run.input;
  T* out = run.output;
  for (int64_t x = 0; x < run.pixels; ++x, p += run.input_step, out += run.output_step) {
    size_t c = 0;
    if (!accumulate) {
      for (; c + 4 * L <= C; c += 4 * L) max_four_vectors(d, p + c, taps, out + c);
    }
    for (; c + L <= C; c += L) max_vector(d, p + c, taps, accumulate, out + c);
    if (c == C) continue;
    if (C >= L && !accumulate) {  // the last vector begins early
      max_vector(d, p + C - L, taps, false, out + C - L);
    } else {
      max_rest(d, p + c, taps, accumulate, out + c, C - c);
    }
  }
}

void max_run_f32(const PixelRun<float>& run, const Taps& taps, bool accumulate) { max_pixels(run, taps, accumulate); }
void max_run_f64(const PixelRun<double>& run, const Taps& taps, bool accumulate) { max_pixels(run, taps, accumulate); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(max_run_f32);
HWY_EXPORT(max_run_f64);

void max_run(const Target& target, const PixelRun<float>& run, const Taps& taps, bool accumulate) {
  CONVSTEP_KERNEL(max_run_f32, target)(run, taps, accumulate);
}
void max_run(const Target& target, const PixelRun<double>& run, const Taps& taps, bool accumulate) {
  CONVSTEP_KERNEL(max_run_f64, target)(run, taps, accumulate);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
