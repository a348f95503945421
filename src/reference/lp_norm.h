// lp_norm.h: norms whose powers leave the range of their type, and the derivatives of norms.
//
// (sum of |x|^p)^(1/p) is a number of the size of the largest |x|, but the powers may overflow, or lose their digits
// below the normal numbers. A norm tells by its size whether that has happened, and is then computed again from numbers
// divided by the largest magnitude.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/pairwise_sum.h"

namespace convstep::reference {

// p as a number of the type. From 2^100 on a power of any number but 1 is 0 or infinity, and 1 / p a normal number.
template <class T>
T lp_power(double p) {
  return static_cast<T>(std::min(p, 0x1p100));
}

template <class T>
T lp_term(T x, T p) {
  return p == 1 ? std::abs(x) : p == 2 ? x * x : std::pow(std::abs(x), p);
}
template <class T>
T lp_root(T sum, T p) {
  return p == 1 ? sum : p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / p);
}

// Norms whose sum of powers is finite and so large that what a term loses below the normal numbers, half of the least
// number, is lost in the rounding of the sum. NaN is none of them.
template <class T>
struct SoundNorms {
  explicit SoundNorms(T p) {
    using Limits = std::numeric_limits<T>;
    if (p > 1) least = std::pow(Limits::min() / Limits::epsilon(), 1 / p);
  }
  bool contain(T norm) const { return norm >= least && norm <= std::numeric_limits<T>::max(); }
  T least = 0;
};

// The norm of x(0), ..., x(n - 1), whose largest magnitude is neither 0 nor NaN. A power of two as divisor keeps the
// bits that a type without limits would give; but only squares of such quotients are sure to be in range.
template <class T>
T lp_divisor(T p, T largest) {
  return p == 2 ? std::ldexp(T(1), std::ilogb(largest)) : largest;
}
template <class T, class Element>
T scaled_norm(const Element& x, int64_t n, T p, T largest) {
  if (std::isinf(largest)) return largest;
  const T divisor = lp_divisor(p, largest);
  const T sum = pairwise_sum<T>([&](int64_t i) { return lp_term(x(i) / divisor, p); }, 0, n);
  return divisor * lp_root(sum, p);
}

// The derivatives of the norm A of x(0), ..., x(n - 1) by each of them, sign(x) |x|^(p-1) / A^(p-1), for p > 1 and a
// largest magnitude other than 0. With t = |x| / divisor this is t^(p-1) / S^((p-1)/p), S the sum of the t^p: no power
// overflows, and the rounding of A is not raised to the power of p - 1.
template <class T>
class LpDerivative {
 public:
  template <class Element>
  LpDerivative(const Element& x, int64_t n, T p, T largest) : p_(p), divisor_(largest), root_(1) {
    if (!std::isfinite(largest)) return;
    divisor_ = lp_divisor(p, largest);
    const T sum = pairwise_sum<T>([&](int64_t i) { return lp_term(x(i) / divisor_, p); }, 0, n);
    root_ = p == 2 ? std::sqrt(sum) : std::pow(sum, (p - 1) / p);
  }
  T operator()(T x) const { return std::copysign(power(std::abs(x)) / root_, x); }

 private:
  // Powers of less than 1 are in range themselves, where the quotient may not be.
  T power(T magnitude) const {
    if (p_ < 2) return std::pow(magnitude, p_ - 1) / std::pow(divisor_, p_ - 1);
    const T t = magnitude / divisor_;
    return p_ == 2 ? t : std::pow(t, p_ - 1);
  }

  T p_, divisor_, root_;
};

}  // namespace convstep::reference
