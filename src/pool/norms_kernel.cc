// norms_kernel.cc: which norms may have lost their powers. Nearly all have not, and most of the others are 0 because
// all under their window is, as after ReLU; so both must be found out fast.
#include "pool/norms_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/norms_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <limits>

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

template <class D, class T, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> is_sound(D d, V norm, T least) {
  return hn::And(hn::Ge(norm, hn::Set(d, least)), hn::Le(norm, hn::Set(d, std::numeric_limits<T>::max())));
}

template <class T>
HWY_INLINE bool are_sound(const T* norms, int64_t count, T least) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  auto sound = hn::Eq(hn::Zero(d), hn::Zero(d));
  for (; i + L <= count; i += L) sound = hn::And(sound, is_sound(d, hn::LoadU(d, norms + i), least));
  for (; i < count; ++i) {
    if (!(norms[i] >= least && norms[i] <= std::numeric_limits<T>::max())) return false;
  }
  return hn::AllTrue(d, sound);
}

// NaN is right as it is, and so is 0 where no element of the window is anything else.
template <class T>
HWY_INLINE bool are_right(const PixelRun<T>& run, const Taps& taps, T least) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < run.channels; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, run.channels - c));
    const auto norm = load_n(d, run.output + c, n);
    if (hn::AllTrue(d, hn::Or(is_sound(d, norm, least), hn::IsNaN(norm)))) continue;
    auto is_zero = hn::Eq(norm, hn::Zero(d));
    for (int64_t t = 0; t < taps.count; ++t) {
      is_zero = hn::And(is_zero, hn::Eq(load_n(d, run.input + taps.offsets[t] + c, n), hn::Zero(d)));
    }
    if (!hn::AllTrue(d, hn::Or(is_zero, hn::Or(is_sound(d, norm, least), hn::IsNaN(norm))))) return false;
  }
  return true;
}

bool are_sound_f32(const float* norms, int64_t count, float least) { return are_sound(norms, count, least); }
bool are_sound_f64(const double* norms, int64_t count, double least) { return are_sound(norms, count, least); }
bool are_right_f32(const PixelRun<float>& run, const Taps& taps, float least) { return are_right(run, taps, least); }
bool are_right_f64(const PixelRun<double>& run, const Taps& taps, double least) { return are_right(run, taps, least); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(are_sound_f32);
HWY_EXPORT(are_sound_f64);
HWY_EXPORT(are_right_f32);
HWY_EXPORT(are_right_f64);

bool norms_are_sound(const Target& target, const float* norms, int64_t count, float least) {
  return CONVSTEP_KERNEL(are_sound_f32, target)(norms, count, least);
}
bool norms_are_sound(const Target& target, const double* norms, int64_t count, double least) {
  return CONVSTEP_KERNEL(are_sound_f64, target)(norms, count, least);
}
bool norms_are_right(const Target& target, const PixelRun<float>& run, const Taps& taps, float least) {
  return CONVSTEP_KERNEL(are_right_f32, target)(run, taps, least);
}
bool norms_are_right(const Target& target, const PixelRun<double>& run, const Taps& taps, double least) {
  return CONVSTEP_KERNEL(are_right_f64, target)(run, taps, least);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
