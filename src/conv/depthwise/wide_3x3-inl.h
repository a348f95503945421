// wide_3x3-inl.h: 3x3 windows of stride 2 over pixels that collide in the level-1 cache. Included once per
// SIMD target.
//
// Where pixels lie a multiple of 2 KB apart, all that a sliding strip reads and writes for a vector of channels, 35
// pixels of the input and 14 of the output, falls into two sets of the cache. So these tiles are wide: several vectors
// of channels, each with sets of its own, of one row of the output. Each input vector is loaded more than once, but
// from few lines per set. Where pixels do not collide, and at stride 1, the sliding strips are faster.
#if defined(CONVSTEP_CONV_DEPTHWISE_WIDE_3X3_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DEPTHWISE_WIDE_3X3_INL_H_
#undef CONVSTEP_CONV_DEPTHWISE_WIDE_3X3_INL_H_
#else
#define CONVSTEP_CONV_DEPTHWISE_WIDE_3X3_INL_H_
#endif

#include "conv/depthwise/sliding_3x3-inl.h"
#include "runtime/machine.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile wants 32 registers and inputs that are operands in memory: 4 x 7 sums and 4 weights. AArch64 has the
// registers, but not the operands, and other caches.
#if HWY_TARGET == HWY_AVX3

// Zen 4: with 512 channels, 14x14, 4 vectors took 0.75 of the time of the sliding strips; 3 vectors took 5% more than
// 4, and 20% more with 1024 channels. Two rows at once of 2 vectors took 5% less, but 5 to 15% more at 28x28 and 56x56
// and 35% more with 1024 channels. Prefetching took 20 to 70% more; weights whose taps do not collide, no less.
constexpr int kWideVectors = 4;
static_assert(kWideVectors <= kZeroVectors);
// Pixels of a strip: 7 for the images of MobileNet, 4 for those whose width is a power of two. Other widths slide: 5
// and 6 would take another 5 KB of code.
constexpr int kWidePixels = 7, kLessWidePixels = 4;

// Pixels so far apart lie in two sets of the level-1 cache.
constexpr int64_t kCollidingBytes = kLevel1Span / 2;

// One row of a strip, `kWideVectors` vectors of channels. No residual: that would take 1 KB of code per tile.
template <class T, int kPixels>
HWY_NOINLINE void wide_tile(const Slide<T>& slide) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kColumns = (kPixels - 1) * 2 + 3;
  constexpr size_t kLanes = hn::MaxLanes(d);
  const int64_t tap_step = slide.tap_step;
  const T* w = slide.weights;
  V sum[kWideVectors][kPixels], weights[kWideVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kWideVectors; ++v) set_all(sum[v], hn::LoadU(d, slide.bias + v * kLanes));
  HWY_UNROLL(1)
  for (int i = 0; i < 3; ++i) {
    const SlideRow<T> from = slide_row<kColumns>(slide, slide.first_row + i);
    const int64_t step = from.step;
    const T* column = from.second + step;  // that tap j of pixel 1 reads
    HWY_UNROLL(1)
    for (int j = 0; j < 3; ++j, column += step, w += tap_step) {
      const T* first = j == 0 ? from.first : column - 2 * step;
      const T* last = j == 2 ? from.last : column + 2 * (kPixels - 2) * step;
      HWY_UNROLL(4)
      for (int v = 0; v < kWideVectors; ++v) weights[v] = hn::LoadU(d, w + v * kLanes);
      HWY_UNROLL(16)
      for (int p = 0; p < kPixels; ++p) {
        const T* x = p == 0 ? first : p == kPixels - 1 ? last : column + 2 * (p - 1) * step;
        HWY_UNROLL(4)
        for (int v = 0; v < kWideVectors; ++v) {
          sum[v][p] = hn::MulAdd(hn::LoadU(d, x + v * kLanes), weights[v], sum[v][p]);
        }
      }
    }
  }
  if (is_limited_relu(slide.output.activation)) {
    const T limit = relu_limit<T>(slide.output.activation);
    HWY_UNROLL(4)
    for (int v = 0; v < kWideVectors; ++v) relu_pixels(sum[v], limit);
  }
  T* to = slide.output.data;
  const int64_t to_step = slide.output.pixel_step;
  HWY_UNROLL(16)
  for (int p = 0; p < kPixels; ++p, to += to_step) {
    HWY_UNROLL(4)
    for (int v = 0; v < kWideVectors; ++v) hn::StoreU(sum[v][p], d, to + v * kLanes);
  }
}

// Stores the sums of a tile, plus the residual, and activated.
template <class T>
HWY_NOINLINE void store_wide(const T* HWY_RESTRICT sums, int64_t pixels, const TileOutput<T>& output) {
  const hn::ScalableTag<T> d;
  constexpr int64_t kLanes = hn::MaxLanes(d);
  const TileOutput<T> to{.data = output.data,
                         .residual = output.residual,
                         .row_step = output.pixel_step,
                         .pixel_step = kLanes,
                         .residual_row_step = output.residual_pixel_step,
                         .residual_pixel_step = kLanes,
                         .overlap = 0,
                         .activation = output.activation,
                         .slope = output.slope};
  for (int64_t p = 0; p < pixels; ++p, sums += kWideVectors * kLanes) {
    hn::Vec<decltype(d)> sum[kWideVectors];
    HWY_UNROLL(4)
    for (int v = 0; v < kWideVectors; ++v) sum[v] = hn::Load(d, sums + v * kLanes);
    store_pixels<kWideVectors>(to, p, sum);
  }
  activate_the_rest(to, pixels, kWideVectors, kLanes);
}

// The pixels of the strips of such a block, 0 for one that slides.
template <class T>
int64_t wide_pixels(const DepthwiseBlock<T>& block) {
  const WindowAxis& width = block.width;
  if (width.stride != 2 || block.input_pixel_step * static_cast<int64_t>(sizeof(T)) % kCollidingBytes != 0) return 0;
  if (width.output % kWidePixels == 0) return kWidePixels;
  return width.output % kLessWidePixels == 0 ? kLessWidePixels : 0;
}
#endif

// Computes the first channels of a block where wide tiles are of use, and returns how many those are.
template <class T>
int64_t wide_channels(const DepthwiseBlock<T>& block) {
#if HWY_TARGET == HWY_AVX3
  const int64_t pixels = wide_pixels(block);
  if (pixels == 0) return 0;
  constexpr int64_t kChannels = kWideVectors * hn::MaxLanes(hn::ScalableTag<T>());
  const int64_t end = block.channels / kChannels * kChannels;
  const SlideFunction<T> tile = pixels == kWidePixels ? &wide_tile<T, kWidePixels> : &wide_tile<T, kLessWidePixels>;
  HWY_ALIGN T sums[kWidePixels * kChannels];
  for (int64_t y = 0; y < block.height.output; y += kBandRowsByTwo) {
    const int64_t end_row = HWY_MIN(y + kBandRowsByTwo, block.height.output);
    for (int64_t x = 0; x < block.width.output; x += pixels) {
      for (int64_t c = 0; c < end; c += kChannels) {
        // A row after the other, as they share a row of the input.
        for (int64_t row = y; row < end_row; ++row) {
          Slide<T> work = slide_at(block, {row, x, 1, pixels}, c, c);
          const TileOutput<T> to = work.output;
          const bool is_done = !to.residual && to.activation <= Activation::kRelu6;
          if (!is_done) {
            work.output.data = sums;
            work.output.pixel_step = kChannels;
            work.output.activation = Activation::kNone;
          }
          tile(work);
          if (!is_done) store_wide(sums, pixels, to);
        }
      }
    }
  }
  return end;
#else
  (void)block;
  return 0;
#endif
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
