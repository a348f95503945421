#include "conv/numpy_order/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/numpy_order/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/activation-inl.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The blocks of NumPy's sums.
constexpr int64_t kRunning = 8, kBlock = 128;

// Pixels that share the loads of weights and offsets. Two units with a latency of 4 want 8 sums under way: half of the
// running sums of two pixels.
#if HWY_TARGET == HWY_SCALAR
constexpr int kPixels = 1;
#else
constexpr int kPixels = 2;
#endif

// GCC 12 would rather load a vector of weights for each pixel than keep it in a register; that took 1.2 to 1.4 times as
// long.
template <class V>
HWY_INLINE void keep_in_register(V& v) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  asm("" : "+v"(v.raw));
#else
  (void)v;
#endif
}

// Windows of pixels side by side, from their tap `offsets[0]` on, and a vector of outputs.
template <class T>
struct Taps {
  const T* input;
  int64_t pixel_step;
  const int64_t* offsets;
  const T* weights;
  int64_t width;

  Taps from(int64_t k) const { return {input, pixel_step, offsets + k, weights + k * width, width}; }
};

// sum[p] = kAdds ? sum[p] + product : product, of tap k. Not MulAdd: the products are rounded, as NumPy's are.
template <bool kAdds, class T, int kCount, class V>
HWY_INLINE void take(const Taps<T>& taps, int64_t k, V (&sum)[kCount]) {
  const hn::ScalableTag<T> d;
  const T* HWY_RESTRICT x = taps.input + taps.offsets[k];
  V weight = hn::Load(d, taps.weights + k * taps.width);
  keep_in_register(weight);
  HWY_UNROLL(4)
  for (int p = 0; p < kCount; ++p) {
    const V product = hn::Mul(hn::Set(d, x[p * taps.pixel_step]), weight);
    sum[p] = kAdds ? hn::Add(sum[p], product) : product;
  }
}

// Adds up at most 128 products. Of the eight running sums four go first, then the others, so that those of two pixels
// stay in 16 registers (Zen 4: 0.7 of the time of all eight of one pixel; with AVX-512 0.95 of all eight of two).
template <class T, int kCount, class V>
HWY_INLINE void block_sum(const Taps<T>& taps, int64_t n, V (&sum)[kCount]) {
  if (n < kRunning) {
    for (int p = 0; p < kCount; ++p) sum[p] = hn::Set(hn::ScalableTag<T>(), T(-0.0));
    for (int64_t k = 0; k < n; ++k) take<true>(taps, k, sum);
    return;
  }
  const int64_t end = n - n % kRunning;
  V half[2][kCount];
  HWY_UNROLL(1)
  for (int64_t h = 0; h < 2; ++h) {
    V r[kRunning / 2][kCount];
    int64_t k = h * (kRunning / 2);
    HWY_UNROLL(4)
    for (int64_t i = 0; i < kRunning / 2; ++i) take<false>(taps, k + i, r[i]);
    for (k += kRunning; k < end; k += kRunning) {
      HWY_UNROLL(4)
      for (int64_t i = 0; i < kRunning / 2; ++i) take<true>(taps, k + i, r[i]);
    }
    HWY_UNROLL(4)
    for (int p = 0; p < kCount; ++p) half[h][p] = hn::Add(hn::Add(r[0][p], r[1][p]), hn::Add(r[2][p], r[3][p]));
  }
  for (int p = 0; p < kCount; ++p) sum[p] = hn::Add(half[0][p], half[1][p]);
  for (int64_t k = end; k < n; ++k) take<true>(taps, k, sum);
}

// Out of line, or compilers inline it into itself several times.
template <class T, int kCount, class V>
HWY_NOINLINE void pairwise(const Taps<T>& taps, int64_t n, V (&sum)[kCount]) {
  if (n <= kBlock) return block_sum(taps, n, sum);
  const int64_t half = n / 2 - n / 2 % kRunning;
  V second[kCount];
  pairwise(taps, half, sum);
  pairwise(taps.from(half), n - half, second);
  for (int p = 0; p < kCount; ++p) sum[p] = hn::Add(sum[p], second[p]);
}

// Pixels (y, x), (y, x + 1), ... of the block, a vector of outputs from o on.
template <int kCount, class T>
HWY_NOINLINE void numpy_order_pixels(const NumpyOrderBlock<T>& block, int64_t y, int64_t x, int64_t o) {
  const hn::ScalableTag<T> d;
  const size_t count = static_cast<size_t>(block.outputs - o);
  hn::Vec<decltype(d)> sum[kCount];
  pairwise(Taps<T>{block.input + y * block.input_row_step + x * block.input_pixel_step, block.input_pixel_step,
                   block.offsets, block.weights + o, block.width},
           block.size, sum);
  const Epilogue<T>& epilogue = block.epilogue;
  T* output = block.output.data + y * block.output.row_step + x * block.output.pixel_step + o;
  const int64_t residual = y * epilogue.residual_row_step + x * epilogue.residual_pixel_step + o;
  for (int p = 0; p < kCount; ++p, output += block.output.pixel_step) {
    sum[p] = from_zero(d, sum[p]);
    if (block.bias) sum[p] = hn::Add(sum[p], hn::Load(d, block.bias + o));
    if (epilogue.residual) {
      const T* from = epilogue.residual + residual + p * epilogue.residual_pixel_step;
      sum[p] = hn::Add(sum[p], load_n(d, from, count));
    }
    store_n(sum[p], d, output, count);
    if (epilogue.activation == Activation::kNone) continue;
    activate_row(output, HWY_MIN(count, hn::Lanes(d)), epilogue.activation, epilogue.slope);
  }
}

template <class T>
void numpy_order_block(const NumpyOrderBlock<T>& block) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  for (int64_t o = 0; o < block.outputs; o += lanes) {
    for (int64_t y = 0; y < block.rows; ++y) {
      int64_t x = 0;
      for (; x + kPixels <= block.columns; x += kPixels) numpy_order_pixels<kPixels>(block, y, x, o);
      for (; x < block.columns; ++x) numpy_order_pixels<1>(block, y, x, o);
    }
  }
}

NumpyOrderKernel<float> numpy_order_float() { return &numpy_order_block<float>; }
NumpyOrderKernel<double> numpy_order_double() { return &numpy_order_block<double>; }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(numpy_order_float);
HWY_EXPORT(numpy_order_double);

template <>
NumpyOrderKernel<float> numpy_order_kernel(const Target& target) {
  return CONVSTEP_KERNEL(numpy_order_float, target)();
}
template <>
NumpyOrderKernel<double> numpy_order_kernel(const Target& target) {
  return CONVSTEP_KERNEL(numpy_order_double, target)();
}
}  // namespace convstep::kernels
#endif
