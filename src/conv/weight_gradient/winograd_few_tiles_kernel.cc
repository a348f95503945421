#include "conv/weight_gradient/winograd_few_tiles_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/weight_gradient/winograd_few_tiles_kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "conv/weight_gradient/winograd_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

constexpr int kTaps = kGradientTaps, kPoints = kGradientPoints;

// Six points of so many channels and two vectors of outputs are 24 sums, beside two vectors of U and a value of V.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr bool kHasRegisters = true;
#else
constexpr bool kHasRegisters = false;
#endif
constexpr int kVectorsOfChannel = 4;

// Point (i, column) for all i, of some channels: summed over the tiles, then turned into taps (0, 1, 2; column).
template <class T, int kVectors, int kChannels>
HWY_NOINLINE void sum_column(const FewTilesBlock<T>& block, int64_t column, int64_t channel, T* HWY_RESTRICT taps,
                             int64_t tap_step) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t input_row = kPoints * block.input_step, grad_row = kPoints * block.grad_step;
  const T* HWY_RESTRICT input = block.input + column * block.input_step + channel;
  const T* HWY_RESTRICT grad = block.grad + column * block.grad_step;
  V sum[kChannels][kVectors][kPoints];
  HWY_UNROLL(4)
  for (int c = 0; c < kChannels; ++c) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) {
      HWY_UNROLL(6)
      for (int i = 0; i < kPoints; ++i) sum[c][k][i] = hn::Zero(d);
    }
  }
  HWY_UNROLL(1)
  for (int64_t t = 0; t < block.tiles; ++t, input += block.channel_step, grad += kVectors * lanes) {
    const T *HWY_RESTRICT values = input, *HWY_RESTRICT vectors = grad;
    HWY_UNROLL(6)
    for (int i = 0; i < kPoints; ++i, values = opaque(values + input_row), vectors = opaque(vectors + grad_row)) {
      V g[kVectors];
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) g[k] = in_register(hn::Load(d, vectors + k * lanes));
      HWY_UNROLL(4)
      for (int c = 0; c < kChannels; ++c) {
        const V value = hn::Set(d, values[c]);
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) sum[c][k][i] = hn::MulAdd(value, g[k], sum[c][k][i]);
      }
    }
  }
  HWY_UNROLL(4)
  for (int c = 0; c < kChannels; ++c) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k, taps += lanes) {
      V y[kTaps];
      taps_row(d, sum[c][k], y);
      HWY_UNROLL(3)
      for (int i = 0; i < kTaps; ++i) hn::Store(y[i], d, taps + i * tap_step);
    }
  }
}

// The columns of each row of taps, `count` values that lie side by side.
template <class T>
HWY_NOINLINE bool turn_rows(const T* HWY_RESTRICT columns, int64_t step, int64_t count, T* HWY_RESTRICT sums,
                            int64_t tap_step) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V zero = hn::Zero(d);
  V check = zero;  // 0 * x is 0, or NaN where x is not finite
  for (int64_t v = 0; v < count; v += static_cast<int64_t>(hn::Lanes(d))) {
    HWY_UNROLL(3)
    for (int i = 0; i < kTaps; ++i) {
      V x[kPoints], y[kTaps];
      HWY_UNROLL(6)
      for (int j = 0; j < kPoints; ++j) x[j] = hn::Load(d, columns + (j * kTaps + i) * step + v);
      taps_row(d, x, y);
      HWY_UNROLL(3)
      for (int j = 0; j < kTaps; ++j) {
        check = hn::MulAdd(zero, y[j], check);
        hn::StoreU(y[j], d, sums + (i * kTaps + j) * tap_step + v);
      }
    }
  }
  return hn::AllTrue(d, hn::Eq(check, zero));
}

template <class T, int kVectors>
bool sum_few_tiles(const FewTilesBlock<T>& block) {
  constexpr int kChannels = kVectorsOfChannel / kVectors;
  const int64_t lanes = kVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t step = kFewTilesChannels * lanes;
  bool are_finite = true;
  for (int64_t first = 0; first < block.channels; first += kFewTilesChannels) {
    const int64_t count = HWY_MIN(block.channels - first, kFewTilesChannels);
    for (int64_t j = 0; j < kPoints; ++j) {
      T* to = block.scratch + j * kTaps * step;
      int64_t c = 0;
      for (; c + kChannels <= count; c += kChannels) {
        sum_column<T, kVectors, kChannels>(block, j, first + c, to + c * lanes, step);
      }
      for (; c < count; ++c) sum_column<T, kVectors, 1>(block, j, first + c, to + c * lanes, step);
    }
    are_finite &= turn_rows(block.scratch, step, count * lanes, block.sums + first * lanes, block.tap_step);
  }
  return are_finite;
}

template <class T>
const FewTilesKernel<T>* few_tiles_kernel_of() {
  if constexpr (kHasRegisters) {
    static constexpr FewTilesKernel<T> kernel{&sum_few_tiles<T, 2>, &sum_few_tiles<T, 1>};
    return &kernel;
  } else {
    static constexpr FewTilesKernel<T> kernel{nullptr, nullptr};
    return &kernel;
  }
}
const FewTilesKernel<float>* few_tiles_float() { return few_tiles_kernel_of<float>(); }
const FewTilesKernel<double>* few_tiles_double() { return few_tiles_kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(few_tiles_float);
HWY_EXPORT(few_tiles_double);

template <>
const FewTilesKernel<float>& few_tiles_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(few_tiles_float, target)();
}
template <>
const FewTilesKernel<double>& few_tiles_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(few_tiles_double, target)();
}

}  // namespace convstep::kernels
#endif
