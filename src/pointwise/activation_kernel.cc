// activation_kernel.cc: activations of runs of numbers.
#include "pointwise/activation_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pointwise/activation_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The activation is known to the compiler, so that nothing is decided within the loop.
template <Activation kActivation, class T>
HWY_INLINE void run_one(const T* from, T* to, size_t n, T slope) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d);
  size_t i = 0;
  for (; i + L <= n; i += L) hn::StoreU(activate(d, hn::LoadU(d, from + i), kActivation, slope), d, to + i);
  if (i < n) store_n(activate(d, load_n(d, from + i, n - i), kActivation, slope), d, to + i, n - i);
}

template <class T>
HWY_INLINE void run_any(const T* from, T* to, int64_t count, Activation activation, T slope) {
  const size_t n = static_cast<size_t>(count);
  switch (activation) {
    case Activation::kNone:
      return run_one<Activation::kNone>(from, to, n, slope);
    case Activation::kRelu:
      return run_one<Activation::kRelu>(from, to, n, slope);
    case Activation::kRelu6:
      return run_one<Activation::kRelu6>(from, to, n, slope);
    case Activation::kLeakyRelu:
      return run_one<Activation::kLeakyRelu>(from, to, n, slope);
    case Activation::kSigmoid:
      return run_one<Activation::kSigmoid>(from, to, n, slope);
    case Activation::kTanh:
      return run_one<Activation::kTanh>(from, to, n, slope);
  }
}

void activate_run_f32(const float* from, float* to, int64_t count, Activation activation, float slope) {
  run_any(from, to, count, activation, slope);
}
void activate_run_f64(const double* from, double* to, int64_t count, Activation activation, double slope) {
  run_any(from, to, count, activation, slope);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(activate_run_f32);
HWY_EXPORT(activate_run_f64);

void activate_run(const Target& target, const float* from, float* to, int64_t count, Activation activation,
                  float slope) {
  CONVSTEP_KERNEL(activate_run_f32, target)(from, to, count, activation, slope);
}
void activate_run(const Target& target, const double* from, double* to, int64_t count, Activation activation,
                  double slope) {
  CONVSTEP_KERNEL(activate_run_f64, target)(from, to, count, activation, slope);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
