// maximum-inl.h: the IEEE 754-2019 maximum of vectors (NaN wins, +0 > -0). Included once per SIMD target.
//
// The maximum of x86 (maxps) returns its second operand where one is NaN or both are zeros. Mending that after every
// maximum costs two to five instructions. A running maximum over many taps is cheaper: it keeps, beside the plain
// maximum, whether a NaN was seen (one comparison for two taps) and the conjunction of all sign bits: unless there is a
// NaN, the maximum is negative, or -0, exactly where all elements are. AVX-512 has an instruction that orders zeros
// (vrangeps), and so does not need the signs; the maximum of AArch64 is the very one of the standard.
#if defined(CONVSTEP_SIMD_MAXIMUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_SIMD_MAXIMUM_INL_H_
#undef CONVSTEP_SIMD_MAXIMUM_INL_H_
#else
#define CONVSTEP_SIMD_MAXIMUM_INL_H_
#endif

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// larger(d, a, b): the maximum of two vectors without NaN; kOrdersZeros: is +0 above -0 there?
// unordered(d, a, b): is either NaN?
using F32 = hn::ScalableTag<float>;
using F64 = hn::ScalableTag<double>;

#if HWY_TARGET == HWY_AVX3
constexpr bool kOrdersZeros = true;
constexpr int kMaximumWithItsSign = 0b0101;  // of vrangeps

HWY_INLINE hn::Vec<F32> larger(F32, hn::Vec<F32> a, hn::Vec<F32> b) {
  return {_mm512_range_ps(a.raw, b.raw, kMaximumWithItsSign)};
}
HWY_INLINE hn::Vec<F64> larger(F64, hn::Vec<F64> a, hn::Vec<F64> b) {
  return {_mm512_range_pd(a.raw, b.raw, kMaximumWithItsSign)};
}
HWY_INLINE hn::Mask<F32> unordered(F32, hn::Vec<F32> a, hn::Vec<F32> b) {
  return {_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_UNORD_Q)};
}
HWY_INLINE hn::Mask<F64> unordered(F64, hn::Vec<F64> a, hn::Vec<F64> b) {
  return {_mm512_cmp_pd_mask(a.raw, b.raw, _CMP_UNORD_Q)};
}
#else
constexpr bool kOrdersZeros = false;

template <class D, class V = hn::Vec<D>>
HWY_INLINE V larger(D, V a, V b) {
  return hn::Max(a, b);
}
#if HWY_TARGET == HWY_AVX2
HWY_INLINE hn::Mask<F32> unordered(F32, hn::Vec<F32> a, hn::Vec<F32> b) {
  return {_mm256_cmp_ps(a.raw, b.raw, _CMP_UNORD_Q)};
}
HWY_INLINE hn::Mask<F64> unordered(F64, hn::Vec<F64> a, hn::Vec<F64> b) {
  return {_mm256_cmp_pd(a.raw, b.raw, _CMP_UNORD_Q)};
}
#elif HWY_TARGET == HWY_SSE4
HWY_INLINE hn::Mask<F32> unordered(F32, hn::Vec<F32> a, hn::Vec<F32> b) { return {_mm_cmpunord_ps(a.raw, b.raw)}; }
HWY_INLINE hn::Mask<F64> unordered(F64, hn::Vec<F64> a, hn::Vec<F64> b) { return {_mm_cmpunord_pd(a.raw, b.raw)}; }
#else
template <class D, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> unordered(D, V a, V b) {
  return hn::Or(hn::IsNaN(a), hn::IsNaN(b));
}
#endif
#endif

// Lanes where x is above best in the order of the maximum: larger, +0 over -0, or a NaN over a number.
template <class D, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> is_larger(D d, V x, V best) {
  const hn::RebindToSigned<D> di;
  const auto larger_or_nan = hn::AndNot(hn::Le(x, best), hn::Eq(best, best));  // a NaN that is best stays
  const auto positive_over_negative = hn::Lt(hn::BitCast(di, hn::AndNot(x, best)), hn::Zero(di));
  return hn::Or(larger_or_nan, hn::And(hn::Eq(x, best), hn::RebindMask(d, positive_over_negative)));
}

// What tells from all elements read that a plain maximum may not do. Their sum is NaN if one of them is, and the
// processor adds elsewhere than it compares, so this is nearly free. (Infinities of both signs make it NaN, too, which
// costs time, no more.) Where zeros are not ordered, the least as integers says whether one of them is -0.
template <class D>
struct Seen {
  using Bits = hn::RebindToSigned<D>;
  hn::Vec<D> sum;
  hn::Vec<Bits> least;
};

template <class D>
HWY_INLINE Seen<D> look(D, hn::Vec<D> x) {
  return {x, hn::BitCast(typename Seen<D>::Bits(), x)};
}
template <class D>
HWY_INLINE Seen<D> join(D, const Seen<D>& a, const Seen<D>& b) {
  return {hn::Add(a.sum, b.sum), kOrdersZeros ? a.least : hn::Min(a.least, b.least)};
}

template <class D>
HWY_INLINE bool is_plain(D d, const Seen<D>& seen) {
  const typename Seen<D>::Bits bits;
  const bool has_minus_zero =
      !kOrdersZeros && !hn::AllFalse(bits, hn::Eq(seen.least, hn::BitCast(bits, hn::SignBit(d))));
  return hn::AllFalse(d, hn::IsNaN(seen.sum)) && !has_minus_zero;
}

// A running maximum is three values: best, signs (unused with kOrdersZeros), nans.
template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE void begin(D d, V a, V b, V& best, V& signs, M& nans) {
  best = larger(d, a, b);
  signs = hn::And(a, b);
  nans = unordered(d, a, b);
}

template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE void take(D d, V a, V b, V& best, V& signs, M& nans) {
  best = larger(d, best, larger(d, a, b));
  signs = hn::And(signs, hn::And(a, b));
  nans = hn::Or(nans, unordered(d, a, b));
}

template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE V finish(D d, V best, V signs, M nans) {
  if constexpr (!kOrdersZeros) best = hn::Or(hn::Abs(best), hn::And(signs, hn::SignBit(d)));
  return hn::IfThenElse(nans, hn::NaN(d), best);
}

// The maximum of two vectors, whatever they hold.
struct ExactMaximum {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V a, V b) const {
    V best = larger(d, a, b);
    if constexpr (!kOrdersZeros) best = hn::IfThenElse(hn::Eq(a, b), hn::And(a, b), best);  // +0 and -0: +0
    return hn::IfThenElse(unordered(d, a, b), hn::NaN(d), best);
  }
};

// The same for vectors without NaN and -0.
struct PlainMaximum {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Max(a, b);
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
