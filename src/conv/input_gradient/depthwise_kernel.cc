// depthwise_kernel.cc: register tile, row, block.
#include "conv/input_gradient/depthwise_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/input_gradient/depthwise_kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A place is a column of the padded input: window tap j of output x reads place 2 * x + j. A tile computes some places
// of a row, the first of which is odd, as that is where an image with one column of padding begins. Registers: its
// sums, a row of the window and a vector of the gradient; 8 + 5 + 1 = 14.
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_SSE4
constexpr int kPlaces = 2;  // for small code: few machines run it
#else
constexpr int kPlaces = 8;
#endif
static_assert(kPlaces % 2 == 0, "every tile begins at an odd place");

// A row of outputs that reads the row of the tile, and the row of the window that it reads it through.
template <class T>
struct Reader {
  const T* grad;  // of output 0
  const T* weights;
};
constexpr int kMostReaders = 3;  // of windows of 5 rows

template <class T>
struct PlacesTile {
  Reader<T> readers[kMostReaders] = {};
  int64_t reader_count = 0;
  int64_t first_output = 0;
  int64_t pixel_step, tap_step;
  uint32_t off_outputs = 0;  // bit q: there is no output first_output + q
  uint32_t off_places = 0;   // bit t: place t is not wanted
  int64_t channels;          // a multiple of the lanes
  T* to = nullptr;           // place 0
  const T* before = nullptr;
  int64_t to_step, before_step;
  // Where the channels are no multiple of the lanes, the last vector begins so many lanes early. What is there must not
  // be added to these lanes twice.
  size_t overlap;
};

// The first output that reads a tile at place 2 * x + 1 is this far from x; they end at the output that reads the last
// place through tap 0.
template <int kWindow>
constexpr int kFirstOutput = -((kWindow - 2) / 2);
template <int kWindow>
constexpr int kOutputs = kPlaces / 2 - kFirstOutput<kWindow> + 1;

template <class T, class V>
HWY_INLINE void add_before(const PlacesTile<T>& tile, int64_t c, V (&sum)[kPlaces]) {
  const hn::ScalableTag<T> d;
  const auto is_done = hn::FirstN(d, tile.overlap);
  HWY_UNROLL(16)
  for (int t = 0; t < kPlaces; ++t) {
    if (tile.off_places & (uint32_t{1} << t)) continue;
    const V total = hn::Add(hn::LoadU(d, tile.before + t * tile.before_step + c), sum[t]);
    sum[t] = hn::IfThenElse(is_done, hn::LoadU(d, tile.to + t * tile.to_step + c), total);
  }
}

template <class T, int kWindow>
HWY_NOINLINE void places_tile(const PlacesTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), channels = tile.channels;
  const int64_t step = tile.pixel_step, tap_step = tile.tap_step, to_step = tile.to_step;
  const int64_t first = tile.first_output * step, readers = tile.reader_count;
  const uint32_t off_outputs = tile.off_outputs, off_places = tile.off_places;
  for (int64_t c = 0; c < channels; c += lanes) {
    V sum[kPlaces];
    HWY_UNROLL(16)
    for (int t = 0; t < kPlaces; ++t) sum[t] = hn::Zero(d);
    HWY_UNROLL(1)
    for (int64_t r = 0; r < readers; ++r) {
      V weights[kWindow];
      const T* w = tile.readers[r].weights + c;
      HWY_UNROLL(8)
      for (int j = 0; j < kWindow; ++j, w += tap_step) weights[j] = hn::LoadU(d, w);
      const T* g = tile.readers[r].grad + (first + c);
      const uint32_t off = opaque(off_outputs);  // or GCC makes a version for each of its values
      HWY_UNROLL(16)
      for (int q = 0; q < kOutputs<kWindow>; ++q, g = opaque(g + step)) {
        if (HWY_UNLIKELY(off & (uint32_t{1} << q))) continue;
        const V value = hn::LoadU(d, g);
        HWY_UNROLL(8)
        for (int j = 0; j < kWindow; ++j) {
          const int t = 2 * (q + kFirstOutput<kWindow>)+j - 1;
          if (t >= 0 && t < kPlaces) sum[t] = hn::MulAdd(value, weights[j], sum[t]);
        }
      }
    }
    if (tile.before) add_before(tile, c, sum);
    const uint32_t off = opaque(off_places);
    T* to = tile.to + c;
    HWY_UNROLL(16)
    for (int t = 0; t < kPlaces; ++t, to = opaque(to + to_step)) {
      if (HWY_LIKELY(!(off & (uint32_t{1} << t)))) hn::StoreU(sum[t], d, to);
    }
  }
}

// The readers of row h of the block, in order.
template <class T>
void find_readers(const DepthwiseInputGradientBlock<T>& block, int64_t h, int64_t channel, PlacesTile<T>& tile) {
  const WindowAxis& height = block.height;
  const int64_t place = h + height.before;
  tile.reader_count = 0;
  for (int64_t y = HWY_MAX(place - height.window + 2, 0) / 2; y < height.output && 2 * y <= place; ++y) {
    tile.readers[tile.reader_count++] = {
        block.grad.data + y * block.grad.row_step + channel,
        block.weights + (place - 2 * y) * block.width.window * block.tap_step + channel};
  }
}

// Row h of the block, `count` channels from the vector on that begins at c or, at the end, before it.
template <class T, int kWindow>
void run_row(const DepthwiseInputGradientBlock<T>& block, int64_t h, int64_t c, int64_t count) {
  const WindowAxis& width = block.width;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t start = HWY_MIN(c, block.channels - lanes), end = width.before + width.input;
  PlacesTile<T> tile{.pixel_step = block.grad.pixel_step,
                     .tap_step = block.tap_step,
                     .channels = count,
                     .to_step = block.input_grad.pixel_step,
                     .before_step = block.before.pixel_step,
                     .overlap = static_cast<size_t>(c - start)};
  find_readers(block, h, start, tile);
  for (int64_t place = width.before - (width.before % 2 == 0); place < end; place += kPlaces) {
    const int64_t column = place - width.before;
    tile.first_output = (place - 1) / 2 + kFirstOutput<kWindow>;
    tile.off_outputs = bits_outside(tile.first_output, kOutputs<kWindow>, width.output);
    tile.off_places = bits_outside(column, kPlaces, width.input);
    tile.to = block.input_grad.data + h * block.input_grad.row_step + column * tile.to_step + start;
    if (block.before.data) {
      tile.before = block.before.data + h * block.before.row_step + column * tile.before_step + start;
    }
    places_tile<T, kWindow>(tile);
  }
}

// The channels that fill vectors, then those that are left.
template <class T, int kWindow>
void run_block(const DepthwiseInputGradientBlock<T>& block) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t full = block.channels / lanes * lanes;
  for (int64_t h = 0; h < block.height.input; ++h) {
    run_row<T, kWindow>(block, h, 0, full);
    if (full < block.channels) run_row<T, kWindow>(block, h, full, lanes);
  }
}

template <class T>
void run_any(const DepthwiseInputGradientBlock<T>& block) {
  block.width.window == 3 ? run_block<T, 3>(block) : run_block<T, 5>(block);
}

template <class T>
const DepthwiseInputGradientKernel<T>* kernel_of() {
  static constexpr DepthwiseInputGradientKernel<T> kernel{static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                                          &run_any<T>};
  return &kernel;
}
const DepthwiseInputGradientKernel<float>* depthwise_input_gradient_float() { return kernel_of<float>(); }
const DepthwiseInputGradientKernel<double>* depthwise_input_gradient_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(depthwise_input_gradient_float);
HWY_EXPORT(depthwise_input_gradient_double);

template <>
const DepthwiseInputGradientKernel<float>& depthwise_input_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_input_gradient_float, target)();
}
template <>
const DepthwiseInputGradientKernel<double>& depthwise_input_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(depthwise_input_gradient_double, target)();
}

}  // namespace convstep::kernels
#endif
