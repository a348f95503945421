#include "conv/weight_gradient/depthwise_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/weight_gradient/depthwise_kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Taps of a tile, whose sums stay in registers over the pixels of a chunk: three rows of three where there are 32
// registers for their 18 vectors, else some taps of one row.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr bool kTakesThreeRows = true;
constexpr int kMostTaps = 7;
#elif HWY_TARGET == HWY_SCALAR
constexpr bool kTakesThreeRows = false;
constexpr int kMostTaps = 1;
#else
constexpr bool kTakesThreeRows = false;
constexpr int kMostTaps = 5;
#endif

// kRows x kColumns taps, whose first one's values and sums are given.
template <class T, int kVectors, int kRows, int kColumns>
HWY_NOINLINE void taps_tile(const DepthwiseGradientBlock<T>& block, const T* HWY_RESTRICT values,
                            T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const int64_t pixel_step = block.pixel_step, tap_step = block.tap_step, tap_row_step = block.tap_row_step;
  const int64_t row_gap = block.row_step - block.columns * pixel_step, grad_step = block.grad_pixel_step;
  const int64_t grad_gap = block.grad_row_step - block.columns * grad_step, columns = block.columns;
  const int64_t chunk = block.rows_of_a_chunk,
                row_of_sums = block.window_columns * static_cast<int64_t>(kVectors * lanes);
  const T* HWY_RESTRICT grad = block.grad;
  bool adds = block.adds;
  for (int64_t left = block.rows; left > 0; left -= chunk) {
    V sum[kRows][kColumns][kVectors];
    HWY_UNROLL(3)
    for (int i = 0; i < kRows; ++i) {
      HWY_UNROLL(8)
      for (int j = 0; j < kColumns; ++j) {
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) sum[i][j][k] = hn::Zero(d);
      }
    }
    for (int64_t rows = HWY_MIN(left, chunk); rows > 0; --rows, values += row_gap, grad += grad_gap) {
      HWY_UNROLL(1)
      for (int64_t x = columns; x > 0; --x, grad += grad_step, values += pixel_step) {
        V g[kVectors];
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) g[k] = hn::LoadU(d, grad + k * lanes);
        const T* row = values;
        HWY_UNROLL(3)
        for (int i = 0; i < kRows; ++i, row += tap_row_step) {
          const T* from = row;
          HWY_UNROLL(8)
          for (int j = 0; j < kColumns; ++j, from += tap_step) {
            HWY_UNROLL(2)
            for (int k = 0; k < kVectors; ++k) {
              sum[i][j][k] = hn::MulAdd(hn::LoadU(d, from + k * lanes), g[k], sum[i][j][k]);
            }
          }
        }
      }
    }
    T* to_row = sums;
    HWY_UNROLL(3)
    for (int i = 0; i < kRows; ++i, to_row += row_of_sums) {
      T* to = to_row;
      HWY_UNROLL(8)
      for (int j = 0; j < kColumns; ++j, to += kVectors * lanes) {
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) {
          if (adds) sum[i][j][k] = hn::Add(hn::Load(d, to + k * lanes), sum[i][j][k]);
          hn::Store(sum[i][j][k], d, to + k * lanes);
        }
      }
    }
    adds = true;
  }
}

template <class T>
using TapsFunction = void (*)(const DepthwiseGradientBlock<T>&, const T* values, T* sums);

template <class T, int kVectors>
HWY_INLINE TapsFunction<T> taps_of_row(int64_t count) {
  if constexpr (kMostTaps == 1) return &taps_tile<T, kVectors, 1, 1>;
  static constexpr TapsFunction<T> kTiles[] = {&taps_tile<T, kVectors, 1, 1>,
                                               &taps_tile<T, kVectors, 1, HWY_MIN(2, kMostTaps)>,
                                               &taps_tile<T, kVectors, 1, HWY_MIN(3, kMostTaps)>,
                                               &taps_tile<T, kVectors, 1, HWY_MIN(4, kMostTaps)>,
                                               &taps_tile<T, kVectors, 1, HWY_MIN(5, kMostTaps)>,
                                               &taps_tile<T, kVectors, 1, HWY_MIN(6, kMostTaps)>,
                                               &taps_tile<T, kVectors, 1, kMostTaps>};
  return kTiles[count - 1];
}

template <class T, int kVectors>
void run_block(const DepthwiseGradientBlock<T>& block) {
  const int64_t lanes = kVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  if constexpr (kTakesThreeRows) {
    if (block.window_rows == 3 && block.window_columns == 3) {
      taps_tile<T, kVectors, 3, 3>(block, block.values, block.sums);
      return;
    }
  }
  for (int64_t i = 0; i < block.window_rows; ++i) {
    for (int64_t j = 0; j < block.window_columns; j += kMostTaps) {
      const int64_t count = HWY_MIN(block.window_columns - j, kMostTaps);
      taps_of_row<T, kVectors>(count)(block, block.values + i * block.tap_row_step + j * block.tap_step,
                                      block.sums + (i * block.window_columns + j) * lanes);
    }
  }
}

template <class T>
const DepthwiseGradientKernel<T>* kernel_of() {
  static constexpr DepthwiseGradientKernel<T> kernel{&run_block<T, 2>, &run_block<T, 1>};
  return &kernel;
}
const DepthwiseGradientKernel<float>* depthwise_gradient_float() { return kernel_of<float>(); }
const DepthwiseGradientKernel<double>* depthwise_gradient_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(depthwise_gradient_float);
HWY_EXPORT(depthwise_gradient_double);

template <>
const DepthwiseGradientKernel<float>& depthwise_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_gradient_float, target)();
}
template <>
const DepthwiseGradientKernel<double>& depthwise_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_gradient_double, target)();
}

}  // namespace convstep::kernels
#endif
