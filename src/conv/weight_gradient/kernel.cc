#include "conv/weight_gradient/kernel.h"

#include <utility>

#include "runtime/machine.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/weight_gradient/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile is some values times a panel of vectors of outputs; its sums stay in registers over the pixels of a chunk.
// Besides them it needs a register per vector of the gradient and one for the value.
//   32 registers: 14 x 2 = 28, and 2 + 1.   16 registers: 6 x 2 = 12, and 2 + 1.
constexpr int kPanelVectors = 2;
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMostValues = 14;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kMostValues = 2;
#else
constexpr int kMostValues = 6;
#endif

template <class T, int kVectors, int kValues>
HWY_NOINLINE void weight_tile(const WeightGradientBlock<T>& block, const T* HWY_RESTRICT values, T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const int64_t pixel_step = block.pixel_step, columns = block.columns, chunk = block.rows_of_a_chunk;
  const int64_t row_gap = block.row_step - columns * pixel_step;
  const T* HWY_RESTRICT grad = block.grad;
  bool adds = block.adds;
  for (int64_t left = block.rows; left > 0; left -= chunk) {
    V sum[kValues][kVectors];
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v) {
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::Zero(d);
    }
    for (int64_t rows = HWY_MIN(left, chunk); rows > 0; --rows, values += row_gap) {
      const T* const end = grad + columns * static_cast<int64_t>(kVectors * lanes);
      HWY_UNROLL(1)
      for (; grad < end; grad += kVectors * lanes, values += pixel_step) {
        V g[kVectors];
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) g[k] = hn::Load(d, grad + k * lanes);
        HWY_UNROLL(16)
        for (int v = 0; v < kValues; ++v) {
          const V value = hn::Set(d, values[v]);
          HWY_UNROLL(2)
          for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::MulAdd(value, g[k], sum[v][k]);
        }
      }
    }
    T* HWY_RESTRICT to = sums;
    if (adds) {
      HWY_UNROLL(16)
      for (int v = 0; v < kValues; ++v, to += kVectors * lanes) {
        to = opaque(to);
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::Add(hn::Load(d, to + k * lanes), sum[v][k]);
      }
      to = sums;
    }
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v, to += kVectors * lanes) {
      to = opaque(to);
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) hn::Store(sum[v][k], d, to + k * lanes);
    }
    adds = true;
  }
}

// The same where each pixel of the one row is a chunk, and an image, of its own. The sums stay in registers
// nevertheless.
template <class T, int kVectors, int kValues>
HWY_NOINLINE void image_tile(const WeightGradientBlock<T>& block, const T* HWY_RESTRICT values, T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const V zero = hn::Zero(d);
  const int64_t pixel_step = block.pixel_step;
  V sum[kValues][kVectors];
  HWY_UNROLL(16)
  for (int v = 0; v < kValues; ++v) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) {
      sum[v][k] = block.adds ? hn::Load(d, sums + (v * kVectors + k) * lanes) : zero;
    }
  }
  const T* HWY_RESTRICT grad = block.grad;
  const T* const end = grad + block.columns * static_cast<int64_t>(kVectors * lanes);
  HWY_UNROLL(1)
  for (; grad < end; grad += kVectors * lanes, values += pixel_step) {
    V g[kVectors];
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) g[k] = hn::Load(d, grad + k * lanes);
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v) {
      const V value = hn::Set(d, values[v]);
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::Add(sum[v][k], hn::MulAdd(value, g[k], zero));
    }
  }
  HWY_UNROLL(16)
  for (int v = 0; v < kValues; ++v) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) hn::Store(sum[v][k], d, sums + (v * kVectors + k) * lanes);
  }
}

template <class T>
using WeightTileFunction = void (*)(const WeightGradientBlock<T>& block, const T* values, T* sums);

// The n-th takes n + 1 values.
template <class T, int kVectors, bool kPixelsAreImages, int... kIndex>
HWY_INLINE const WeightTileFunction<T>* weight_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr WeightTileFunction<T> kTiles[] = {kPixelsAreImages ? &image_tile<T, kVectors, kIndex + 1>
                                                                      : &weight_tile<T, kVectors, kIndex + 1>...};
  return kTiles;
}

// Rows of a gradient lie far apart, often pages, where the hardware does not see ahead what is written. What a tile's
// sums are added to comes from the level-3 cache while tiles run.
template <class T>
HWY_INLINE void ask_for_gradient(const WeightGradientBlock<T>& block, int64_t first, int64_t count, int64_t lanes) {
  const T* row = block.gradient + first * block.gradient_step;
  for (int64_t v = 0; v < count; ++v, row += block.gradient_step) {
    for (int64_t o = 0; o < lanes; o += kCacheLine / int64_t{sizeof(T)}) __builtin_prefetch(row + o, 1, 2);
  }
}

// Tiles as equal as can be: 192 values are 4 tiles of 14 and 10 of 13, which keep more chains going than 13 and a rest.
template <class T, int kVectors, bool kPixelsAreImages>
void run_weight_gradient(const WeightGradientBlock<T>& block) {
  const WeightTileFunction<T>* tiles =
      weight_tiles_of<T, kVectors, kPixelsAreImages>(std::make_integer_sequence<int, kMostValues>());
  const int64_t lanes = kVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  int64_t first = 0;
  for (int64_t left = (block.count + kMostValues - 1) / kMostValues; left > 0; --left) {
    const int64_t now = (block.count - first + left - 1) / left;
    if (block.gradient) ask_for_gradient(block, first, now, lanes);
    tiles[now - 1](block, block.values + first, block.sums + first * lanes);
    first += now;
  }
}

// Pixel by pixel, as they lie: the hardware sees ahead what is read.
template <class T>
void pack_panels(const PixelRows<T>& pixels, int64_t outputs, T* HWY_RESTRICT panels) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), wide = kPanelVectors * lanes;
  const int64_t full = outputs / wide, rest = outputs % wide, panel_step = pixels.rows * pixels.columns * wide;
  T* HWY_RESTRICT last = panels + full * panel_step;
  for (int64_t y = 0; y < pixels.rows; ++y) {
    const T* HWY_RESTRICT from = pixels.data + y * pixels.row_step;
    for (int64_t x = 0; x < pixels.columns; ++x, from += pixels.pixel_step, panels += wide) {
      const T* HWY_RESTRICT value = from;
      T* HWY_RESTRICT to = panels;
      HWY_UNROLL(1)
      for (int64_t p = 0; p < full; ++p, value += wide, to += panel_step) {
        HWY_UNROLL(2)
        for (int k = 0; k < kPanelVectors; ++k) hn::Store(hn::LoadU(d, value + k * lanes), d, to + k * lanes);
      }
      for (int64_t o = 0; o < rest; o += lanes, value += lanes, last += lanes) {
        hn::Store(load_n(d, value, static_cast<size_t>(rest - o)), d, last);
      }
    }
  }
}

// What begins a gradient is added to 0, as it is a sum: -0 becomes 0.
template <class T>
void add_rows(const GradientRows<T>& rows) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* HWY_RESTRICT from = rows.sums;
  T* HWY_RESTRICT to = rows.gradient;
  for (int64_t r = 0; r < rows.rows; ++r, from += rows.sums_step, to += rows.gradient_step) {
    HWY_UNROLL(1)
    for (int64_t o = 0; o < rows.outputs; o += lanes) {
      const size_t n = static_cast<size_t>(HWY_MIN(rows.outputs - o, lanes));
      const auto before = rows.begins ? hn::Zero(d) : load_n(d, to + o, n);
      store_n(hn::Add(before, load_n(d, from + o, n)), d, to + o, n);
    }
  }
}

template <class T>
const WeightGradientKernel<T>* kernel_of() {
  static constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  static constexpr WeightGradientKernel<T> kernel{kLanes,
                                                  kPanelVectors * kLanes,
                                                  &pack_panels<T>,
                                                  &run_weight_gradient<T, kPanelVectors, false>,
                                                  &run_weight_gradient<T, 1, false>,
                                                  &run_weight_gradient<T, kPanelVectors, true>,
                                                  &run_weight_gradient<T, 1, true>,
                                                  &add_rows<T>};
  return &kernel;
}
const WeightGradientKernel<float>* weight_gradient_float() { return kernel_of<float>(); }
const WeightGradientKernel<double>* weight_gradient_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(weight_gradient_float);
HWY_EXPORT(weight_gradient_double);

template <>
const WeightGradientKernel<float>& weight_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(weight_gradient_float, target)();
}
template <>
const WeightGradientKernel<double>& weight_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(weight_gradient_double, target)();
}

}  // namespace convstep::kernels
#endif
