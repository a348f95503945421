// tile-inl.h: strips of pixels and register tiles of the direct method. Included once per SIMD target.
#if defined(CONVSTEP_CONV_DIRECT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DIRECT_TILE_INL_H_
#undef CONVSTEP_CONV_DIRECT_TILE_INL_H_
#else
#define CONVSTEP_CONV_DIRECT_TILE_INL_H_
#endif

#include <hwy/cache_control.h>

#include <utility>

#include "simd/activation-inl.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile is two strips of pixels side by side, most often one below the other, times a panel of vectors. Its sums stay
// in registers over the whole reduction; besides them it needs a register per vector of weights and one for the input.
//   32 registers: 2 x 7 x 2 = 28, and 2 + 1. Maps are multiples of 7 wide in most networks (7, 14, 28, 56, 112, 224).
//   16 registers: 2 x 3 x 2 = 12, and 2 + 1.
// Two units with a latency of 4 want 8 sums under way. A strip of its own costs no more arithmetic, but reads the
// weights (from the level-2 cache) for half as many sums. Two base pointers rather than one: from 14 pixels on one
// pointer, GCC 12 makes 13 offsets and spills them. 7 pixels x 4 vectors, one strip, has one register too few.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMaxVectors = 2, kMaxPixels = 7;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kMaxVectors = 1, kMaxPixels = 2;  // for small code: few machines run it
#else
constexpr int kMaxVectors = 2, kMaxPixels = 3;
#endif

// Outputs that fill at most half of a panel's only vector are computed in vectors half as long: of those a processor
// with two units that a long vector takes both of does twice as many (Zen 4).
#if HWY_TARGET == HWY_AVX3
constexpr bool kHasHalves = true;
template <class T>
using ShortTag = hn::Half<hn::ScalableTag<T>>;
#else
constexpr bool kHasHalves = false;
template <class T>
using ShortTag = hn::ScalableTag<T>;
#endif

// How many rows of a panel ahead weights are prefetched: the next ones come from the level-2 cache in time by
// themselves, but large layers read theirs from level 3. +3 to +10% on those (1024 to 2048 channels), nothing lost on
// others.
constexpr int kAhead = 16;

// A line of the output that is asked for takes as long to come as this many multiply-adds. A tile of fewer asks for the
// lines of a later tile. One tile
// ahead: 16 to 96 channels +13%; four: 1 to 16 channels in 3x3 windows +17%; further, or with longer tiles: up to 5%
// slower (Zen 4).
constexpr int64_t kAnswerProducts = 600;

// What the tiles of one panel have in common.
template <class T>
struct Tile {
  int64_t pixel_step, window_rows, window_row_step;
  // While a tile runs, what the next one reads is prefetched, a part at each step, and one line more because values
  // come in whole lines. The hardware sees too many streams in a page to do it. +6% on 1x1 maps that do not fit into
  // the level-2 cache (56x56, 64 to 256; Sapphire Rapids), +13% on 3x3 of stride 2 (416x416, 32 to 64; Zen 4).
  int64_t prefetch_step;
  // Lines of an output that is too large for any cache are asked for before a tile begins, or its stores wait for them.
  // Zen 4, batch 8: +5% from 128 channels, +20 to +25% from 3 to 32. Smaller outputs took 1 to 4% longer. They come
  // into the level-2 cache: in level 1 those of pixels 2 KB apart drive each other out (another 5%).
  bool prefetches_output;
  int64_t tiles_ahead;  // whose lines those are
  // A row of a window is `runs` runs, run_step apart, of `run` values side by side. There is at least one row, and one
  // run, but it may be empty.
  int64_t runs, run_step, run;
  const T* weights;
  int64_t weights_skipped;  // after each row of a window
  const T* bias;
  int64_t output_pixel_step, residual_pixel_step;
  size_t last_lanes;  // of the last vector that are outputs
  Activation activation;
  T slope;
};

// Where the pixels of a strip are.
template <class T>
struct Strip {
  const T* HWY_RESTRICT input;
  T* output;
  const T* residual;  // or null
};

template <class T>
HWY_INLINE void advance(const Tile<T>& tile, int64_t pixels, Strip<T>& strip) {
  strip.input += pixels * tile.pixel_step;
  strip.output += pixels * tile.output_pixel_step;
  if (strip.residual) strip.residual += pixels * tile.residual_pixel_step;
}

// sum += residual, for the pixels of a strip. `last_lanes` may be all.
template <class T, int kPixels, int kVectors, class V>
HWY_INLINE void add_residual(const T* HWY_RESTRICT from, int64_t step, size_t last_lanes, V (&sum)[kPixels][kVectors]) {
  const hn::DFromV<V> d;
  constexpr int kLast = kVectors - 1;
  HWY_UNROLL(16)
  for (int r = 0; r < kPixels; ++r, from += step) {
    HWY_UNROLL(4)
    for (int v = 0; v < kLast; ++v) sum[r][v] = hn::Add(sum[r][v], hn::LoadU(d, from + v * hn::Lanes(d)));
    sum[r][kLast] = hn::Add(sum[r][kLast], load_n(d, from + kLast * hn::Lanes(d), last_lanes));
  }
}

// The activations that are done in registers.
template <int kPixels, int kVectors, class V, class T>
HWY_INLINE void activate_sums(V (&sum)[kPixels][kVectors], Activation activation, T slope) {
  const hn::DFromV<V> d;
  if (is_limited_relu(activation)) {
    HWY_UNROLL(16)
    for (int r = 0; r < kPixels; ++r) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = limited_relu(d, sum[r][v], relu_limit<T>(activation));
    }
  } else if (activation == Activation::kLeakyRelu) {
    HWY_UNROLL(16)
    for (int r = 0; r < kPixels; ++r) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = leaky_relu(d, sum[r][v], slope);
    }
  }
}

// Where stores can be masked at no cost, the last vector always is.
template <int kPixels, int kVectors, class T, class V>
HWY_INLINE void store_sums(const V (&sum)[kPixels][kVectors], T* HWY_RESTRICT output, int64_t step, size_t last_lanes) {
  const hn::DFromV<V> d;
  const size_t lanes = hn::Lanes(d);
  constexpr int kLast = kVectors - 1;
#if HWY_TARGET == HWY_AVX3
  const auto mask = hn::FirstN(d, last_lanes);
#endif
  HWY_UNROLL(16)
  for (int r = 0; r < kPixels; ++r, output += step) {
    output = opaque(output);
    HWY_UNROLL(4)
    for (int v = 0; v < kLast; ++v) hn::StoreU(sum[r][v], d, output + v * lanes);
#if HWY_TARGET == HWY_AVX3
    hn::BlendedStore(sum[r][kLast], mask, d, output + kLast * lanes);
#else
    store_n(sum[r][kLast], d, output + kLast * lanes, last_lanes);
#endif
  }
}

// The activations that are not done in registers.
template <int kPixels, int kVectors, class T>
HWY_INLINE void activate_strip(const Tile<T>& tile, T* output) {
  for (int r = 0; r < kPixels; ++r, output += tile.output_pixel_step) {
    activate_row(output, (kVectors - 1) * hn::Lanes(hn::ScalableTag<T>()) + tile.last_lanes, tile.activation,
                 tile.slope);
  }
}

template <int kPixels, int kVectors, class T>
HWY_INLINE void prefetch_output(const Tile<T>& tile, T* output) {
  HWY_UNROLL(1)
  for (int r = 0; r < kPixels; ++r, output += tile.output_pixel_step) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) __builtin_prefetch(output + v * hn::Lanes(hn::ScalableTag<T>()), 0, 2);
  }
}

// `count` tiles, each of kStrips strips of kPixels pixels, `step` pixels apart. Not inlined, and with a plain loop over
// the run: inlined into the loop over rows, GCC 12 keeps the pointers in memory. A call for all tiles of a row, not one
// each: short reductions feel what a call costs.
template <class D, int kStrips, int kPixels, int kVectors, class T = hn::TFromD<D>>
HWY_NOINLINE void conv_tiles(const Tile<T>& tile, Strip<T> first, Strip<T> second, int64_t count, int64_t step) {
  const D d;
  using V = hn::Vec<D>;
  const size_t lanes = hn::Lanes(d), packed_lanes = hn::Lanes(hn::ScalableTag<T>());
  // What the loop reads of the tile it reads first: for all the compiler knows, the stores could change it.
  const int64_t pixel_step = tile.pixel_step, run = tile.run, run_gap = tile.run_step - run;
  const int64_t window_row_gap = tile.window_row_step - (tile.runs - 1) * tile.run_step - run;
  const int64_t window_rows = tile.window_rows, runs = tile.runs, weights_skipped = tile.weights_skipped;
  const int64_t next = step * pixel_step, ahead = tile.prefetch_step;
  const int64_t output_step = tile.output_pixel_step, residual_step = tile.residual_pixel_step;
  const size_t last_lanes = tile.last_lanes;
  const Activation activation = tile.activation;
  for (; count > 0; --count) {
    V a[kPixels][kVectors], b[kPixels][kVectors];
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const V bias = hn::Load(d, tile.bias + v * lanes);
      HWY_UNROLL(16)
      for (int r = 0; r < kPixels; ++r) a[r][v] = b[r][v] = bias;
    }

    if constexpr (kStrips == 2 && kPixels + 1 >= kMaxPixels) {  // the others are rare in large outputs
      if (tile.prefetches_output) {
        const int64_t tiles_ahead = tile.tiles_ahead * step * output_step;
        prefetch_output<kPixels, kVectors>(tile, first.output + tiles_ahead);
        prefetch_output<kPixels, kVectors>(tile, second.output + tiles_ahead);
      }
    }

    const T* HWY_RESTRICT w = tile.weights;
    const T* HWY_RESTRICT x = first.input;
    const T* HWY_RESTRICT y = second.input;
    for (int64_t rows = window_rows;;) {
      for (int64_t left = runs;;) {
        const T* const end = x + run;
        const T* nx = x + next;
        const T* ny = y + next;
        HWY_UNROLL(1)
        for (; x < end; ++x, ++y) {
          V weights[kVectors];
          HWY_UNROLL(4)
          for (int v = 0; v < kVectors; ++v) hwy::Prefetch(w + (kAhead * kVectors + v) * packed_lanes);
          hwy::Prefetch(nx);
          if constexpr (kStrips == 2) hwy::Prefetch(ny);
          nx += ahead;
          ny += ahead;
          HWY_UNROLL(4)
          for (int v = 0; v < kVectors; ++v) weights[v] = hn::Load(d, w + v * lanes);
          HWY_UNROLL(16)
          for (int r = 0; r < kPixels; ++r) {
            const V value = hn::Set(d, x[r * pixel_step]);
            HWY_UNROLL(4)
            for (int v = 0; v < kVectors; ++v) a[r][v] = hn::MulAdd(value, weights[v], a[r][v]);
          }
          if constexpr (kStrips == 2) {
            HWY_UNROLL(16)
            for (int r = 0; r < kPixels; ++r) {
              const V value = hn::Set(d, y[r * pixel_step]);
              HWY_UNROLL(4)
              for (int v = 0; v < kVectors; ++v) b[r][v] = hn::MulAdd(value, weights[v], b[r][v]);
            }
          }
          w += kVectors * packed_lanes;
        }
        if (--left == 0) break;
        x += run_gap;
        y += run_gap;
      }
      if (--rows == 0) break;
      x += window_row_gap;
      y += window_row_gap;
      w += weights_skipped;
    }

    if (first.residual) {
      add_residual(first.residual, residual_step, last_lanes, a);
      if constexpr (kStrips == 2) add_residual(second.residual, residual_step, last_lanes, b);
    }
    if (activation != Activation::kNone) {
      activate_sums(a, activation, tile.slope);
      if constexpr (kStrips == 2) activate_sums(b, activation, tile.slope);
    }
    store_sums(a, first.output, output_step, last_lanes);
    if constexpr (kStrips == 2) store_sums(b, second.output, output_step, last_lanes);
    if (HWY_UNLIKELY(activation > Activation::kLeakyRelu)) {
      activate_strip<kPixels, kVectors>(tile, first.output);
      if constexpr (kStrips == 2) activate_strip<kPixels, kVectors>(tile, second.output);
    }
    advance(tile, step, first);
    if constexpr (kStrips == 2) advance(tile, step, second);
  }
}

template <class T>
using TilesFunction = void (*)(const Tile<T>&, Strip<T>, Strip<T>, int64_t count, int64_t step);

// kTiles[n - 1] computes strips of n pixels.
template <class D, int kStrips, int kVectors, class T = hn::TFromD<D>, int... kIndex>
HWY_INLINE const TilesFunction<T>* tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr TilesFunction<T> kTiles[] = {&conv_tiles<D, kStrips, kIndex + 1, kVectors>...};
  return kTiles;
}

// For a panel of so many outputs.
template <class T, int kStrips>
HWY_INLINE const TilesFunction<T>* tiles_for(int64_t outputs) {
  using Lengths = std::make_integer_sequence<int, kMaxPixels>;
  using D = hn::ScalableTag<T>;
  if (outputs > static_cast<int64_t>(hn::Lanes(D()))) return tiles_of<D, kStrips, 2>(Lengths());
  if (outputs > static_cast<int64_t>(hn::Lanes(ShortTag<T>()))) return tiles_of<D, kStrips, 1>(Lengths());
  return tiles_of<ShortTag<T>, kStrips, 1>(Lengths());
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
