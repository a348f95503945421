// sliding_3x3-inl.h: the 3x3 windows of MobileNet and its kin, stride 1 or 2, where there are many registers.
// Included once per SIMD target.
//
// These layers are bound by the caches: a row of the input (28 KB in each float32 layer of MobileNet) does not stay in
// the first level until the next window row wants it. So a strip of columns slides down a band of rows, and each input
// vector is loaded once and used for every window row at once: the sums of up to three output rows are under way.
#if defined(CONVSTEP_CONV_DEPTHWISE_SLIDING_3X3_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_DEPTHWISE_SLIDING_3X3_INL_H_
#undef CONVSTEP_CONV_DEPTHWISE_SLIDING_3X3_INL_H_
#else
#define CONVSTEP_CONV_DEPTHWISE_SLIDING_3X3_INL_H_
#endif

#include "conv/depthwise/pixels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Registers: three rows of sums (stride 1) and one for the input. With 32 of them the 9 weights stay, too:
// 3 x 7 + 9 + 1 = 31. With 16, 3 x 4 + 1 = 13, and sums or weights spill (AVX2 runs along rows instead).
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMaxSlidingPixels = 7;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kMaxSlidingPixels = 1;  // for small code: few machines run it
#elif HWY_TARGET == HWY_SSE4
constexpr int kMaxSlidingPixels = 2;
#else
constexpr int kMaxSlidingPixels = 4;
#endif

// Output rows of a band. Its first input rows are read by the band above, too; but the fewer rows, the fewer pages does
// a strip touch, and the more does the prefetcher see of each. Sapphire Rapids: at stride 1, 4 rows gained 10% over 8
// where pixels lie 4 KB apart (1024 channels, all in one set of the cache) and lost 3% where they do not (960); at
// stride 2, 2 rows gained up to 30% over 8. Prefetching the next strip by hand cost 5 to 40%.
constexpr int64_t kBandRowsByOne = 4, kBandRowsByTwo = 2;

// One vector of channels of a strip of columns, over the rows of a band.
template <class T>
struct Slide {
  const T* image;  // channel 0 of the vector, at pixel (0, 0)
  int64_t row_step, pixel_step;
  int64_t height;         // of the image
  int64_t first_row;      // of the image, that the band reads; may be -1
  int64_t second_column;  // of the image, that the strip reads; the first may be -1, the last one off the image, too
  bool left_off, right_off;
  const T* weights;
  const T* bias;
  int64_t tap_step;
  int64_t rows;  // output
  TileOutput<T> output;
};

// What a strip reads in one row: its first column, its last, and those between.
template <class T>
struct SlideRow {
  const T *first, *second, *last;
  int64_t step;
};

template <int kColumns, class T>
HWY_INLINE SlideRow<T> slide_row(const Slide<T>& slide, int64_t row) {
  if (row < 0 || row >= slide.height) return {zeros<T>(), zeros<T>(), zeros<T>(), 0};
  const int64_t step = slide.pixel_step;
  const T* second = slide.image + row * slide.row_step + slide.second_column * step;
  return {slide.left_off ? zeros<T>() : second - step, second,
          slide.right_off ? zeros<T>() : second + (kColumns - 2) * step, step};
}

// a += window row kA over a row of the image, b and c alike; window rows below 0 are left out.
template <int kStride, int kA, int kB, int kC, class T, int kPixels, class V>
HWY_INLINE void add_row(const Slide<T>& slide, int64_t row, const V (&weights)[3][3], V (&a)[kPixels], V (&b)[kPixels],
                        V (&c)[kPixels]) {
  const hn::ScalableTag<T> d;
  constexpr int kColumns = (kPixels - 1) * kStride + 3;
  const SlideRow<T> from = slide_row<kColumns>(slide, row);
  HWY_UNROLL(16)
  for (int q = 0; q < kColumns; ++q) {
    const V x = hn::LoadU(d, q == 0 ? from.first : q == kColumns - 1 ? from.last : from.second + (q - 1) * from.step);
    HWY_UNROLL(16)
    for (int p = 0; p < kPixels; ++p) {
      const int j = q - p * kStride;
      if (j < 0 || j > 2) continue;
      if constexpr (kA >= 0) a[p] = hn::MulAdd(x, weights[kA][j], a[p]);
      if constexpr (kB >= 0) b[p] = hn::MulAdd(x, weights[kB][j], b[p]);
      if constexpr (kC >= 0) c[p] = hn::MulAdd(x, weights[kC][j], c[p]);
    }
  }
}

template <int kPixels, class V>
HWY_INLINE void move(V (&to)[kPixels], const V (&from)[kPixels]) {
  HWY_UNROLL(16)
  for (int p = 0; p < kPixels; ++p) to[p] = from[p];
}

template <class T, class V>
HWY_INLINE void load_window(const Slide<T>& slide, V (&weights)[3][3]) {
  const hn::ScalableTag<T> d;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) weights[i][j] = hn::LoadU(d, slide.weights + (3 * i + j) * slide.tap_step);
  }
}

// a, b and c are the sums of three output rows, one below the other. They move up by register moves, which the
// processor's renaming does; unrolling three rows would say the same in three times the code.
template <class T, int kPixels>
HWY_NOINLINE void slide_by_one(const Slide<T>& slide) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V weights[3][3], a[kPixels], b[kPixels], c[kPixels];
  load_window(slide, weights);
  const V bias = hn::LoadU(d, slide.bias);
  const int64_t last = slide.rows - 1;
  int64_t row = slide.first_row;
  set_all(a, bias);
  set_all(b, bias);
  add_row<1, 0, -1, -1>(slide, row++, weights, a, b, c);
  if (last == 0) {
    add_row<1, 1, -1, -1>(slide, row++, weights, a, b, c);
  } else {
    add_row<1, 1, 0, -1>(slide, row++, weights, a, b, c);
    for (int64_t y = 0; y + 1 < last; ++y) {
      set_all(c, hn::LoadU(d, slide.bias));
      add_row<1, 2, 1, 0>(slide, row++, weights, a, b, c);
      store_pixels<kPixels>(slide.output, y, a);
      move(a, b);
      move(b, c);
    }
    add_row<1, 2, 1, -1>(slide, row++, weights, a, b, c);
    store_pixels<kPixels>(slide.output, last - 1, a);
    move(a, b);
  }
  add_row<1, 2, -1, -1>(slide, row, weights, a, b, c);
  store_pixels<kPixels>(slide.output, last, a);
}

// With stride 2 every other row of the input belongs to two output rows.
template <class T, int kPixels>
HWY_NOINLINE void slide_by_two(const Slide<T>& slide) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V weights[3][3], a[kPixels], b[kPixels];
  load_window(slide, weights);
  const V bias = hn::LoadU(d, slide.bias);
  const int64_t last = slide.rows - 1;
  int64_t row = slide.first_row;
  set_all(a, bias);
  add_row<2, 0, -1, -1>(slide, row++, weights, a, b, b);
  for (int64_t y = 0; y < last; ++y) {
    add_row<2, 1, -1, -1>(slide, row++, weights, a, b, b);
    set_all(b, hn::LoadU(d, slide.bias));
    add_row<2, 2, 0, -1>(slide, row++, weights, a, b, b);
    store_pixels<kPixels>(slide.output, y, a);
    move(a, b);
  }
  add_row<2, 1, -1, -1>(slide, row++, weights, a, b, b);
  add_row<2, 2, -1, -1>(slide, row, weights, a, b, b);
  store_pixels<kPixels>(slide.output, last, a);
}

template <class T>
using SlideFunction = void (*)(const Slide<T>&);

// The n-th slides a strip of n + 1 pixels.
template <class T, int... kIndex>
HWY_INLINE const SlideFunction<T>* slides_of(int64_t stride, std::integer_sequence<int, kIndex...>) {
  static constexpr SlideFunction<T> kByOne[] = {&slide_by_one<T, kIndex + 1>...};
  static constexpr SlideFunction<T> kByTwo[] = {&slide_by_two<T, kIndex + 1>...};
  return stride == 1 ? kByOne : kByTwo;
}

// Pixels of the block: rows [y, y + rows), columns [x, x + pixels).
struct SlideArea {
  int64_t y, x, rows, pixels;
};

// The vector of channels that begins at c or, at the end, before it, whose first channel is `start`.
template <class T>
HWY_INLINE Slide<T> slide_at(const DepthwiseBlock<T>& block, const SlideArea& area, int64_t c, int64_t start) {
  const int64_t second = block.width.source(area.x, 1), last = block.width.source(area.x + area.pixels - 1, 2);
  return {.image = block.input + start,
          .row_step = block.input_row_step,
          .pixel_step = block.input_pixel_step,
          .height = block.height.input,
          .first_row = block.height.source(area.y, 0),
          .second_column = second,
          .left_off = second == 0,
          .right_off = last >= block.width.input,
          .weights = block.weights + start,
          .bias = block.bias + start,
          .tap_step = block.tap_step,
          .rows = area.rows,
          .output = tile_output(block, area.y, area.x, c, start)};
}

// The channels of the block from `first` on.
template <class T>
void slide_block(const DepthwiseBlock<T>& block, int64_t first) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const SlideFunction<T>* slides =
      slides_of<T>(block.width.stride, std::make_integer_sequence<int, kMaxSlidingPixels>());
  const Strips strips(block.width.output, kMaxSlidingPixels);
  const int64_t band = block.width.stride == 1 ? kBandRowsByOne : kBandRowsByTwo;
  for (int64_t y = 0; y < block.height.output; y += band) {
    const int64_t rows = HWY_MIN(band, block.height.output - y);
    for (int64_t s = 0, x = 0; s < strips.count; x += strips.length(s++)) {
      const int64_t pixels = strips.length(s);
      for (int64_t c = first; c < block.channels; c += lanes) {
        const Slide<T> work = slide_at(block, {y, x, rows, pixels}, c, HWY_MIN(c, block.channels - lanes));
        slides[pixels - 1](work);
        activate_the_rest(work.output, rows, pixels, lanes);
      }
    }
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
