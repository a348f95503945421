// pool_sum-inl.h: what is summed of every element, and what becomes of a sum. Included once per SIMD target.
#if defined(CONVSTEP_KERNELS_POOL_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_KERNELS_POOL_SUM_INL_H_
#undef CONVSTEP_KERNELS_POOL_SUM_INL_H_
#else
#define CONVSTEP_KERNELS_POOL_SUM_INL_H_
#endif

#include <cmath>

#include "kernels/pool.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

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

// Division by a number that is the same for all lanes, with the bits of a division, at the cost of three operations
// where the CPU's own takes ten cycles and more. By a power of two it is a product. Otherwise (Markstein): from the
// quotient q = x * r, with r the rounded reciprocal, the remainder x - q * divisor is exact with a fused
// multiply-add, and q + remainder * r rounds to the true quotient. That holds where nothing underflows or overflows;
// other vectors are divided, and so are all where there is no fused multiply-add.
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

template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V divide(D d, V x, const Divisor<T>& by) {
  // Quotients are then normal numbers whose remainders are, too.
  constexpr T kMost = T(1e25), kLeast = T(1e-25), kMostDivisor = T(1 << 20);
  const V divisor = hn::Set(d, by.divisor);
  if (!HWY_NATIVE_FMA || by.divisor > kMostDivisor) return hn::Div(x, divisor);
  const V magnitude = hn::Abs(x), r = hn::Set(d, by.reciprocal);
  const auto is_moderate = hn::And(hn::Ge(magnitude, hn::Set(d, kLeast)), hn::Le(magnitude, hn::Set(d, kMost)));
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Or(is_moderate, hn::Eq(x, hn::Zero(d)))))) return hn::Div(x, divisor);
  const V q = hn::Mul(x, r);
  return hn::IfThenElse(is_moderate, hn::MulAdd(hn::NegMulAdd(q, divisor, x), r, q), x);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V finish_sum(D d, V sum, Finish finish, const Divisor<hn::TFromD<D>>& by, const SumOptions& options) {
  using T = hn::TFromD<D>;
  switch (finish) {
    case Finish::kNone:
      return sum;
    case Finish::kMultiply:
      return hn::Mul(sum, hn::Set(d, by.reciprocal));
    case Finish::kDivide:
      return divide(d, sum, by);
    case Finish::kRoot:
      return hn::Sqrt(sum);
    case Finish::kPower:
      return power(d, sum, 1 / static_cast<T>(options.p));
  }
  return sum;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
