// rows-inl.h: windows 5 wide, stride 1 or 2 along the row, or 7 wide, stride 1. Included once per SIMD
// target.
//
// A row of the input that a strip reads is loaded once for all the taps of a window row. What is off the image reads
// zeros.
#if defined(CONVSTEP_CONV_DEPTHWISE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DEPTHWISE_ROWS_INL_H_
#undef CONVSTEP_CONV_DEPTHWISE_ROWS_INL_H_
#else
#define CONVSTEP_CONV_DEPTHWISE_ROWS_INL_H_
#endif

#include "conv/depthwise/pixels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// 7 sums, 7 weights of a window row and the input are 15 registers of 16.
// Targets without fused multiply-add get short strips: their code is as large, and few machines run it.
#if HWY_TARGET == HWY_SCALAR
constexpr int kMaxRowPixels = 1;
#elif HWY_TARGET == HWY_SSE4
constexpr int kMaxRowPixels = 2;
#else
constexpr int kMaxRowPixels = 7;
#endif

// Some vectors of channels of a strip.
template <class T>
struct RowTile {
  const T* image;  // channel 0 of the first vector, at pixel (0, 0)
  int64_t row_step, pixel_step;
  WindowAxis height;
  int64_t first_tap, end_tap;  // rows of the window
  int64_t first_row;           // of the image, that the window reads
  int64_t first_column;        // of the image, that the strip reads
  uint32_t off_columns;        // bit q: its column q is off the image
  const T* weights;
  const T* bias;
  int64_t tap_step;
  int64_t channels;  // a multiple of the lanes
  TileOutput<T> output;
};

// sum += one window row. Bit q of `off` says that column q of the strip is off the image. That is asked of every
// column, inside the image, too: a test and a jump that is not taken are one instruction (addresses that were chosen
// took four: 15 to 25% slower on Zen 4), and code for strips that lie inside would be as large again.
template <int kStride, int kWindow, int kPixels, class T, class V>
HWY_INLINE void add_taps(const T* x, int64_t step, uint32_t off, const V (&weights)[kWindow], V (&sum)[kPixels]) {
  const hn::ScalableTag<T> d;
  constexpr int kColumns = (kPixels - 1) * kStride + kWindow;
  static_assert(kColumns <= 32);
  HWY_UNROLL(32)
  for (int q = 0; q < kColumns; ++q, x = opaque(x + step)) {
    const V value = HWY_UNLIKELY(off & (uint32_t{1} << q)) ? hn::Zero(d) : hn::LoadU(d, x);
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      const int j = q - p * kStride;
      if (j >= 0 && j < kWindow) sum[p] = hn::MulAdd(value, weights[j], sum[p]);
    }
  }
}

// What the products of taps off the image come to, which the last rows of a window leave out: -0 where all weights are
// negative, so that a sum of -0 stays what it is, else 0. (Sums begin at a bias that is not -0, which rows that are
// left out at the beginning leave alone.)
template <class D, class T>
HWY_NOINLINE hn::Vec<D> zeros_left_out(D d, const T* HWY_RESTRICT w, int64_t taps, int64_t tap_step) {
  auto zeros = hn::SignBit(d);
  for (int64_t t = 0; t < taps; ++t) zeros = hn::And(zeros, hn::LoadU(d, w + t * tap_step));
  return zeros;
}

// The vectors share what it takes to begin: a call for each took 10 to 17% longer (Zen 4).
template <class T, int kWindow, int kStride, int kPixels>
HWY_NOINLINE void row_tile(const RowTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), channels = tile.channels;
  const int64_t step = tile.pixel_step, tap_step = tile.tap_step, first_tap = tile.first_tap, end_tap = tile.end_tap;
  const int64_t row_step = tile.height.dilation * tile.row_step, left_out = (tile.height.window - end_tap) * kWindow;
  const int64_t first = tile.first_row * tile.row_step + tile.first_column * step;
  const T* image = tile.image;
  const T* bias = tile.bias;
  const T* tile_weights = tile.weights + tile.first_tap * kWindow * tap_step;
  TileOutput<T> to = tile.output;
  for (int64_t c = 0; c < channels; c += lanes) {
    V sum[kPixels], weights[kWindow];
    set_all(sum, hn::LoadU(d, bias + c));
    const T* w = tile_weights + c;
    for (int64_t i = first_tap; i < end_tap; ++i) {
      HWY_UNROLL(8)
      for (int j = 0; j < kWindow; ++j, w += tap_step) weights[j] = hn::LoadU(d, w);
      const bool is_inside = tile.height.is_inside(tile.first_row + i * tile.height.dilation);
      const T* from = image + (is_inside ? first + i * row_step + c : 0);
      add_taps<kStride>(from, step, opaque(is_inside ? tile.off_columns : ~uint32_t{0}), weights, sum);
    }
    if (left_out > 0) {
      const V zeros = zeros_left_out(d, w, left_out, tap_step);
      HWY_UNROLL(8)
      for (int p = 0; p < kPixels; ++p) sum[p] = hn::Add(sum[p], zeros);
    }
    store_pixels<kPixels>(to, 0, sum);
    to.data += lanes;
    if (to.residual) to.residual += lanes;
  }
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
    uint32_t off_columns = 0;
    for (int q = 0; q < 32; ++q) off_columns |= uint32_t{!block.width.is_inside(first_column + q)} << q;
    for (int64_t y = 0; y < block.height.output; ++y) {
      const auto [first_tap, end_tap] =
          block.are_weights_finite ? block.height.taps_on_input(y) : WindowAxis::Taps{0, block.height.window};
      for (int64_t c = pass.first; c < pass.end;) {
        // Those that fill vectors, then those that are left.
        const int64_t channels = HWY_MAX((pass.end - c) / pass.lanes * pass.lanes, pass.lanes);
        const int64_t start = HWY_MIN(c, block.channels - pass.lanes);
        const RowTile<T> tile{.image = block.input + start,
                              .row_step = block.input_row_step,
                              .pixel_step = block.input_pixel_step,
                              .height = block.height,
                              .first_tap = first_tap,
                              .end_tap = end_tap,
                              .first_row = block.height.source(y, 0),
                              .first_column = first_column,
                              .off_columns = off_columns,
                              .weights = block.weights + start,
                              .bias = block.bias + start,
                              .tap_step = block.tap_step,
                              .channels = channels,
                              .output = tile_output(block, y, pass.x, c, start)};
        tiles[pass.pixels() - 1](tile);
        activate_the_rest(tile.output, 1, pass.pixels(), channels);
        c += channels;
      }
    }
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
