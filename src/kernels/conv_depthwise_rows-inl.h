// conv_depthwise_rows-inl.h: windows 5 wide, stride 1 or 2 along the row, or 7 wide, stride 1. Included once per SIMD
// target.
//
// A row of the input that a strip reads is loaded once for all the taps of a window row. What is off the image reads
// zeros.
#if defined(CONVSTEP_KERNELS_CONV_DEPTHWISE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_KERNELS_CONV_DEPTHWISE_ROWS_INL_H_
#undef CONVSTEP_KERNELS_CONV_DEPTHWISE_ROWS_INL_H_
#else
#define CONVSTEP_KERNELS_CONV_DEPTHWISE_ROWS_INL_H_
#endif

#include "kernels/conv_depthwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// 7 sums, 7 weights of a window row and the input are 15 registers of 16.
// Targets without fused multiply-add get short strips: their code is as large, and few machines run it.
#if HWY_TARGET == HWY_SCALAR
constexpr int kMaxRowPixels = 1;
#elif HWY_TARGET == HWY_SSE4
constexpr int kMaxRowPixels = 2;
#else
constexpr int kMaxRowPixels = 7;
#endif
// One vector of channels of a strip.
template <class T>
struct RowTile {
  const T* image;  // channel 0 of the vector, at pixel (0, 0)
  int64_t row_step, pixel_step;
  WindowAxis height;
  int64_t first_tap, end_tap;         // rows of the window
  int64_t first_row;                  // of the image, that the window reads
  int64_t first_column;               // of the image, that the strip reads
  int64_t inside_column, end_column;  // of those that the strip reads, the ones on the image
  const T* weights;
  const T* bias;
  int64_t tap_step;
  TileOutput<T> output;
};

// sum += one window row. `count` columns of the strip, from `inside` on, are on the image. That is asked of every
// column, inside the image, too: integer units have nothing else to do meanwhile, and code for strips that lie inside
// would be as large again.
template <int kStride, int kWindow, int kPixels, class T, class V>
HWY_INLINE void add_taps(const T* row, int64_t step, int64_t inside, uint64_t count, const V (&weights)[kWindow],
                         V (&sum)[kPixels]) {
  const hn::ScalableTag<T> d;
  constexpr int kColumns = (kPixels - 1) * kStride + kWindow;
  HWY_UNROLL(32)
  for (int q = 0; q < kColumns; ++q) {
    const V x = hn::LoadU(d, static_cast<uint64_t>(q - inside) < count ? row + q * step : zeros<T>());
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      const int j = q - p * kStride;
      if (j >= 0 && j < kWindow) sum[p] = hn::MulAdd(x, weights[j], sum[p]);
    }
  }
}

template <class T, int kWindow, int kStride, int kPixels>
HWY_NOINLINE void row_tile(const RowTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t inside = tile.inside_column, step = tile.pixel_step, tap_step = tile.tap_step;
  const uint64_t count = static_cast<uint64_t>(tile.end_column - inside);
  V sum[kPixels], weights[kWindow];
  set_all(sum, hn::LoadU(d, tile.bias));
  const T* w = tile.weights + tile.first_tap * kWindow * tap_step;
  for (int64_t i = tile.first_tap; i < tile.end_tap; ++i) {
    const int64_t row = tile.first_row + i * tile.height.dilation;
    const bool is_inside = tile.height.is_inside(row);
    const T* from = tile.image + (is_inside ? row * tile.row_step + tile.first_column * step : 0);
    HWY_UNROLL(8)
    for (int j = 0; j < kWindow; ++j, w += tap_step) weights[j] = hn::LoadU(d, w);
    add_taps<kStride>(from, step, inside, is_inside ? count : 0, weights, sum);
  }
  store_pixels<kPixels>(tile.output, 0, sum);
}

template <class T>
using RowTileFunction = void (*)(const RowTile<T>&);

// The n-th computes n + 1 pixels.
template <class T, int kWindow, int kStride, int... kIndex>
HWY_INLINE const RowTileFunction<T>* row_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr RowTileFunction<T> kTiles[] = {&row_tile<T, kWindow, kStride, kIndex + 1>...};
  return kTiles;
}
template <class T>
HWY_INLINE const RowTileFunction<T>* row_tiles_for(const WindowAxis& width) {
  constexpr std::make_integer_sequence<int, kMaxRowPixels> kLengths;
  if (width.window == 7) return row_tiles_of<T, 7, 1>(kLengths);
  return width.stride == 1 ? row_tiles_of<T, 5, 1>(kLengths) : row_tiles_of<T, 5, 2>(kLengths);
}

template <class T>
void row_block(const DepthwiseBlock<T>& block) {
  const RowTileFunction<T>* tiles = row_tiles_for<T>(block.width);
  for (Pass<T> pass(block, kMaxRowPixels); pass.has_strip(); pass.next_strip()) {
    const int64_t first_column = block.width.source(pass.x, 0);
    for (int64_t y = 0; y < block.height.output; ++y) {
      const auto [first_tap, end_tap] =
          block.are_weights_finite ? block.height.taps_on_input(y) : WindowAxis::Taps{0, block.height.window};
      for (int64_t c = pass.first; c < pass.end; c += pass.lanes) {
        const int64_t start = HWY_MIN(c, block.channels - pass.lanes);
        const RowTile<T> tile{.image = block.input + start,
                              .row_step = block.input_row_step,
                              .pixel_step = block.input_pixel_step,
                              .height = block.height,
                              .first_tap = first_tap,
                              .end_tap = end_tap,
                              .first_row = block.height.source(y, 0),
                              .first_column = first_column,
                              .inside_column = -first_column,
                              .end_column = block.width.input - first_column,
                              .weights = block.weights + start,
                              .bias = block.bias + start,
                              .tap_step = block.tap_step,
                              .output = tile_output(block, y, pass.x, c, start)};
        tiles[pass.pixels() - 1](tile);
        activate_the_rest(tile.output, 1, pass.pixels(), pass.lanes);
      }
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
