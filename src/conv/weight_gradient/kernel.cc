#include "conv/weight_gradient/kernel.h"

#include <utility>

#include "core/window_axis.h"
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

template <class T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
// Of the values of a tile, whole vectors.
template <class T>
constexpr int64_t kStripLanes = round_up(kMostValues, kLanes<T>);

// So many bytes ahead, which is here where there is nothing to ask for.
template <class T>
HWY_INLINE void ask_for(const T* from, int64_t bytes) {
  __builtin_prefetch(reinterpret_cast<const char*>(from) + bytes, 0, 2);
}

// Rows of sums are added to those in memory, or begin with what is added to `start`: -0, which changes no sum, or 0.
template <class T, class V, int kValues, int kVectors>
HWY_INLINE void add_to_rows(bool adds, T start, V (&sum)[kValues][kVectors], T* HWY_RESTRICT rows, int64_t step) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  T* HWY_RESTRICT to = rows;
  if (adds) {
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v, to += step) {
      to = opaque(to);
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) {
        hn::StoreU(hn::Add(hn::LoadU(d, to + k * lanes), sum[v][k]), d, to + k * lanes);
      }
    }
  } else {
    const V before = hn::Set(d, start);
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v, to += step) {
      to = opaque(to);
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) hn::StoreU(hn::Add(before, sum[v][k]), d, to + k * lanes);
    }
  }
}

// Some values of a block, and one of its panels.
template <class T>
struct WeightTile {
  const WeightGradientBlock<T>& block;
  const T* values;
  int64_t row_step, pixel_step;  // of the values
  const T* grad;
  T* sums;
  int64_t values_ahead, grad_ahead;
};

// Pointers are opaque in the loop over pixels: where a vector is a number, GCC 12 else reads two pixels at once, and
// one beyond the last.
template <class T, int kVectors, int kValues, bool kAsks>
HWY_NOINLINE void weight_tile(const WeightTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const WeightGradientBlock<T>& block = tile.block;
  const int64_t pixel_step = tile.pixel_step, grad_step = block.grad_pixel_step, chunk = block.rows_of_a_chunk;
  const int64_t row_gap = tile.row_step - block.columns * pixel_step;
  const int64_t grad_gap = block.grad_row_step - block.columns * grad_step;
  const int64_t values_ahead = tile.values_ahead * int64_t{sizeof(T)},
                grad_ahead = tile.grad_ahead * int64_t{sizeof(T)};
  const T *HWY_RESTRICT values = tile.values, *HWY_RESTRICT grad = tile.grad;
  bool adds = block.adds;
  for (int64_t left = block.rows; left > 0; left -= chunk, adds = true) {
    V sum[kValues][kVectors];
    HWY_UNROLL(16)
    for (int v = 0; v < kValues; ++v) {
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::Zero(d);
    }
    // Rows that follow each other without a gap are one.
    const int64_t chunk_rows = HWY_MIN(left, chunk), rows_at_once = row_gap == 0 && grad_gap == 0 ? chunk_rows : 1;
    for (int64_t rows = chunk_rows; rows > 0; rows -= rows_at_once, values += row_gap, grad += grad_gap) {
      HWY_UNROLL(1)
      for (int64_t x = block.columns * rows_at_once; x > 0;
           --x, grad = opaque(grad + grad_step), values = opaque(values + pixel_step)) {
        if constexpr (kAsks) ask_for(values, values_ahead);
        V g[kVectors];
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) {
          if constexpr (kAsks) ask_for(grad + k * lanes, grad_ahead);
          g[k] = in_register(hn::LoadU(d, grad + k * lanes));
        }
        HWY_UNROLL(16)
        for (int v = 0; v < kValues; ++v) {
          const V value = hn::Set(d, values[v]);
          HWY_UNROLL(2)
          for (int k = 0; k < kVectors; ++k) sum[v][k] = hn::MulAdd(value, g[k], sum[v][k]);
        }
      }
    }
    add_to_rows(adds, block.are_gradient ? T(0) : T(-0.0), sum, tile.sums, block.sums_step);
  }
}

// The same where each pixel of the one row is a chunk, and an image, of its own. The sums stay in registers
// nevertheless.
template <class T, int kVectors, int kValues>
HWY_NOINLINE void image_tile(const WeightTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const V zero = hn::Zero(d);
  const WeightGradientBlock<T>& block = tile.block;
  const int64_t pixel_step = tile.pixel_step, grad_step = block.grad_pixel_step, sums_step = block.sums_step;
  V sum[kValues][kVectors];
  HWY_UNROLL(16)
  for (int v = 0; v < kValues; ++v) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) {
      sum[v][k] = block.adds ? hn::LoadU(d, tile.sums + v * sums_step + k * lanes) : zero;
    }
  }
  const T *HWY_RESTRICT values = tile.values, *HWY_RESTRICT grad = tile.grad;
  HWY_UNROLL(1)
  for (int64_t x = block.columns; x > 0; --x, grad = opaque(grad + grad_step), values = opaque(values + pixel_step)) {
    V g[kVectors];
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) g[k] = in_register(hn::LoadU(d, grad + k * lanes));
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
    for (int k = 0; k < kVectors; ++k) hn::StoreU(sum[v][k], d, tile.sums + v * sums_step + k * lanes);
  }
}

template <class T>
using WeightTileFunction = void (*)(const WeightTile<T>& tile);

// The n-th takes n + 1 values.
template <class T, int kVectors, int... kIndex>
HWY_INLINE WeightTileFunction<T> weight_tile_of(int64_t values, bool asks, std::integer_sequence<int, kIndex...>) {
  constexpr bool kMayAsk = kVectors == kPanelVectors;  // of narrow panels there is one, whose gradient is short
  static constexpr WeightTileFunction<T> kQuiet[] = {&weight_tile<T, kVectors, kIndex + 1, false>...},
                                         kAsking[] = {&weight_tile<T, kVectors, kIndex + 1, kMayAsk>...};
  return (asks ? kAsking : kQuiet)[values - 1];
}
template <class T, int kVectors, int... kIndex>
HWY_INLINE WeightTileFunction<T> image_tile_of(int64_t values, std::integer_sequence<int, kIndex...>) {
  static constexpr WeightTileFunction<T> kTiles[] = {&image_tile<T, kVectors, kIndex + 1>...};
  return kTiles[values - 1];
}

// Rows of a gradient lie far apart, often pages, where the hardware does not see ahead what is written. What a tile's
// sums are added to comes from the level-3 cache while tiles run.
template <class T>
HWY_INLINE void ask_for_rows(const T* row, int64_t step, int64_t count, int64_t lanes) {
  for (int64_t v = 0; v < count; ++v, row += step) {
    for (int64_t o = 0; o < lanes; o += kCacheLine / int64_t{sizeof(T)}) __builtin_prefetch(row + o, 1, 2);
  }
}

// Pixels that lie far apart share sets of the level-1 cache, and more panels than a few read them.
template <class T>
HWY_INLINE void copy_to_strip(WeightTile<T>& tile, int64_t count) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const WeightGradientBlock<T>& block = tile.block;
  T* HWY_RESTRICT to = block.strip;
  const T* HWY_RESTRICT row = tile.values;
  for (int64_t y = 0; y < block.rows; ++y, row += tile.row_step) {
    const T* HWY_RESTRICT from = row;
    for (int64_t x = 0; x < block.columns; ++x, from += tile.pixel_step, to += kStripLanes<T>) {
      ask_for(from, block.values_ahead * int64_t{sizeof(T)});
      HWY_UNROLL(4)
      for (int64_t v = 0; v < kStripLanes<T>; v += lanes) {
        if (v < count) hn::Store(load_n(d, from + v, static_cast<size_t>(HWY_MIN(count - v, lanes))), d, to + v);
      }
    }
  }
  tile.values = block.strip;
  tile.pixel_step = kStripLanes<T>;
  tile.row_step = block.columns * kStripLanes<T>;
}

// Tiles as equal as can be: 192 values are 4 tiles of 14 and 10 of 13, which keep more chains going than 13 and a rest.
// All panels of some values follow each other, so that these stay in the level-1 cache, and so that a row of the sums
// is written from its beginning to its end. Of the next block, each tile asks for its values in one of the panels, and
// each panel for its gradient in one of the tiles: in different ones, or the requests would queue up.
template <class T, int kVectors, bool kPixelsAreImages>
void run_weight_gradient(const WeightGradientBlock<T>& block) {
  constexpr auto kSizes = std::make_integer_sequence<int, kMostValues>();
  const int64_t lanes = kVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t count = (block.count + kMostValues - 1) / kMostValues;
  int64_t first = 0, panel_for_values = 0;
  for (int64_t t = 0; t < count; ++t, ++panel_for_values) {
    const int64_t now = (block.count - first + count - t - 1) / (count - t);
    if (panel_for_values == block.panels) panel_for_values = 0;
    int64_t panel_for_grad = t;
    WeightTile<T> tile{block, block.values + first, block.row_step, block.pixel_step, nullptr, nullptr, 0, 0};
    if (block.strip) copy_to_strip(tile, now);
    for (int64_t p = 0; p < block.panels; ++p) {
      if (block.gradient) {
        ask_for_rows(block.gradient + first * block.gradient_step + p * lanes, block.gradient_step, now, lanes);
      }
      tile.grad = block.grad + p * block.grad_panel_step;
      tile.sums = block.sums + first * block.sums_step + p * block.sums_panel_step;
      tile.values_ahead = p == panel_for_values && !block.strip ? block.values_ahead : 0;
      tile.grad_ahead = p == panel_for_grad ? block.grad_ahead : 0;
      if (p == panel_for_grad) panel_for_grad += count;
      if constexpr (kPixelsAreImages) {
        image_tile_of<T, kVectors>(now, kSizes)(tile);
      } else {
        weight_tile_of<T, kVectors>(now, tile.values_ahead != 0 || tile.grad_ahead != 0, kSizes)(tile);
      }
    }
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
  static constexpr WeightGradientKernel<T> kernel{kLanes<T>,
                                                  kPanelVectors * kLanes<T>,
                                                  kMostValues,
                                                  kStripLanes<T>,
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
