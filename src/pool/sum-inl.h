// sum-inl.h: what is summed of every element, and what becomes of a sum. Included once per SIMD target.
#if defined(CONVSTEP_POOL_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_POOL_SUM_INL_H_
#undef CONVSTEP_POOL_SUM_INL_H_
#else
#define CONVSTEP_POOL_SUM_INL_H_
#endif

#include <cmath>

#include "pool/runs.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// What is summed of every element. (operator() takes the tag, whose type is not known here.)
struct Itself {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V x) const {
    return x;
  }
};

// One number at a time: std::pow is what the reference uses.
template <class D, class V = hn::Vec<D>>
HWY_NOINLINE V power(D d, V x, hn::TFromD<D> p) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(x, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::pow(lanes[i], p);
  return hn::Load(d, lanes);
}

struct Power {
  double p;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return power(d, hn::Abs(x), static_cast<hn::TFromD<D>>(p));
  }
};
// |x| for p = 1, x * x for p = 2, in one piece of code without a branch: two instructions more are cheap beside another
// copy of every loop that sums.
struct MagnitudeOrSquare {
  double p;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, T(1));
    const auto is_square = hn::Gt(hn::Set(d, static_cast<T>(p)), one);
    return hn::Mul(hn::IfThenElse(is_square, x, hn::Abs(x)), hn::IfThenElse(is_square, x, one));
  }
};

// What becomes of a sum.
enum class Finish { kNone, kMultiply, kDivide, kRoot, kPower };

// A mean is a quotient; by a power of two it is a product, with the same bits. (The rounded reciprocal and the exact
// remainder give a quotient's bits, too, but must look for numbers that need another way: averages of 3x3 windows took
// no less time with AVX-512, two thirds more with AVX2; Zen 4.)
template <class T>
struct Divisor {
  explicit Divisor(const SumOptions& options) : divisor(static_cast<T>(options.divisor)), reciprocal(1 / divisor) {
    int exponent;
    finish = options.mode == PoolMode::kAverage ? Finish::kDivide
             : options.p == 1                   ? Finish::kNone
             : options.p == 2                   ? Finish::kRoot
                                                : Finish::kPower;
    if (finish == Finish::kDivide && std::frexp(divisor, &exponent) == T(0.5)) finish = Finish::kMultiply;
  }
  Finish finish;
  T divisor, reciprocal;
};

// Where the finish is kMultiply or kDivide.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V mean_of(D d, V sum, const Divisor<hn::TFromD<D>>& by) {
  sum = from_zero(d, sum);
  return by.finish == Finish::kMultiply ? hn::Mul(sum, hn::Set(d, by.reciprocal))
                                        : hn::Div(sum, hn::Set(d, by.divisor));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V finish_sum(D d, V sum, Finish finish, const Divisor<hn::TFromD<D>>& by, const SumOptions& options) {
  using T = hn::TFromD<D>;
  switch (finish) {
    case Finish::kNone:
      return sum;
    case Finish::kMultiply:
      return hn::Mul(from_zero(d, sum), hn::Set(d, by.reciprocal));
    case Finish::kDivide:
      return hn::Div(from_zero(d, sum), hn::Set(d, by.divisor));
    case Finish::kRoot:
      return hn::Sqrt(sum);
    case Finish::kPower:
      return power(d, sum, 1 / static_cast<T>(options.p));
  }
  return sum;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
