// transform-inl.h: the one-dimensional transforms of Winograd's convolution. Included once per SIMD target.
#if defined(CONVSTEP_CONV_WINOGRAD_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_WINOGRAD_TRANSFORM_INL_H_
#undef CONVSTEP_CONV_WINOGRAD_TRANSFORM_INL_H_
#else
#define CONVSTEP_CONV_WINOGRAD_TRANSFORM_INL_H_
#endif

#include "conv/winograd/axis.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// With q(x) = product over k of (x^2 - p[k]^2), row by row:
//   B^T  q without the root of the row (the coefficients of x^0, x^1, ...); for infinity x * q
//   A^T  powers of the roots; the last row has a 1 for infinity
// The order of the points is that of axis.h.
template <int kPoints>
struct Toom {
  static constexpr int kPairs = kPoints / 2 - 1;

  // The coefficient of x^(2*power) in the product over the pairs but `left_out` (-1 for none).
  static constexpr double even_coefficient(int left_out, int power) {
    double c[kPairs + 1] = {1};
    int degree = 0;
    for (int k = 0; k < kPairs; ++k) {
      if (k == left_out) continue;
      ++degree;
      for (int i = degree; i >= 0; --i) c[i] = (i > 0 ? c[i - 1] : 0) - square(k) * (i < degree ? c[i] : 0);
    }
    return c[power];
  }
  static constexpr double square(int k) { return WinogradPoints<kPoints>::p[k] * WinogradPoints<kPoints>::p[k]; }
  static constexpr double power(int k, int exponent) {
    double product = 1;
    for (int i = 0; i < exponent; ++i) product *= WinogradPoints<kPoints>::p[k];
    return product;
  }
};

// sum over i of coefficient(i) * x[first + 2*i] for the product without pair `left_out`; the leading coefficient is 1.
template <int kPoints, int LeftOut, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V even_polynomial(D d, const V* x, int first) {
  constexpr int kDegree = Toom<kPoints>::kPairs - (LeftOut >= 0 ? 1 : 0);
  V sum = x[first + 2 * kDegree];
#pragma GCC unroll 4
  for (int i = kDegree - 1; i >= 0; --i) {
    sum = hn::MulAdd(hn::Set(d, static_cast<T>(Toom<kPoints>::even_coefficient(LeftOut, i))), x[first + 2 * i], sum);
  }
  return sum;
}

// The two rows of B^T for the points +-p[K].
template <int kPoints, int K, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void input_pair(D d, const V* x, V* y) {
  const V even = even_polynomial<kPoints, K>(d, x, 2), odd = even_polynomial<kPoints, K>(d, x, 1);
  const V p = hn::Set(d, static_cast<T>(WinogradPoints<kPoints>::p[K]));
  y[1 + 2 * K] = hn::MulAdd(p, odd, even);
  y[2 + 2 * K] = hn::NegMulAdd(p, odd, even);
}

// y = B^T x, both of kPoints vectors.
template <int kPoints, class D, class V = hn::Vec<D>>
HWY_INLINE void input_row(D d, const V* x, V* y) {
  y[0] = even_polynomial<kPoints, -1>(d, x, 0);
  input_pair<kPoints, 0>(d, x, y);
  if constexpr (kPoints >= 6) input_pair<kPoints, 1>(d, x, y);
  y[kPoints - 1] = even_polynomial<kPoints, -1>(d, x, 1);
}

// y = A^T x, x of kPoints vectors and y of M.
template <int kPoints, int M, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void output_row(D d, const V* x, V* y) {
  constexpr int kPairs = Toom<kPoints>::kPairs;
  V sum[kPairs], difference[kPairs];
#pragma GCC unroll 4
  for (int k = 0; k < kPairs; ++k) {
    sum[k] = hn::Add(x[1 + 2 * k], x[2 + 2 * k]);
    difference[k] = hn::Sub(x[1 + 2 * k], x[2 + 2 * k]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
    const V* half = i % 2 ? difference : sum;
    V total =
        i == 0 || kPoints == 4 ? half[0] : hn::Mul(hn::Set(d, static_cast<T>(Toom<kPoints>::power(0, i))), half[0]);
#pragma GCC unroll 4
    for (int k = 1; k < kPairs; ++k) {
      total = i == 0 ? hn::Add(half[k], total)
                     : hn::MulAdd(hn::Set(d, static_cast<T>(Toom<kPoints>::power(k, i))), half[k], total);
    }
    y[i] = i == 0 ? hn::Add(x[0], total) : i == M - 1 ? hn::Add(total, x[kPoints - 1]) : total;
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
