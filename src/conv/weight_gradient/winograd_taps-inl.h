// winograd_taps-inl.h: how the sums at the six points become the three taps of F(3,4). Included once per SIMD target.
#if defined(CONVSTEP_WINOGRAD_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_WINOGRAD_TAPS_INL_H_
#undef CONVSTEP_WINOGRAD_TAPS_INL_H_
#else
#define CONVSTEP_WINOGRAD_TAPS_INL_H_
#endif

#include "conv/weight_gradient/winograd_kernel.h"
#include "conv/winograd/axis.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

constexpr double gradient_point(int pair) { return WinogradPoints<kGradientTile + 2>::p[pair]; }

// y = A^T x: powers of the points, and the last row has a 1 for infinity.
template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void taps_row(D d, const V* x, V* y) {
  const V sum0 = hn::Add(x[1], x[2]), sum1 = hn::Add(x[3], x[4]);
  const V difference0 = hn::Sub(x[1], x[2]), difference1 = hn::Sub(x[3], x[4]);
  constexpr double p0 = gradient_point(0), p1 = gradient_point(1);
  y[0] = hn::Add(x[0], hn::Add(sum0, sum1));
  y[1] = hn::MulAdd(hn::Set(d, static_cast<T>(p1)), difference1, hn::Mul(hn::Set(d, static_cast<T>(p0)), difference0));
  y[2] = hn::Add(x[kGradientPoints - 1], hn::MulAdd(hn::Set(d, static_cast<T>(p1 * p1)), sum1,
                                                    hn::Mul(hn::Set(d, static_cast<T>(p0 * p0)), sum0)));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
