// function-inl.h: the functions of function_kernel.h on vectors. Included once per SIMD target.
//
// Every lane goes through the same operations, so a value does not depend on where it stands. NaN compares false
// everywhere, and so stays what it is.
#if defined(CONVSTEP_POINTWISE_FUNCTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_POINTWISE_FUNCTION_INL_H_
#undef CONVSTEP_POINTWISE_FUNCTION_INL_H_
#else
#define CONVSTEP_POINTWISE_FUNCTION_INL_H_
#endif

#include "simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

template <class D, class V = hn::Vec<D>>
HWY_INLINE V constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V at_least(D d, V x, hn::TFromD<D> limit) {
  const V least = hn::Set(d, limit);
  return hn::IfThenElse(hn::Lt(x, least), least, x);
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class D, class V = hn::Vec<D>, size_t kCount>
HWY_INLINE V polynomial(D d, V x, const double (&c)[kCount]) {
  V sum = constant(d, c[kCount - 1]);
  for (size_t k = kCount - 1; k-- > 0;) sum = hn::MulAdd(sum, x, constant(d, c[k]));
  return sum;
}

// As sigmoid() of activation-inl.h, 2^n is two factors: so what is below the normal numbers is rounded once, and what
// is above becomes infinite.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  using F = Format<hn::TFromD<D>>;
  V rounded;
  const V p = reduce_exp(d, at_least(d, at_most(d, x, F::kExpLimit), -F::kExpLimit), rounded);
  const V round = hn::Set(d, F::kRound), n = hn::Sub(rounded, round);
  const V half = hn::MulAdd(n, constant(d, 0.5), round);
  const V other_half = hn::Add(hn::Sub(n, hn::Sub(half, round)), round);
  return hn::Mul(hn::Mul(hn::Add(constant(d, 1), p), power_of_two(d, half)), power_of_two(d, other_half));
}

// exp(x) - 1 for x <= 0, as m in tanh() of activation-inl.h.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1_of_negative(D d, V x) {
  V rounded;
  const V p = reduce_exp(d, at_least(d, x, -2 * Format<hn::TFromD<D>>::kTanhLimit), rounded);
  const V scale = power_of_two(d, rounded);
  return hn::Add(hn::Mul(scale, p), hn::Sub(scale, constant(d, 1)));
}

// Polynomials of our own, by Lawson's iteration: (erf(x) - x) / x in x^2, for small x, and (-log(erfc(x)) - x) / x in
// x, up to where erf(x) rounds to 1. The relative errors of erf that they make, in exact arithmetic, are at most 1.6e-8
// for float and 2.5e-17 for double.
template <class T>
struct ErfFormat;
template <>
struct ErfFormat<float> {
  static constexpr float kSmall = 0.921875f, kLimit = 3.95f;
  static constexpr double kNear[] = {0.128379149454,  -0.376124935794,  0.112818172326,
                                     -0.026766693766, 0.00499332432458, -0.000599167160642};
  static constexpr double kFar[] = {0.128650363564,   0.635143452717,     0.106250364935,  -0.023774140485,
                                    0.00364840428823, -0.000324327158781, 1.13898980611e-5};
};
template <>
struct ErfFormat<double> {
  static constexpr double kSmall = 1, kLimit = 6;
  static constexpr double kNear[] = {
      0.12837916709551256536,   -0.37612638903183518567,    0.11283791670944162555,    -0.026866170643109286998,
      0.0052239776061081716948, -0.00085483259290916049128, 0.00012055293576521847823, -0.000014924712390783695546,
      1.6447133625539627605e-6, -1.6206335510961969582e-7,  1.3711096053818775109e-8,  -7.7797179944158593827e-10};
  static constexpr double kFar[] = {0.12837886189512409952,      0.63662259669925015298,     0.102760581751303525,
                                    -0.019097361291536867,       -0.0002633688776741947519,  0.0017625170668150646346,
                                    -0.0006468460028157490009,   0.000056743170939469335123, 0.000059314118763469137821,
                                    -0.000038170095226197969246, 0.00001339471190333189981,  -3.2628891218965143193e-6,
                                    5.7697299120451168527e-7,    -7.3353494265423780581e-8,  6.3898745471393884148e-9,
                                    -3.4236499341023084944e-10,  8.5173951106951268785e-12};
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE V erf(D d, V x) {
  using F = ErfFormat<hn::TFromD<D>>;
  const V near = hn::MulAdd(polynomial(d, hn::Mul(x, x), F::kNear), x, x);
  const V t = at_most(d, hn::Abs(x), F::kLimit);
  const V minus_log = hn::MulAdd(polynomial(d, t, F::kFar), t, t);
  const V far = hn::Neg(expm1_of_negative(d, hn::Neg(minus_log)));
  const V signed_far = hn::Or(hn::Abs(far), hn::And(x, hn::SignBit(d)));
  return hn::IfThenElse(hn::Gt(t, hn::Set(d, F::kSmall)), signed_far, near);
}

// log(1 + e) for 0 <= e <= 1 is 2 atanh(s) with s = e / (2 + e) <= 1/3, a series that converges fast: the first term
// left out is below 2^-28 of the sum for float, and below 2^-57 for double.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log1p_of_fraction(D d, V e) {
  constexpr int kTerms = sizeof(hn::TFromD<D>) == 4 ? 8 : 17;
  const V s = hn::Div(e, hn::Add(constant(d, 2), e)), square = hn::Mul(s, s);
  V sum = constant(d, 1.0 / (2 * kTerms + 1));
  for (int k = kTerms - 1; k >= 1; --k) sum = hn::MulAdd(sum, square, constant(d, 1.0 / (2 * k + 1)));
  const V twice = hn::Add(s, s);
  return hn::MulAdd(hn::Mul(sum, square), twice, twice);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V softplus(D d, V x) {
  return hn::Add(relu(d, x), log1p_of_fraction(d, exp(d, hn::Neg(hn::Abs(x)))));
}

// tanh(log(1 + e)) with e = exp(x) is n / (n + 2) with n = e * (e + 2), and rounds to 1 long before e * e overflows.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V mish(D d, V x) {
  const V e = exp(d, at_most(d, x, 2 * Format<hn::TFromD<D>>::kTanhLimit)), two = constant(d, 2);
  const V n = hn::Mul(e, hn::Add(e, two));
  return hn::Mul(x, hn::Div(n, hn::Add(n, two)));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V elu(D d, V x, V a, V b, V c) {
  const V below = hn::Mul(a, expm1_of_negative(d, hn::Mul(at_most(d, x, 0), c)));
  return hn::Mul(b, hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, below));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu(D d, V x) {
  const V sum = hn::Add(constant(d, 1), erf(d, hn::Mul(x, constant(d, 0.70710678118654752440))));
  return hn::Mul(hn::Mul(x, constant(d, 0.5)), sum);
}

// (1 + tanh(u)) / 2 is sigmoid(2u), in which nothing cancels. Beyond the limit u is so, too, and x^2 does not overflow.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_by_tanh(D d, V x) {
  constexpr double kRoot = 0.79788456080286535588;  // sqrt(2 / pi)
  const V square = at_most(d, hn::Mul(x, x), 10000);
  const V factor = hn::MulAdd(square, constant(d, 2 * kRoot * 0.044715), constant(d, 2 * kRoot));
  return hn::Mul(x, sigmoid(d, hn::Mul(x, factor)));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V hard_sigmoid(D d, V x, V a, V b) {
  return at_most(d, at_least(d, hn::MulAdd(a, x, b), 0), 1);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
