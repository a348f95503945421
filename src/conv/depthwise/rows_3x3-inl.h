// rows_3x3-inl.h: 3x3 windows where there are 16 registers, or arrays lie far away. Included once per
// SIMD target.
//
// Sliding strips want three rows of sums and 9 weights: with 16 registers they spill, or are so narrow (2 pixels) that
// to begin and to end their rows takes longer than the products. So a tile is one row of a strip with the weights of
// one window row, and runs over the channels before anything is set up anew.
#if defined(CONVSTEP_CONV_DEPTHWISE_ROWS_3X3_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DEPTHWISE_ROWS_3X3_INL_H_
#undef CONVSTEP_CONV_DEPTHWISE_ROWS_3X3_INL_H_
#else
#define CONVSTEP_CONV_DEPTHWISE_ROWS_3X3_INL_H_
#endif

#include "conv/depthwise/sliding_3x3-inl.h"
#include "runtime/machine.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

constexpr bool kRunsAlongRows = HWY_TARGET == HWY_AVX2;

// With 32 registers sliding strips are faster, but not where input and output come from memory: strips take a line from
// each of some 10 rows in turn, where tiles along a row take pixels as they lie. Zen 4, 8 images of 56x56, 128
// channels: 1.6 ms for 2.4; 112x112, 64 channels, stride 2: 1.2 for 2.6.
// Pixels of no more than two cache lines gain nothing from it. Tiles of 2 pixels were faster than those of 3, 4 and 7;
// to prefetch the rows of the next band for strips, in whichever order, gained nothing.
constexpr bool kRunsAlongFarRows = HWY_TARGET == HWY_AVX3;
constexpr int kFarPixels = 2;
template <class T>
bool runs_along_far_rows(const DepthwiseBlock<T>& block) {
  return block.is_far && block.channels * sizeof(T) >= 256 && !block.epilogue.residual;
}

// Pixels of a tile of one vector of channels: 7 sums, 3 weights and an input are 11 registers, and 12 loads go with 21
// products, of either of which a cycle does 2. MobileNet's images are multiples of 7 wide.
// Of two vectors: 2 x (4 sums + 3 weights) and an input are 15 registers; 18 loads go with 24 products.
constexpr int kPixelsOfOne = 7, kPixelsOfTwo = 4;

// Two vectors are a line of 64 bytes. Where lines may be gone from the level-1 cache before the second half is wanted,
// tiles take both: at stride 2, whose strips of 7 would read 15 pixels in each of three rows, and where pixels lie a
// multiple of 2 KB apart, in two sets of that cache. Zen 4: 1024 channels at 7x7 18 us for 26, 512 at 14x14 34 for 37,
// at stride 2 11 for 26. Elsewhere one vector is faster, by up to a quarter: 960 channels at 7x7 10 us for 13. And what
// pairs leave over begins anew: 3, 5 and 7 vectors took 10 to 15% more time in pairs.
template <class T>
bool takes_two_vectors(const DepthwiseBlock<T>& block) {
  constexpr int64_t kCollidingBytes = kLevel1Span / 2, kLanes = hn::MaxLanes(hn::ScalableTag<T>());
  const bool collides = block.input_pixel_step * static_cast<int64_t>(sizeof(T)) % kCollidingBytes == 0;
  const bool fits_pairs = block.channels % (2 * kLanes) == 0 || block.channels >= 8 * kLanes;
  return collides || (block.width.stride == 2 && fits_pairs);
}

// Input and output of more bytes than this do not stay in a level-2 cache; then each tile fetches what the row below it
// will be the first to read. Zen 4: 10 to 30% at 56x56 and 112x112, up to 80% where others use the level-3 cache; at
// 28x28, stride 2 (0.9 MB) it lost 10%.
template <class T>
bool exceeds_level2(const DepthwiseBlock<T>& block) {
  const auto& [height, width] = WindowGeometry{block.height, block.width};
  const int64_t pixels = height.input * width.input + height.output * width.output;
  return pixels * block.channels * static_cast<int64_t>(sizeof(T)) > kLevel2Bytes;
}

// One output row of a strip: `channels` channels, a multiple of those of kVectors vectors. No residual: that would take
// 300 bytes of code per tile.
template <class T, int kStride, int kVectors, int kPixels>
HWY_NOINLINE void row_tile_3x3(const Slide<T>& slide, int64_t channels, bool prefetches) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kColumns = (kPixels - 1) * kStride + 3;
  constexpr int64_t kLanes = hn::MaxLanes(d);
  const int64_t tap_step = slide.tap_step, row_step = slide.row_step, pixel_step = slide.pixel_step;
  const int64_t output_step = slide.output.pixel_step;
  const bool is_left_off = slide.left_off, is_right_off = slide.right_off;
  const Activation activation = slide.output.activation;
  const T* bias = slide.bias;
  const T* weights_of_all = slide.weights;
  const T* image = slide.image;
  T* output = slide.output.data;
  // Of what the first tap reads; may be off the image.
  const uint64_t first_row = static_cast<uint64_t>(slide.first_row), height = static_cast<uint64_t>(slide.height);
  const int64_t first = slide.first_row * row_step + (slide.second_column - 1) * pixel_step;
  for (int64_t c = 0; c < channels; c += kVectors * kLanes) {
    V sum[kVectors][kPixels];
    HWY_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) set_all(sum[v], hn::LoadU(d, bias + c + v * kLanes));
    const T* w = weights_of_all + c;
    int64_t offset = first + c;
    uint64_t row = first_row;
    HWY_UNROLL(1)
    for (; row != first_row + 3; ++row, offset += row_step) {
      V weights[kVectors][3];
      HWY_UNROLL(3)
      for (int j = 0; j < 3; ++j, w += tap_step) {
        HWY_UNROLL(2)
        for (int v = 0; v < kVectors; ++v) weights[v][j] = hn::LoadU(d, w + v * kLanes);
      }
      const T* x = image + offset;
      int64_t step = pixel_step;
      if (HWY_UNLIKELY(row >= height)) {
        x = zeros<T>();
        step = 0;
      }
      // Opaque, or GCC 12 makes four versions of short tiles.
      const bool left_off = opaque(is_left_off), right_off = opaque(is_right_off);
      HWY_UNROLL(16)
      for (int q = 0; q < kColumns; ++q, x = opaque(x + step)) {
        const bool is_off = (q == 0 && left_off) || (q == kColumns - 1 && right_off);
        HWY_UNROLL(2)
        for (int v = 0; v < kVectors; ++v) {
          const V value = HWY_UNLIKELY(is_off) ? hn::Zero(d) : hn::LoadU(d, x + v * kLanes);
          HWY_UNROLL(8)
          for (int p = 0; p < kPixels; ++p) {
            const int j = q - p * kStride;
            if (j >= 0 && j < 3) sum[v][p] = hn::MulAdd(value, weights[v][j], sum[v][p]);
          }
        }
      }
    }
    HWY_UNROLL(1)
    for (uint64_t end = row + kStride; prefetches && row != end && row < height; ++row, offset += row_step) {
      const T* x = image + offset;
      HWY_UNROLL(8)
      for (int q = 0; q < kPixels * kStride; ++q) __builtin_prefetch(x = opaque(x + pixel_step), 0, 2);
    }
    if (is_limited_relu(activation)) {
      HWY_UNROLL(2)
      for (int v = 0; v < kVectors; ++v) relu_pixels(sum[v], relu_limit<T>(activation));
    }
    T* to = output + c;
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p, to = opaque(to + output_step)) {
      HWY_UNROLL(2)
      for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[v][p], d, to + v * kLanes);
    }
  }
}

template <class T>
using RowFunction3x3 = void (*)(const Slide<T>& slide, int64_t channels, bool prefetches);

// The n-th takes strips of n + 1 pixels.
template <class T, int kStride, int kVectors, int... kIndex>
HWY_INLINE const RowFunction3x3<T>* row_tiles_3x3(std::integer_sequence<int, kIndex...>) {
  static constexpr RowFunction3x3<T> kTiles[] = {&row_tile_3x3<T, kStride, kVectors, kIndex + 1>...};
  return kTiles;
}

// output = activation(sums + residual), `channels` channels of each pixel.
template <class T>
HWY_NOINLINE void add_residual(const T* HWY_RESTRICT sums, int64_t sums_step, int64_t pixels, int64_t channels,
                               const TileOutput<T>& to) {
  const hn::ScalableTag<T> d;
  const int64_t first = static_cast<int64_t>(to.overlap);
  for (int64_t p = 0; p < pixels; ++p, sums += sums_step) {
    T* output = to.data + p * to.pixel_step;
    const T* residual = to.residual + p * to.residual_pixel_step;
    for (int64_t c = first; c < channels; c += hn::MaxLanes(d)) {
      const size_t n = static_cast<size_t>(channels - c);
      store_n(hn::Add(load_n(d, sums + c, n), load_n(d, residual + c, n)), d, output + c, n);
    }
    activate_row(output + first, static_cast<size_t>(channels - first), to.activation, to.slope);
  }
}

// Some channels at a time, through a buffer, as the residual may be the output.
template <class T>
HWY_NOINLINE void run_with_residual(RowFunction3x3<T> tile, Slide<T> slide, int64_t pixels, int64_t channels) {
  constexpr int64_t kPart = 8 * hn::MaxLanes(hn::ScalableTag<T>());
  HWY_ALIGN T sums[kPixelsOfOne * kPart];
  TileOutput<T> to = slide.output;
  slide.output.data = sums;
  slide.output.pixel_step = kPart;
  slide.output.activation = Activation::kNone;
  for (int64_t c = 0; c < channels; c += kPart) {
    const int64_t count = HWY_MIN(kPart, channels - c);
    tile(slide, count, false);
    add_residual(sums, kPart, pixels, count, to);
    slide.image += kPart;
    slide.weights += kPart;
    slide.bias += kPart;
    to.data += kPart;
    to.residual += kPart;
  }
}

// A tile and all that comes after its sums.
template <class T>
HWY_NOINLINE void run_row_tile(RowFunction3x3<T> tile, const Slide<T>& slide, int64_t pixels, int64_t channels,
                               bool prefetches) {
  if (slide.output.residual) return run_with_residual(tile, slide, pixels, channels);
  tile(slide, channels, prefetches);
  activate_the_rest(slide.output, 1, pixels, channels);
}

// The channels that two vectors at a time leave over are done by tiles of one.
template <class T, int kStride>
void row_block_3x3(const DepthwiseBlock<T>& block) {
  constexpr int64_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());
  constexpr int kMaxOfOne = kStride == 1 ? kPixelsOfOne : kPixelsOfTwo;
  const bool two = takes_two_vectors(block), prefetches = exceeds_level2(block);
  const auto* ones = row_tiles_3x3<T, kStride, 1>(std::make_integer_sequence<int, kMaxOfOne>());
  const auto* twos = row_tiles_3x3<T, kStride, 2>(std::make_integer_sequence<int, kPixelsOfTwo>());
  const Strips strips(block.width.output, two ? kPixelsOfTwo : kMaxOfOne);
  const int64_t multiple = two ? 2 * kLanes : kLanes, full = block.channels / multiple * multiple;
  for (int64_t y = 0; y < block.height.output; ++y) {
    for (int64_t s = 0, x = 0; s < strips.count; x += strips.length(s++)) {
      const int64_t pixels = strips.length(s);
      const SlideArea area{y, x, 1, pixels};
      if (full > 0) {
        run_row_tile(two ? twos[pixels - 1] : ones[pixels - 1], slide_at(block, area, 0, 0), pixels, full, prefetches);
      }
      for (int64_t c = full; c < block.channels; c += kLanes) {
        const Slide<T> rest = slide_at(block, area, c, HWY_MIN(c, block.channels - kLanes));
        run_row_tile(ones[pixels - 1], rest, pixels, kLanes, prefetches);
      }
    }
  }
}

template <class T, int kStride>
void far_block_3x3(const DepthwiseBlock<T>& block) {
  constexpr int64_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());
  const auto* tiles = row_tiles_3x3<T, kStride, 1>(std::make_integer_sequence<int, kFarPixels>());
  const Strips strips(block.width.output, kFarPixels);
  const int64_t full = block.channels / kLanes * kLanes;
  for (int64_t y = 0; y < block.height.output; ++y) {
    for (int64_t s = 0, x = 0; s < strips.count; x += strips.length(s++)) {
      const int64_t pixels = strips.length(s);
      const auto run = [&](int64_t c, int64_t start, int64_t channels) {
        const Slide<T> slide = slide_at(block, {y, x, 1, pixels}, c, start);
        tiles[pixels - 1](slide, channels, true);
        activate_the_rest(slide.output, 1, pixels, channels);
      };
      run(0, 0, full);
      if (full < block.channels) run(full, block.channels - kLanes, kLanes);
    }
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
