// activation-inl.h: the activations of activation.h on vectors. Included once per SIMD target.
#if defined(CONVSTEP_KERNELS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_KERNELS_ACTIVATION_INL_H_
#undef CONVSTEP_KERNELS_ACTIVATION_INL_H_
#else
#define CONVSTEP_KERNELS_ACTIVATION_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include "convstep/activation.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// NaN compares false everywhere below, and so stays what it is.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V relu(D d, V x) {
  return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, 1), e = hn::Exp(d, hn::Neg(hn::Abs(x)));  // never overflows
  return hn::Div(hn::IfThenElse(hn::Ge(x, hn::Zero(d)), one, e), hn::Add(one, e));
}

template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V activate(D d, V x, Activation activation, T slope) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return relu(d, x);
    case Activation::kRelu6: {
      const V six = hn::Set(d, 6);
      return hn::IfThenElse(hn::Gt(x, six), six, relu(d, x));
    }
    case Activation::kLeakyRelu:
      return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(hn::Set(d, slope), x), x);
    case Activation::kSigmoid:
      return hn::IfThenElse(hn::IsNaN(x), x, sigmoid(d, x));
    case Activation::kTanh:
      return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
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
