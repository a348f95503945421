#include "pointwise/chain_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pointwise/chain_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pointwise/function-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// So much of every value passes through together: the level-1 cache holds a chain's, and what it takes to look a step
// up is nothing beside it. With four vectors at a time, each step waited for the one before: 1.6 times as long (Zen 3).
constexpr size_t kBytesAtOnce = 1024;

template <class D>
class Chain {
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;

 public:
  static constexpr size_t kVectorsAtOnce = kBytesAtOnce / sizeof(V);

  // For runs of at most so many numbers.
  HWY_INLINE Chain(const ChainProgram& program, const ChainInput<T>* from, size_t most)
      : program_(program), from_(from) {
    const D d;
    for (int k = 0; k < program.inputs; ++k) {
      if (!from[k].is_single) continue;
      for (size_t v = 0; v * hn::Lanes(d) < most; ++v) values_[k][v] = hn::Set(d, *from[k].data);
    }
  }

  // The first n numbers from `first` on.
  HWY_INLINE void run(T* to, size_t first, size_t n) {
    const D d;
    const size_t L = hn::Lanes(d);
    vectors_ = (n + L - 1) / L;
    for (int k = 0; k < program_.inputs; ++k) {
      if (from_[k].is_single) continue;
      const T* data = from_[k].data + first;
      for (size_t v = 0; v < vectors_; ++v) values_[k][v] = load_n(d, data + v * L, HWY_MIN(L, n - v * L));
    }
    V* result = values_[program_.inputs];
    for (const ChainStep& step : program_.steps) {
      compute(step, result);
      result += kVectorsAtOnce;
    }
    result -= kVectorsAtOnce;
    for (size_t v = 0; v < vectors_; ++v) store_n(result[v], d, to + first + v * L, HWY_MIN(L, n - v * L));
  }

 private:
  HWY_INLINE void compute(const ChainStep& step, V* to) {
    const D d;
    const V* a = values_[step.a];
    const V* b = values_[step.b];
    switch (step.operation) {
      case ChainOperation::kAdd:
        return each(to, [&](size_t v) { return hn::Add(a[v], b[v]); });
      case ChainOperation::kSubtract:
        return each(to, [&](size_t v) { return hn::Sub(a[v], b[v]); });
      case ChainOperation::kMultiply:
        return each(to, [&](size_t v) { return hn::Mul(a[v], b[v]); });
      case ChainOperation::kDivide:
        return each(to, [&](size_t v) { return hn::Div(a[v], b[v]); });
      case ChainOperation::kClip: {
        const V low = b[0], high = values_[step.c][0];
        return each(to, [&](size_t v) {
          const V raised = hn::IfThenElse(hn::Or(hn::Gt(a[v], low), hn::IsNaN(a[v])), a[v], low);
          return hn::IfThenElse(hn::Gt(raised, high), high, raised);
        });
      }
      case ChainOperation::kErf:
        return each(to, [&](size_t v) { return erf(d, a[v]); });
      case ChainOperation::kRelu:
        return each(to, [&](size_t v) { return relu(d, a[v]); });
      case ChainOperation::kSigmoid:
        return each(to, [&](size_t v) { return sigmoid(d, a[v]); });
      case ChainOperation::kTanh:
        return each(to, [&](size_t v) { return tanh(d, a[v]); });
    }
  }

  template <class F>
  HWY_INLINE void each(V* to, const F& f) const {
    HWY_UNROLL(4)
    for (size_t v = 0; v < vectors_; ++v) to[v] = f(v);
  }

  const ChainProgram& program_;
  const ChainInput<T>* from_;
  size_t vectors_ = 0;
  V values_[kMostChainValues][kVectorsAtOnce];
};

template <class T>
HWY_INLINE void run_chain(const ChainProgram& program, const ChainInput<T>* from, T* to, int64_t count) {
  using D = hn::ScalableTag<T>;
  const size_t n = static_cast<size_t>(count), at_once = Chain<D>::kVectorsAtOnce * hn::Lanes(D());
  Chain<D> chain(program, from, HWY_MIN(n, at_once));
  for (size_t i = 0; i < n; i += at_once) chain.run(to, i, HWY_MIN(at_once, n - i));
}

void chain_run_f32(const ChainProgram& program, const ChainInput<float>* from, float* to, int64_t count) {
  run_chain(program, from, to, count);
}
void chain_run_f64(const ChainProgram& program, const ChainInput<double>* from, double* to, int64_t count) {
  run_chain(program, from, to, count);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(chain_run_f32);
HWY_EXPORT(chain_run_f64);

void chain_run(const Target& target, const ChainProgram& program, const ChainInput<float>* from, float* to,
               int64_t count) {
  CONVSTEP_KERNEL(chain_run_f32, target)(program, from, to, count);
}
void chain_run(const Target& target, const ChainProgram& program, const ChainInput<double>* from, double* to,
               int64_t count) {
  CONVSTEP_KERNEL(chain_run_f64, target)(program, from, to, count);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
