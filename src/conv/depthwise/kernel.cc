// kernel.cc: any window, stride and dilation; then the choice between that and the tiles for usual windows.
#include "conv/depthwise/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/depthwise/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "conv/depthwise/rows-inl.h"
#include "conv/depthwise/rows_3x3-inl.h"
#include "conv/depthwise/sliding_3x3-inl.h"
#include "conv/depthwise/wide_3x3-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Two units with a latency of 4 want 8 sums under way. Each product loads its input, and two loads go with two
// multiplications, so that a tile gains nothing by keeping inputs in registers.
#if HWY_TARGET == HWY_SCALAR
constexpr int kMaxPixels = 2;  // for small code: few machines run it
#else
constexpr int kMaxPixels = 8;
#endif

// One vector of channels of a strip of a row.
template <class T>
struct WindowTile {
  const T* input;  // first tap of the first pixel
  int64_t pixel_step;
  int64_t window_rows, window_row_step, window_columns, window_column_step;
  const T* weights;
  const T* bias;
  int64_t tap_step;
  TileOutput<T> output;
};

template <class T, int kPixels>
HWY_NOINLINE void window_tile(const WindowTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V sum[kPixels];
  set_all(sum, hn::LoadU(d, tile.bias));
  const T* HWY_RESTRICT w = tile.weights;
  const T* row = tile.input;
  const int64_t step = tile.pixel_step;
  for (int64_t i = tile.window_rows; i > 0; --i, row += tile.window_row_step) {
    const T* HWY_RESTRICT x = row;
    HWY_UNROLL(1)
    for (int64_t j = tile.window_columns; j > 0; --j, x += tile.window_column_step, w += tile.tap_step) {
      const V weight = hn::LoadU(d, w);
      HWY_UNROLL(16)
      for (int p = 0; p < kPixels; ++p) sum[p] = hn::MulAdd(hn::LoadU(d, x + p * step), weight, sum[p]);
    }
  }
  store_pixels<kPixels>(tile.output, 0, sum);
}

// Fewer channels than lanes, one pixel.
template <class T>
HWY_NOINLINE void narrow_window(const WindowTile<T>& tile, size_t channels) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V sum = load_n(d, tile.bias, channels);
  const T* w = tile.weights;
  for (int64_t i = 0; i < tile.window_rows; ++i) {
    const T* x = tile.input + i * tile.window_row_step;
    for (int64_t j = 0; j < tile.window_columns; ++j, x += tile.window_column_step, w += tile.tap_step) {
      sum = hn::MulAdd(load_n(d, x, channels), load_n(d, w, channels), sum);
    }
  }
  const TileOutput<T>& to = tile.output;
  if (to.residual) sum = hn::Add(sum, load_n(d, to.residual, channels));
  store_n(activate(d, sum, to.activation, to.slope), d, to.data, channels);
}

template <class T>
using WindowTileFunction = void (*)(const WindowTile<T>&);

// The n-th computes n + 1 pixels.
template <class T, int... kIndex>
HWY_INLINE const WindowTileFunction<T>* window_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr WindowTileFunction<T> kTiles[] = {&window_tile<T, kIndex + 1>...};
  return kTiles;
}

// The tile at pixel (y, x) of the block and the vector of channels that begins at c or, at the end, before it.
template <class T>
HWY_INLINE WindowTile<T> window_tile_at(const DepthwiseBlock<T>& block, int64_t y, int64_t x, int64_t c,
                                        int64_t start) {
  const auto& [height, width] = WindowGeometry{block.height, block.width};
  return {.input = block.input + height.source(y, 0) * block.input_row_step +
                   width.source(x, 0) * block.input_pixel_step + start,
          .pixel_step = width.stride * block.input_pixel_step,
          .window_rows = height.window,
          .window_row_step = height.dilation * block.input_row_step,
          .window_columns = width.window,
          .window_column_step = width.dilation * block.input_pixel_step,
          .weights = block.weights + start,
          .bias = block.bias + start,
          .tap_step = block.tap_step,
          .output = tile_output(block, y, x, c, start)};
}

template <class T>
void window_block(const DepthwiseBlock<T>& block) {
  const WindowTileFunction<T>* tiles = window_tiles_of<T>(std::make_integer_sequence<int, kMaxPixels>());
  for (Pass<T> pass(block, kMaxPixels); pass.has_strip(); pass.next_strip()) {
    for (int64_t y = 0; y < block.height.output; ++y) {
      for (int64_t c = pass.first; c < pass.end; c += pass.lanes) {
        const WindowTile<T> tile = window_tile_at(block, y, pass.x, c, HWY_MIN(c, block.channels - pass.lanes));
        tiles[pass.pixels() - 1](tile);
        activate_the_rest(tile.output, 1, pass.pixels(), pass.lanes);
      }
    }
  }
}

template <class T>
void few_outputs_block(const DepthwiseBlock<T>& block) {
  for (int64_t y = 0; y < block.height.output; ++y) {
    for (int64_t x = 0; x < block.width.output; ++x) {
      narrow_window(window_tile_at(block, y, x, 0, 0), static_cast<size_t>(block.channels));
    }
  }
}

template <class T>
void slide_3x3(const DepthwiseBlock<T>& block) {
  const bool by_one = block.width.stride == 1;
  if constexpr (kRunsAlongRows) {
    by_one ? row_block_3x3<T, 1>(block) : row_block_3x3<T, 2>(block);
    return;
  }
  if constexpr (kRunsAlongFarRows) {
    if (runs_along_far_rows(block)) {
      by_one ? far_block_3x3<T, 1>(block) : far_block_3x3<T, 2>(block);
      return;
    }
  }
  if constexpr (!kRunsAlongRows) slide_block(block, wide_channels(block));
}

template <class T>
void run_depthwise(const DepthwiseBlock<T>& block) {
  if (block.channels < static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()))) {
    few_outputs_block(block);
  } else if (depthwise_slides(block.height, block.width)) {
    slide_3x3(block);
  } else if (depthwise_has_row_tile(block.width)) {
    row_block(block);
  } else {
    window_block(block);
  }
}

template <class T>
const DepthwiseKernel<T>* kernel_of() {
  static constexpr DepthwiseKernel<T> kernel{static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                             &run_depthwise<T>};
  return &kernel;
}
const DepthwiseKernel<float>* depthwise_float() { return kernel_of<float>(); }
const DepthwiseKernel<double>* depthwise_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(depthwise_float);
HWY_EXPORT(depthwise_double);

template <>
const DepthwiseKernel<float>& depthwise_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_float, target)();
}
template <>
const DepthwiseKernel<double>& depthwise_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_double, target)();
}

}  // namespace convstep::kernels
#endif
