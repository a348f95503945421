#include "conv/weight_gradient/depthwise_kernel.h"

#include <utility>

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/weight_gradient/depthwise_kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile has some taps and some vectors of channels, whose sums stay in registers over the pixels of a chunk. Besides
// them it needs a vector of the input for each row of taps; and the gradients of the pixels that read that column.
//   32 registers: 3x3 taps x 2 vectors = 18, 3 x 2 and 3 x 2.   16 registers: 3x3 taps = 9, 3 and 3.
// Two units with a latency of 4 want 8 sums under way.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMostVectors = 2, kMostTaps = 7;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kMostVectors = 1, kMostTaps = 1;
#else
constexpr int kMostVectors = 1, kMostTaps = 5;
#endif
// The others get small code, as few machines run it.
constexpr bool kHasStrips = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_ARCH_ARM_A64;

// Pixels side by side share the columns that they read; and it takes some 20 cycles to begin a row. MobileNet's images
// are multiples of 7 wide.
constexpr int kManyPixels = 7, kSomePixels = 3;
constexpr int kAnyStride = 0;

// Channels of a group, a power of two: those of two of the blocks of 16 bytes that shuffles stay within, and no more
// than a vector has.
template <class T>
constexpr int64_t kMostGroup = kHasStrips ? HWY_MIN(static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                                    32 / int64_t{sizeof(T)})
                                          : 1;

// What rows off the image read.
template <class T>
HWY_INLINE const T* zeros() {
  HWY_ALIGN static constexpr T kZeros[kMostVectors * HWY_MAX_BYTES / sizeof(T)] = {};
  return kZeros;
}

// Taps (i, j) and on, and vectors of channels from first_lane on.
template <class T>
struct TapsTile {
  const DepthwiseGradientBlock<T>& block;
  int64_t i, j;
  int64_t first_lane;

  const WindowAxis& width() const { return block.width; }
  // Of the first tap and the first channel of each group; they go on channel by channel, tap by tap.
  T* sums() const { return block.sums + (i * width().window + j) * block.group * block.sums_step + first_lane; }
};

// What a row of taps reads, from a pixel on.
template <class T>
struct TapRow {
  const T* data;
  int64_t step;  // to the next tap
  int64_t gap;   // from beyond the last tap to the first one of the next pixel
};

// Where the taps of a tile read, from column 0 of the output on, which may be off the image.
template <class T, int kColumns>
struct TapColumns {
  HWY_INLINE explicit TapColumns(const TapsTile<T>& tile)
      : first(tile.width().source(0, tile.j)),
        step(tile.width().dilation * tile.block.input.pixel_step),
        gap(tile.width().stride * tile.block.input.pixel_step - kColumns * step),
        data(tile.block.input.data + first * tile.block.input.pixel_step + tile.first_lane) {}
  // Of a row of the image. What is off it reads zeros.
  HWY_INLINE TapRow<T> of_row(const TapsTile<T>& tile, int64_t row) const {
    if (!tile.block.height.is_inside(row)) return {zeros<T>(), 0, 0};
    return {data + row * tile.block.input.row_step, step, gap};
  }

  int64_t first, step, gap;
  const T* data;
};

// Bit q: column q of those that some pixels read, of which the first is given, is off the image.
template <int kStride, int kColumns, int kPixels>
HWY_INLINE uint32_t off_columns(const WindowAxis& width, int64_t first) {
  if constexpr (kStride == kAnyStride) {
    uint32_t off = 0;
    for (int j = 0; j < kColumns; ++j) off |= uint32_t{!width.is_inside(first + j * width.dilation)} << j;
    return off;
  }
  constexpr int kReach = (kPixels - 1) * kStride + kColumns;
  if (HWY_LIKELY(first >= 0 && first + kReach <= width.input)) return 0;
  return bits_outside(first, kReach, width.input);
}

// Where the channels of a vector are groups of kGroup: all lanes of a group get what its lane kChannel has.
template <int kGroup, int kChannel, class V>
HWY_INLINE V channel_of_groups(V value) {
#if HWY_TARGET == HWY_SCALAR
  return value;
#else
  constexpr int kBlock = 16 / static_cast<int>(sizeof(hn::TFromV<V>));  // lanes that shuffles stay within
  if constexpr (kGroup == 1) {
    return value;
  } else if constexpr (kGroup < kBlock) {
    static_assert(kGroup == 2);
    return kChannel == 0 ? hn::DupEven(value) : hn::DupOdd(value);
  } else if constexpr (kGroup == kBlock) {
    return hn::Broadcast<kChannel>(value);
  } else {
    static_assert(kGroup == 2 * kBlock);
    const V swapped = hn::SwapAdjacentBlocks(value);
    const V both = kChannel < kBlock ? hn::OddEvenBlocks(swapped, value) : hn::OddEvenBlocks(value, swapped);
    return hn::Broadcast<kChannel % kBlock>(both);
  }
#endif
}

// Of column q of those that kPixels pixels read: the products of the channels of each group from kChannel on.
template <int kStride, int kChannel, class V, int kRows, int kVectors, int kPixels, int kColumns, int kGroup>
HWY_INLINE void add_channels(int q, const V (&value)[kRows][kVectors], const V (&g)[kPixels][kVectors],
                             V (&sum)[kRows][kColumns][kGroup][kVectors]) {
  V x[kRows][kVectors];
  HWY_UNROLL(3)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) x[r][k] = channel_of_groups<kGroup, kChannel>(value[r][k]);
  }
  HWY_UNROLL(8)
  for (int p = kPixels - 1; p >= 0; --p) {
    const int j = q - p * kStride;
    if (j < 0 || j >= kColumns) continue;
    HWY_UNROLL(2)
    for (int k = 0; k < kVectors; ++k) {
      HWY_UNROLL(3)
      for (int r = 0; r < kRows; ++r) {
        sum[r][j][kChannel][k] = hn::MulAdd(x[r][k], g[p][k], sum[r][j][kChannel][k]);
      }
    }
  }
  if constexpr (kChannel + 1 < kGroup) add_channels<kStride, kChannel + 1>(q, value, g, sum);
}

// kPixels pixels; rows and gradient go on to the pixel after them.
template <int kStride, int kPixels, class T, class V, int kRows, int kColumns, int kGroup, int kVectors>
HWY_INLINE void add_pixels(TapRow<T> (&rows)[kRows], uint32_t off, const T*& grad, int64_t grad_step,
                           V (&sum)[kRows][kColumns][kGroup][kVectors]) {
  static_assert(kPixels == 1 || kStride != kAnyStride, "pixels share columns only where these are neighbours");
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  V g[kPixels][kVectors];
  off = opaque(off);  // or GCC makes versions for some of its values
  HWY_UNROLL(16)
  for (int q = 0; q < (kPixels - 1) * kStride + kColumns; ++q) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      if (q != p * kStride) continue;  // the first column that pixel p reads
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) g[p][k] = hn::LoadU(d, grad + k * lanes);
      grad = opaque(grad + grad_step);
    }
    V value[kRows][kVectors];
    const bool is_off = HWY_UNLIKELY(off & (uint32_t{1} << q));
    HWY_UNROLL(3)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(2)
      for (int k = 0; k < kVectors; ++k) value[r][k] = is_off ? hn::Zero(d) : hn::LoadU(d, rows[r].data + k * lanes);
    }
    HWY_UNROLL(3)
    for (int r = 0; r < kRows; ++r) rows[r].data = opaque(rows[r].data + rows[r].step);
    add_channels<kStride, 0>(q, value, g, sum);
  }
  HWY_UNROLL(3)
  for (int r = 0; r < kRows; ++r) {
    rows[r].data += kStride == kAnyStride ? rows[r].gap : (kStride - kColumns) * rows[r].step;
    rows[r].data = opaque(rows[r].data);
  }
}

// Those of a row that are left, kPixels at a time.
template <int kStride, int kPixels, class T, class V, int kRows, int kColumns, int kGroup, int kVectors>
HWY_INLINE void add_strips(const TapsTile<T>& tile, TapRow<T> (&rows)[kRows], const T*& grad, int64_t& column,
                           int64_t& left, V (&sum)[kRows][kColumns][kGroup][kVectors]) {
  const WindowAxis& width = tile.width();
  HWY_UNROLL(1)
  for (; left >= kPixels; left -= kPixels, column += kPixels * width.stride) {
    add_pixels<kStride, kPixels>(rows, off_columns<kStride, kColumns, kPixels>(width, column), grad,
                                 tile.block.grad.pixel_step, sum);
  }
}

// What the first chunk is added to: -0, which changes no sum, or 0.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> start_of_sums(D d, const DepthwiseGradientBlock<T>& block) {
  return hn::Set(d, block.are_gradient ? T(0) : T(-0.0));
}

// Adds the sums of a chunk to those of the image, or begins them.
template <class T, class V, int kRows, int kColumns, int kGroup, int kVectors>
HWY_INLINE void store_sums(const TapsTile<T>& tile, bool adds, V (&sum)[kRows][kColumns][kGroup][kVectors]) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const int64_t step = tile.block.sums_step;
  const V start = start_of_sums(d, tile.block);
  T* to_row = tile.sums();
  HWY_UNROLL(3)
  for (int r = 0; r < kRows; ++r, to_row += tile.width().window * kGroup * step) {
    T* to = to_row;
    HWY_UNROLL(8)
    for (int j = 0; j < kColumns; ++j) {
      HWY_UNROLL(8)
      for (int c = 0; c < kGroup; ++c, to += step) {
        HWY_UNROLL(2)
        for (int k = 0; k < kVectors; ++k) {
          const V before = adds ? hn::LoadU(d, to + k * lanes) : start;
          hn::StoreU(hn::Add(before, sum[r][j][c][k]), d, to + k * lanes);
        }
      }
    }
  }
}

// kRows x kColumns taps of kVectors vectors of groups.
template <class T, int kStride, int kRows, int kColumns, int kGroup, int kVectors>
HWY_NOINLINE void taps_tile(const TapsTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const DepthwiseGradientBlock<T>& block = tile.block;
  const TapColumns<T, kColumns> taps(tile);
  bool adds = block.adds;
  for (int64_t y = 0; y < block.height.output; adds = true) {
    V sum[kRows][kColumns][kGroup][kVectors];
    HWY_UNROLL(3)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (int j = 0; j < kColumns; ++j) {
        HWY_UNROLL(8)
        for (int c = 0; c < kGroup; ++c) {
          HWY_UNROLL(2)
          for (int k = 0; k < kVectors; ++k) sum[r][j][c][k] = hn::Zero(d);
        }
      }
    }
    HWY_UNROLL(1)
    for (const int64_t end = HWY_MIN(y + block.rows_of_a_chunk, block.height.output); y < end; ++y) {
      TapRow<T> rows[kRows];
      HWY_UNROLL(3)
      for (int r = 0; r < kRows; ++r) rows[r] = taps.of_row(tile, block.height.source(y, tile.i + r));
      const T* grad = block.grad.data + y * block.grad.row_step + tile.first_lane;
      int64_t column = taps.first, left = block.width.output;
      if constexpr (kStride != kAnyStride) {
        add_strips<kStride, kManyPixels>(tile, rows, grad, column, left, sum);
        add_strips<kStride, kSomePixels>(tile, rows, grad, column, left, sum);
      }
      add_strips<kStride, 1>(tile, rows, grad, column, left, sum);
    }
    store_sums(tile, adds, sum);
  }
}

template <class T>
using TapsFunction = void (*)(const TapsTile<T>& tile);

// A tile of some rows of a window so wide, or null where the window is another one, or moves otherwise.
template <class T, int kRows, int kColumns, int kGroup, int kVectors>
HWY_INLINE TapsFunction<T> tile_of_rows(const WindowAxis& width) {
  if constexpr (kHasStrips) {
    if (width.window != kColumns || width.dilation != 1) return nullptr;
    if (width.stride == 1) return &taps_tile<T, 1, kRows, kColumns, kGroup, kVectors>;
    if (width.stride == 2) return &taps_tile<T, 2, kRows, kColumns, kGroup, kVectors>;
  }
  return nullptr;
}

// Row by row of the window, in one tile where there is `row`, or else some taps at a time, the n-th of `some` n + 1.
template <class T, int kMost>
void run_rows(const DepthwiseGradientBlock<T>& block, int64_t first_lane, TapsFunction<T> row,
              const TapsFunction<T> (&some)[kMost]) {
  for (int64_t i = 0; i < block.height.window; ++i) {
    if (row) {
      row({block, i, 0, first_lane});
      continue;
    }
    for (int64_t j = 0; j < block.width.window; j += kMost) {
      some[HWY_MIN(block.width.window - j, kMost) - 1]({block, i, j, first_lane});
    }
  }
}

// Channels that have a filter each.
template <class T, int kVectors, int... kIndex>
HWY_INLINE void run_depthwise(const DepthwiseGradientBlock<T>& block, int64_t first_lane,
                              std::integer_sequence<int, kIndex...>) {
  const TapsFunction<T> all_of_3x3 =
      block.height.window == 3 ? tile_of_rows<T, 3, 3, 1, kVectors>(block.width) : nullptr;
  if (all_of_3x3) return all_of_3x3({block, 0, 0, first_lane});
  static constexpr TapsFunction<T> kSome[] = {&taps_tile<T, kAnyStride, 1, kIndex + 1, 1, kVectors>...};
  run_rows(block, first_lane, tile_of_rows<T, 1, 5, 1, kVectors>(block.width), kSome);
}

// Groups of kGroup channels. With 32 registers there is room for the sums of three taps.
template <class T, int kGroup>
HWY_INLINE void run_groups(const DepthwiseGradientBlock<T>& block, int64_t first_lane) {
  TapsFunction<T> row = nullptr;
  if constexpr (kMostVectors == 2 || kGroup == 2) row = tile_of_rows<T, 1, 3, kGroup, 1>(block.width);
  static constexpr TapsFunction<T> kOne[] = {&taps_tile<T, kAnyStride, 1, 1, kGroup, 1>};
  run_rows(block, first_lane, row, kOne);
}

template <class T, int kVectors>
void run_vectors(const DepthwiseGradientBlock<T>& block, int64_t first_lane) {
  if (block.group == 1) {
    return run_depthwise<T, kVectors>(block, first_lane, std::make_integer_sequence<int, kMostTaps>());
  }
  if constexpr (kHasStrips) {
    constexpr int64_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());
    for (int64_t lane = first_lane; lane < first_lane + kVectors * kLanes; lane += kLanes) {
      if (block.group == 2) run_groups<T, 2>(block, lane);
      if constexpr (kMostGroup<T> >= 4) {
        if (block.group == 4) run_groups<T, 4>(block, lane);
      }
      if constexpr (kMostGroup<T> >= 8) {
        if (block.group == 8) run_groups<T, 8>(block, lane);
      }
    }
  }
}

template <class T>
void run_block(const DepthwiseGradientBlock<T>& block) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  int64_t lane = 0;
  for (; lane + kMostVectors * lanes <= block.lanes; lane += kMostVectors * lanes) {
    run_vectors<T, kMostVectors>(block, lane);
  }
  if (lane < block.lanes) run_vectors<T, 1>(block, lane);
}

// Of vectors of channels, each of which is a chain of additions.
template <class T, int kVectors>
HWY_NOINLINE void bias_tile(const DepthwiseGradientBlock<T>& block, int64_t first_lane) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  T* const to = block.sums + first_lane;
  const V start = start_of_sums(d, block);
  bool adds = block.adds;
  for (int64_t y = 0; y < block.height.output; adds = true) {
    V sum[kVectors];
    HWY_UNROLL(8)
    for (int k = 0; k < kVectors; ++k) sum[k] = hn::Zero(d);
    for (const int64_t end = HWY_MIN(y + block.rows_of_a_chunk, block.height.output); y < end; ++y) {
      const T* grad = block.grad.data + y * block.grad.row_step + first_lane;
      HWY_UNROLL(1)
      for (int64_t x = block.width.output; x > 0; --x, grad += block.grad.pixel_step) {
        HWY_UNROLL(8)
        for (int k = 0; k < kVectors; ++k) sum[k] = hn::Add(sum[k], hn::LoadU(d, grad + k * lanes));
      }
    }
    HWY_UNROLL(8)
    for (int k = 0; k < kVectors; ++k) {
      const V before = adds ? hn::LoadU(d, to + k * lanes) : start;
      hn::StoreU(hn::Add(before, sum[k]), d, to + k * lanes);
    }
  }
}

template <class T>
void add_bias(const DepthwiseGradientBlock<T>& block) {
  constexpr int kVectors = 8;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  int64_t lane = 0;
  for (; lane + kVectors * lanes <= block.lanes; lane += kVectors * lanes) bias_tile<T, kVectors>(block, lane);
  for (; lane < block.lanes; lane += lanes) bias_tile<T, 1>(block, lane);
}

template <class T>
const DepthwiseGradientKernel<T>* kernel_of() {
  static constexpr DepthwiseGradientKernel<T> kernel{static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                                     kMostGroup<T>, &run_block<T>, &add_bias<T>};
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
