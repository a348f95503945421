// function_kernel.cc: the functions of function_kernel.h.
#include "pointwise/function_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pointwise/function_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pointwise/function-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A function with its parameters as vectors.
template <Function kFunction, class D>
struct Applied {
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;
  HWY_INLINE Applied(D d, const FunctionParameters& parameters)
      : a(hn::Set(d, static_cast<T>(parameters.a))),
        b(hn::Set(d, static_cast<T>(parameters.b))),
        c(hn::Set(d, static_cast<T>(parameters.c))) {}

  HWY_INLINE V operator()(D d, V x) const {
    switch (kFunction) {
      case Function::kElu:
        return elu(d, x, a, b, c);
      case Function::kErf:
        return erf(d, x);
      case Function::kExp:
        return exp(d, hn::Sub(x, a));
      case Function::kGelu:
        return gelu(d, x);
      case Function::kGeluByTanh:
        return gelu_by_tanh(d, x);
      case Function::kHardSigmoid:
        return hard_sigmoid(d, x, a, b);
      case Function::kHardSwish:
        return hn::Mul(x, hard_sigmoid(d, x, a, b));
      case Function::kMish:
        return mish(d, x);
      case Function::kSoftplus:
        return softplus(d, x);
      case Function::kSwish:
        return hn::Mul(x, sigmoid(d, hn::Mul(a, x)));
    }
    return x;
  }

  V a, b, c;
};

template <Function kFunction, class T>
HWY_NOINLINE void run_one(const T* from, T* to, size_t n, const FunctionParameters& parameters) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d);
  const Applied<kFunction, decltype(d)> function(d, parameters);
  size_t i = 0;
  for (; i + L <= n; i += L) hn::StoreU(function(d, hn::LoadU(d, from + i)), d, to + i);
  if (i < n) store_n(function(d, load_n(d, from + i, n - i)), d, to + i, n - i);
}

template <class T>
HWY_INLINE void run_any(const T* from, T* to, int64_t count, Function function, const FunctionParameters& parameters) {
  const size_t n = static_cast<size_t>(count);
  switch (function) {
    case Function::kElu:
      return run_one<Function::kElu>(from, to, n, parameters);
    case Function::kErf:
      return run_one<Function::kErf>(from, to, n, parameters);
    case Function::kExp:
      return run_one<Function::kExp>(from, to, n, parameters);
    case Function::kGelu:
      return run_one<Function::kGelu>(from, to, n, parameters);
    case Function::kGeluByTanh:
      return run_one<Function::kGeluByTanh>(from, to, n, parameters);
    case Function::kHardSigmoid:
      return run_one<Function::kHardSigmoid>(from, to, n, parameters);
    case Function::kHardSwish:
      return run_one<Function::kHardSwish>(from, to, n, parameters);
    case Function::kMish:
      return run_one<Function::kMish>(from, to, n, parameters);
    case Function::kSoftplus:
      return run_one<Function::kSoftplus>(from, to, n, parameters);
    case Function::kSwish:
      return run_one<Function::kSwish>(from, to, n, parameters);
  }
}

void function_run_f32(const float* from, float* to, int64_t count, Function function,
                      const FunctionParameters& parameters) {
  run_any(from, to, count, function, parameters);
}
void function_run_f64(const double* from, double* to, int64_t count, Function function,
                      const FunctionParameters& parameters) {
  run_any(from, to, count, function, parameters);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(function_run_f32);
HWY_EXPORT(function_run_f64);

void function_run(const Target& target, const float* from, float* to, int64_t count, Function function,
                  const FunctionParameters& parameters) {
  CONVSTEP_KERNEL(function_run_f32, target)(from, to, count, function, parameters);
}
void function_run(const Target& target, const double* from, double* to, int64_t count, Function function,
                  const FunctionParameters& parameters) {
  CONVSTEP_KERNEL(function_run_f64, target)(from, to, count, function, parameters);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
