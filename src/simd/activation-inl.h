// activation-inl.h: the activations of activation.h on vectors. Included once per SIMD target.
//
// sigmoid and tanh are our own: Highway's tanh is 4 units in the last place off, and its exp turns denormals to 0. Ours
// stay within 2.5 units where we measured; activation.h promises 3.5, and tests/pointwise/activation_kernel_test.cc
// holds them to it. Every lane goes through the same operations, so a value does not depend on where it stands.
#if defined(CONVSTEP_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_SIMD_ACTIVATION_INL_H_
#undef CONVSTEP_SIMD_ACTIVATION_INL_H_
#else
#define CONVSTEP_SIMD_ACTIVATION_INL_H_
#endif

#include <limits>

#include "convstep/activation.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// NaN compares false everywhere below, and so stays what it is.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V relu(D d, V x) {
  return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
}

// (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2. Float: the polynomial of Cephes' expf. Double: the Taylor series, whose
// first term left out, r^14/14!, is below 2^-57.
template <class D, class V = hn::Vec<D>>
requires(sizeof(hn::TFromD<D>) == 4) HWY_INLINE V exp_tail(D d, V r) {
  V q = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
  q = hn::MulAdd(q, r, hn::Set(d, 8.3334519073e-3f));
  q = hn::MulAdd(q, r, hn::Set(d, 4.1665795894e-2f));
  q = hn::MulAdd(q, r, hn::Set(d, 1.6666665459e-1f));
  return hn::MulAdd(q, r, hn::Set(d, 5.0000001201e-1f));
}
template <class D, class V = hn::Vec<D>>
requires(sizeof(hn::TFromD<D>) == 8) HWY_INLINE V exp_tail(D d, V r) {
  V q = hn::MulAdd(hn::Set(d, 1.0 / 6227020800), r, hn::Set(d, 1.0 / 479001600));  // 1/13!, 1/12!
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 39916800));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 3628800));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 362880));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 40320));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 5040));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 720));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 120));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 24));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0 / 6));
  return hn::MulAdd(q, r, hn::Set(d, 0.5));
}

// How numbers of a type are put together.
template <class T>
struct Format;
template <>
struct Format<float> {
  static constexpr int kMantissaBits = 23, kBias = 127;
  // Adding it rounds to a whole number, which then stands in the last bits.
  static constexpr float kRound = 0x1.8p23f;
  // log(2) in two parts; times a whole number below 2^14, the first is exact.
  static constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;
  static constexpr float kExpLimit = 104;  // exp(-104) rounds to 0
  static constexpr float kTanhLimit = 10;  // tanh(10) rounds to 1
};
template <>
struct Format<double> {
  static constexpr int kMantissaBits = 52, kBias = 1023;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kLog2High = 6.93145751953125e-1, kLog2Low = 1.42860682030941723212e-6;
  static constexpr double kExpLimit = 746;
  static constexpr double kTanhLimit = 20;
};

// 2^n for the whole number n that was rounded as kRound + n.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V power_of_two(D d, V rounded) {
  using F = Format<hn::TFromD<D>>;
  const hn::RebindToSigned<D> di;
  using TI = hn::TFromD<decltype(di)>;
  const auto n = hn::Sub(hn::BitCast(di, rounded), hn::BitCast(di, hn::Set(d, F::kRound)));
  return hn::BitCast(d, hn::ShiftLeft<F::kMantissaBits>(hn::Add(n, hn::Set(di, static_cast<TI>(F::kBias)))));
}

// exp(x) = 2^n * (1 + p), with n as kRound + n. p is exact to about a unit in its last place, however small.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V reduce_exp(D d, V x, V& rounded) {
  using T = hn::TFromD<D>;
  using F = Format<T>;
  rounded = hn::MulAdd(x, hn::Set(d, static_cast<T>(1.4426950408889634)), hn::Set(d, F::kRound));
  const V n = hn::Sub(rounded, hn::Set(d, F::kRound));
  const V r = hn::NegMulAdd(n, hn::Set(d, F::kLog2Low), hn::NegMulAdd(n, hn::Set(d, F::kLog2High), x));
  return hn::MulAdd(exp_tail(d, r), hn::Mul(r, r), r);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V at_most(D d, V x, hn::TFromD<D> limit) {
  const V most = hn::Set(d, limit);
  return hn::IfThenElse(hn::Gt(x, most), most, x);
}

// Activations that kernels do on sums in registers; ReLU has no limit.
static_assert(Activation::kNone < Activation::kRelu && Activation::kRelu < Activation::kRelu6 &&
              Activation::kRelu6 < Activation::kLeakyRelu);
HWY_INLINE bool is_limited_relu(Activation activation) {
  return activation == Activation::kRelu || activation == Activation::kRelu6;
}
template <class T>
HWY_INLINE T relu_limit(Activation activation) {
  return activation == Activation::kRelu ? std::numeric_limits<T>::infinity() : T(6);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V limited_relu(D d, V x, hn::TFromD<D> limit) {
  return at_most(d, relu(d, x), limit);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V leaky_relu(D d, V x, hn::TFromD<D> slope) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(hn::Set(d, slope), x), x);
}

// With e = exp(-|x|), which never overflows: 1 / (1 + e) for x >= 0, e / (1 + e) for x < 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  using T = hn::TFromD<D>;
  using F = Format<T>;
  V rounded;
  const V p = reduce_exp(d, hn::Neg(at_most(d, hn::Abs(x), F::kExpLimit)), rounded);
  // 2^n in two steps, for an e below the normal numbers is rounded once, in the second.
  const V round = hn::Set(d, F::kRound), n = hn::Sub(rounded, round);
  const V half = hn::MulAdd(n, hn::Set(d, static_cast<T>(0.5)), round);
  const V other_half = hn::Add(hn::Sub(n, hn::Sub(half, round)), round);
  const V one = hn::Set(d, static_cast<T>(1));
  const V e = hn::Mul(hn::Mul(hn::Add(one, p), power_of_two(d, half)), power_of_two(d, other_half));
  return hn::Div(hn::IfThenElse(hn::Ge(x, hn::Zero(d)), one, e), hn::Add(one, e));
}

// With m = exp(-2|x|) - 1 = 2^n * p + (2^n - 1), in which nothing cancels: tanh|x| = -m / (2 + m).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh(D d, V x) {
  using T = hn::TFromD<D>;
  const V limited = at_most(d, hn::Abs(x), Format<T>::kTanhLimit);
  V rounded;
  const V p = reduce_exp(d, hn::Mul(limited, hn::Set(d, static_cast<T>(-2))), rounded);
  const V scale = power_of_two(d, rounded), one = hn::Set(d, static_cast<T>(1));
  const V m = hn::Add(hn::Mul(scale, p), hn::Sub(scale, one));
  const V magnitude = hn::Abs(hn::Div(m, hn::Add(hn::Set(d, static_cast<T>(2)), m)));
  return hn::Or(magnitude, hn::And(x, hn::SignBit(d)));
}

template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V activate(D d, V x, Activation activation, T slope) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return relu(d, x);
    case Activation::kRelu6:
      return limited_relu(d, x, relu_limit<T>(activation));
    case Activation::kLeakyRelu:
      return leaky_relu(d, x, slope);
    case Activation::kSigmoid:
      return sigmoid(d, x);
    case Activation::kTanh:
      return tanh(d, x);
  }
  return x;
}

// x[0..n-1] = activation(x[0..n-1]).
template <class T>
HWY_NOINLINE void activate_row(T* x, size_t n, Activation activation, T slope) {
  const hn::ScalableTag<T> d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    store_n(activate(d, load_n(d, x + i, n - i), activation, slope), d, x + i, n - i);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
