// pixels-inl.h: what the tiles of the depthwise kernels have in common: pixels side by side, one vector of
// channels. Included once per SIMD target.
#if defined(CONVSTEP_CONV_DEPTHWISE_PIXELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DEPTHWISE_PIXELS_INL_H_
#undef CONVSTEP_CONV_DEPTHWISE_PIXELS_INL_H_
#else
#define CONVSTEP_CONV_DEPTHWISE_PIXELS_INL_H_
#endif

#include <limits>
#include <utility>

#include "conv/depthwise/kernel.h"
#include "simd/activation-inl.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The strips of a row: kMax pixels or fewer, whose lengths differ by one at most, so that 13 are 7 + 6.
struct Strips {
  int64_t count, pixels, longer;  // the first `longer` ones have one pixel more than the others
  Strips(int64_t total, int64_t max) : count(divide_up(total, max)), pixels(total / count), longer(total % count) {}
  int64_t length(int64_t strip) const { return pixels + (strip < longer); }
};

// What a column or a row off the image reads: as many vectors as a wide tile takes of a pixel.
constexpr int kZeroVectors = HWY_TARGET == HWY_AVX3 ? 4 : HWY_TARGET == HWY_AVX2 ? 2 : 1;
template <class T>
HWY_INLINE const T* zeros() {
  HWY_ALIGN static constexpr T kZeros[kZeroVectors * HWY_MAX_BYTES / sizeof(T)] = {};
  return kZeros;
}

template <int kPixels, class V>
HWY_INLINE void set_all(V (&to)[kPixels], V value) {
  HWY_UNROLL(16)
  for (int p = 0; p < kPixels; ++p) to[p] = value;
}

// Pixels of the output that a tile computes, and how it stores them.
template <class T>
struct TileOutput {
  T* data;
  const T* residual;  // or null
  int64_t row_step, pixel_step, residual_row_step, residual_pixel_step;
  // Where the channels are no multiple of the lanes, the last vector begins so many lanes early. These lanes come out
  // as they did before, but for those that had a residual, which may have been the output.
  size_t overlap;
  Activation activation;
  T slope;
};

// The output of a vector of channels that begins at c or, at the end, before it, whose first channel is `start`. (y, x)
// is a pixel of the block.
template <class T>
HWY_INLINE TileOutput<T> tile_output(const DepthwiseBlock<T>& block, int64_t y, int64_t x, int64_t c, int64_t start) {
  const Epilogue<T>& epilogue = block.epilogue;
  const int64_t residual = y * epilogue.residual_row_step + x * epilogue.residual_pixel_step + start;
  return {block.output.data + y * block.output.row_step + x * block.output.pixel_step + start,
          epilogue.residual ? epilogue.residual + residual : nullptr,
          block.output.row_step,
          block.output.pixel_step,
          epilogue.residual_row_step,
          epilogue.residual_pixel_step,
          static_cast<size_t>(c - start),
          epilogue.activation,
          epilogue.slope};
}

template <int kPixels, class V, class T>
HWY_INLINE void relu_pixels(V (&sum)[kPixels], T limit) {
  const hn::ScalableTag<T> d;
  HWY_UNROLL(16)
  for (int p = 0; p < kPixels; ++p) sum[p] = limited_relu(d, sum[p], limit);
}

// Stores a row of sums, plus the residual, and activated if that is cheap.
template <int kPixels, class T, class V>
HWY_INLINE void store_pixels(const TileOutput<T>& to, int64_t y, V (&sum)[kPixels]) {
  const hn::ScalableTag<T> d;
  const int64_t step = to.pixel_step;
  const Activation activation = to.activation;
  T* HWY_RESTRICT output = to.data + y * to.row_step;
  if (to.residual) {
    const T* residual = to.residual + y * to.residual_row_step;
    const auto is_done = hn::FirstN(d, to.overlap);
    HWY_UNROLL(16)
    for (int p = 0; p < kPixels; ++p) {
      const V total = hn::Add(sum[p], hn::LoadU(d, residual + p * to.residual_pixel_step));
      sum[p] = hn::IfThenElse(is_done, hn::LoadU(d, output + p * step), total);
    }
  }
  if (is_limited_relu(activation)) relu_pixels(sum, relu_limit<T>(activation));
  HWY_UNROLL(16)
  for (int p = 0; p < kPixels; ++p) hn::StoreU(sum[p], d, output + p * step);
}

template <class T>
HWY_NOINLINE void activate_pixels(const TileOutput<T>& to, int64_t rows, int64_t pixels, int64_t channels) {
  const size_t first = to.residual ? to.overlap : 0, count = static_cast<size_t>(channels) - first;
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t p = 0; p < pixels; ++p) {
      activate_row(to.data + y * to.row_step + p * to.pixel_step + first, count, to.activation, to.slope);
    }
  }
}

// The activations that are not cheap, for what a tile has stored. Not in the tile: a call there would cost the sums
// their registers.
template <class T>
HWY_INLINE void activate_the_rest(const TileOutput<T>& to, int64_t rows, int64_t pixels, int64_t channels) {
  if (to.activation > Activation::kRelu6) activate_pixels(to, rows, pixels, channels);
}

// Vectors of channels that are done in a strip before the strip below it, so that rows of the input are in the
// first-level cache when the next row of windows wants them: with 5x5 windows, the 5 x 11 pixels that 7 outputs read
// take 28 KB.
constexpr int64_t kVectorsPerPass = 8;

// A walk over the strips of a block, for `kVectorsPerPass` vectors of its channels at a time.
template <class T>
struct Pass {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t channels;
  const Strips strips;
  int64_t strip = 0, x = 0;  // and its first pixel
  int64_t first = 0, end;    // channels

  Pass(const DepthwiseBlock<T>& block, int64_t max_pixels)
      : channels(block.channels), strips(block.width.output, max_pixels), end(end_of_pass()) {}

  int64_t pixels() const { return strips.length(strip); }
  bool has_strip() const { return first < channels; }
  void next_strip() {
    x += pixels();
    if (++strip < strips.count) return;
    strip = x = 0;
    first = end;
    end = end_of_pass();
  }

 private:
  int64_t end_of_pass() const { return HWY_MIN(first + kVectorsPerPass * lanes, channels); }
};

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
