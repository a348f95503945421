// add_where-inl.h: a sum to which some lanes add. Included once per SIMD target.
#if defined(CONVSTEP_POOL_BACKWARD_ADD_WHERE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_POOL_BACKWARD_ADD_WHERE_INL_H_
#undef CONVSTEP_POOL_BACKWARD_ADD_WHERE_INL_H_
#else
#define CONVSTEP_POOL_BACKWARD_ADD_WHERE_INL_H_
#endif

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// sum + g in the lanes that get it. A sum is never -0, for it begins at 0, so that 0 may be added in the others; with
// AVX-512 nothing need be.
template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE V add_where(D, M gets, V sum, V g) {
#if HWY_TARGET == HWY_AVX3
  return hn::IfThenElse(gets, hn::Add(sum, g), sum);
#else
  return hn::Add(sum, hn::IfThenElseZero(gets, g));
#endif
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
