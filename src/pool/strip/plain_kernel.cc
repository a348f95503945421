// plain_kernel.cc: which rows of an input have maxima that are one instruction: those without NaN and -0.
#include "pool/strip/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/strip/plain_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Is an element NaN or -0?
#if HWY_TARGET == HWY_AVX3
constexpr int kNanOrMinusZero = 0x85;  // of vfpclassps: quiet NaN, -0, signalling NaN

HWY_INLINE hn::Mask<F32> is_special(F32, hn::Vec<F32> v) { return {_mm512_fpclass_ps_mask(v.raw, kNanOrMinusZero)}; }
HWY_INLINE hn::Mask<F64> is_special(F64, hn::Vec<F64> v) { return {_mm512_fpclass_pd_mask(v.raw, kNanOrMinusZero)}; }
#else
template <class D>
HWY_INLINE hn::Mask<D> is_special(D d, hn::Vec<D> v) {
  const hn::RebindToUnsigned<D> du;
  const auto is_minus_zero = hn::Eq(hn::BitCast(du, v), hn::BitCast(du, hn::SignBit(d)));
  return hn::Or(hn::IsNaN(v), hn::RebindMask(d, is_minus_zero));
}
#endif

template <bool kCopy, class T>
HWY_INLINE bool is_plain(const T* row, int64_t pixels, int64_t pixel_step, int64_t channels, T* packed) {
  const hn::ScalableTag<T> d;
  if (pixel_step == channels) channels *= pixels, pixels = 1;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  auto special = hn::FirstN(d, 0);
  for (int64_t x = 0; x < pixels; ++x, row += pixel_step, packed += kCopy ? channels : 0) {
    int64_t c = 0;
    for (; c + L <= channels; c += L) {
      const auto v = hn::LoadU(d, row + c);
      special = hn::Or(special, is_special(d, v));
      if constexpr (kCopy) {
        hn::StoreU(v, d, packed + c);
        // The region of channels that comes next reads this pixel further on: a line of each pixel is no pattern that
        // the CPU would prefetch by itself (8 images of 512 channels at 20x20: an eighth longer without). Into the
        // second level, which has room for them; into the first, as hwy::Prefetch does it, took 3 to 13% longer (Zen
        // 4).
        __builtin_prefetch(row + c + channels, 0, 2);
      }
    }
    if (!kHasTails || c == channels) continue;
    const size_t n = static_cast<size_t>(channels - c);
    const auto v = load_n(d, row + c, n);
    special = hn::Or(special, is_special(d, v));
    if constexpr (kCopy) store_n(v, d, packed + c, n);
  }
  return hn::AllFalse(d, special);
}

bool is_plain_f32(const float* row, int64_t pixels, int64_t pixel_step, int64_t channels, float* packed) {
  return packed ? is_plain<true>(row, pixels, pixel_step, channels, packed)
                : is_plain<false>(row, pixels, pixel_step, channels, packed);
}
bool is_plain_f64(const double* row, int64_t pixels, int64_t pixel_step, int64_t channels, double* packed) {
  return packed ? is_plain<true>(row, pixels, pixel_step, channels, packed)
                : is_plain<false>(row, pixels, pixel_step, channels, packed);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(is_plain_f32);
HWY_EXPORT(is_plain_f64);

bool is_plain_row(const Target& target, const float* row, int64_t pixels, int64_t pixel_step, int64_t channels,
                  float* packed) {
  return CONVSTEP_KERNEL(is_plain_f32, target)(row, pixels, pixel_step, channels, packed);
}
bool is_plain_row(const Target& target, const double* row, int64_t pixels, int64_t pixel_step, int64_t channels,
                  double* packed) {
  return CONVSTEP_KERNEL(is_plain_f64, target)(row, pixels, pixel_step, channels, packed);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
