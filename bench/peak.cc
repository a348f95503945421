// peak.cc: the ceiling of one core, in floating-point operations per second: fused multiply-adds that wait for nothing.
#include <algorithm>
#include <chrono>

#include "convstep/runtime.h"
#include "native.h"

// One target is compiled per set of instructions, and the best that the CPU has is called, as in the library.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "peak.cc"  // NOLINT: Highway's own idiom
#include <hwy/foreach_target.h>       // ahead of highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bench {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 12 chains: more than latency (4) x units (2) of every x86 core so far, and few enough for 16 registers. Every chain
// starts at a value of its own: equal chains are merged by the compiler, and the "peak" is then three times too high.
constexpr int kChains = 12;
constexpr int64_t kSteps = 400'000;  // 1-2 ms a trial: short, so that the best of many trials meets a quiet moment
constexpr int kTrials = 25;

template <class T>
double flops() {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V a = hn::Set(d, T(1.0000001)), b = hn::Set(d, T(0.999999));
  V c0 = hn::Set(d, T(1.0)), c1 = hn::Set(d, T(1.1)), c2 = hn::Set(d, T(1.2)), c3 = hn::Set(d, T(1.3));
  V c4 = hn::Set(d, T(1.4)), c5 = hn::Set(d, T(1.5)), c6 = hn::Set(d, T(1.6)), c7 = hn::Set(d, T(1.7));
  V c8 = hn::Set(d, T(1.8)), c9 = hn::Set(d, T(1.9)), c10 = hn::Set(d, T(2.1)), c11 = hn::Set(d, T(2.2));
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < kSteps; ++i) {
      c0 = hn::MulAdd(c0, b, a), c1 = hn::MulAdd(c1, b, a), c2 = hn::MulAdd(c2, b, a), c3 = hn::MulAdd(c3, b, a);
      c4 = hn::MulAdd(c4, b, a), c5 = hn::MulAdd(c5, b, a), c6 = hn::MulAdd(c6, b, a), c7 = hn::MulAdd(c7, b, a);
      c8 = hn::MulAdd(c8, b, a), c9 = hn::MulAdd(c9, b, a), c10 = hn::MulAdd(c10, b, a), c11 = hn::MulAdd(c11, b, a);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * kChains * static_cast<double>(hn::Lanes(d)) * kSteps / seconds);
  }
  const V sum = hn::Add(hn::Add(hn::Add(hn::Add(c0, c1), hn::Add(c2, c3)), hn::Add(hn::Add(c4, c5), hn::Add(c6, c7))),
                        hn::Add(hn::Add(c8, c9), hn::Add(c10, c11)));
  volatile T keep = hn::GetLane(sum);
  (void)keep;
  return best;
}

double flops_f32() { return flops<float>(); }
double flops_f64() { return flops<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bench {
HWY_EXPORT(flops_f32);
HWY_EXPORT(flops_f64);
}  // namespace bench

// Of the instructions that convstep uses: AVX2's, where CONVSTEP_TARGET says so.
BENCH_EXPORT double bench_peak_flops(int64_t bytes) {
  if (convstep::simd_target() == "avx2") hwy::DisableTargets(HWY_AVX2 - 1);  // a lower bit is a better target
  return bytes == sizeof(double) ? HWY_DYNAMIC_DISPATCH(bench::flops_f64)() : HWY_DYNAMIC_DISPATCH(bench::flops_f32)();
}
#endif
