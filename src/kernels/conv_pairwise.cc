#include "kernels/conv_pairwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv_pairwise.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "kernels/activation-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// The blocks of NumPy's sums. Eight running sums of a product and an addition each keep two units with a latency of 4
// busy, so one vector of outputs at a time is enough.
constexpr int64_t kRunning = 8, kBlock = 128;

// Not MulAdd: the products are rounded, as NumPy's are.
template <class T, class D = hn::ScalableTag<T>>
HWY_INLINE hn::Vec<D> product(const T* HWY_RESTRICT window, const T* HWY_RESTRICT weights) {
  const D d;
  return hn::Mul(hn::Set(d, *window), hn::Load(d, weights));
}

// Adds up 8 to 128 products.
template <class T, class D = hn::ScalableTag<T>>
HWY_INLINE hn::Vec<D> block_sum(const T* HWY_RESTRICT window, const T* HWY_RESTRICT weights, int64_t width, int64_t n) {
  using V = hn::Vec<D>;
  V r[kRunning];
  HWY_UNROLL(8)
  for (int64_t i = 0; i < kRunning; ++i) r[i] = product<T>(window + i, weights + i * width);
  int64_t k = kRunning;
  for (; k + kRunning <= n; k += kRunning) {
    HWY_UNROLL(8)
    for (int64_t i = 0; i < kRunning; ++i) {
      r[i] = hn::Add(r[i], product<T>(window + k + i, weights + (k + i) * width));
    }
  }
  V sum = hn::Add(hn::Add(hn::Add(r[0], r[1]), hn::Add(r[2], r[3])), hn::Add(hn::Add(r[4], r[5]), hn::Add(r[6], r[7])));
  for (; k < n; ++k) sum = hn::Add(sum, product<T>(window + k, weights + k * width));
  return sum;
}

template <class T, class D = hn::ScalableTag<T>>
hn::Vec<D> pairwise(const T* HWY_RESTRICT window, const T* HWY_RESTRICT weights, int64_t width, int64_t n) {
  if (n < kRunning) {
    hn::Vec<D> sum = hn::Set(D(), T(-0.0));
    for (int64_t k = 0; k < n; ++k) sum = hn::Add(sum, product<T>(window + k, weights + k * width));
    return sum;
  }
  if (n <= kBlock) return block_sum<T>(window, weights, width, n);
  const int64_t half = n / 2 - n / 2 % kRunning;
  const hn::Vec<D> first = pairwise<T>(window, weights, width, half);
  return hn::Add(first, pairwise<T>(window + half, weights + half * width, width, n - half));
}

template <class T>
void pairwise_pixels(const PairwisePixels<T>& job) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t o = 0; o < job.outputs; o += lanes) {
    const size_t count = static_cast<size_t>(HWY_MIN(job.outputs - o, lanes));
    for (int64_t x = 0; x < job.pixels; ++x) {
      auto sum = pairwise<T>(job.windows + x * job.size, job.weights + o, job.width, job.size);
      if (job.bias) sum = hn::Add(sum, hn::Load(d, job.bias + o));
      if (job.residual) sum = hn::Add(sum, load_n(d, job.residual + x * job.residual_step + o, count));
      store_n(activate(d, sum, job.activation, job.slope), d, job.output + x * job.output_step + o, count);
    }
  }
}
void pairwise_float(const PairwisePixels<float>& pixels) { pairwise_pixels(pixels); }
void pairwise_double(const PairwisePixels<double>& pixels) { pairwise_pixels(pixels); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(pairwise_float);
HWY_EXPORT(pairwise_double);

template <>
void conv_pairwise(const PairwisePixels<float>& pixels) {
  HWY_DYNAMIC_DISPATCH(pairwise_float)(pixels);
}
template <>
void conv_pairwise(const PairwisePixels<double>& pixels) {
  HWY_DYNAMIC_DISPATCH(pairwise_double)(pixels);
}
}  // namespace convstep::kernels
#endif
