// kernel.cc: order of the channels, register tile, block.
#include "conv/groups_of_four/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/groups_of_four/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <utility>

#include "simd/activation-inl.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile is some pixels of a row times the four outputs of a vector of groups; besides its sums it needs a register for
// each output's weights and one for the input.
//   32 registers: 6 x 4 = 24, and 4 + 1.
//   16 registers: 2 x 4 = 8, and 4 + 1. Two units with a latency of 4 want 8 sums under way.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMaxPixels = 6;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kMaxPixels = 1;  // for small code: few machines run it
#else
constexpr int kMaxPixels = 2;
#endif

// In place: channels as they lie, group after group, to vectors of one channel of each group.
template <class T>
HWY_NOINLINE void sort_channels(T* patch, int64_t count) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (T* end = patch + count; patch < end; patch += kGroupSize * lanes) {
    hn::Vec<decltype(d)> a, b, c, e;
    hn::LoadInterleaved4(d, patch, a, b, c, e);
    hn::Store(a, d, patch);
    hn::Store(b, d, patch + lanes);
    hn::Store(c, d, patch + 2 * lanes);
    hn::Store(e, d, patch + 3 * lanes);
  }
}

// Pixels of a row, a vector of groups.
template <class T>
struct GroupsOfFourTile {
  const T* input;  // first tap of the first pixel
  int64_t pixel_step, window_rows, window_row_step, window_columns, window_column_step;
  const T* weights;
  const T* bias;
  T* output;
  int64_t output_pixel_step;
  Epilogue<T> epilogue;
};

template <class T, int kPixels>
HWY_NOINLINE void groups_of_four_tile(const GroupsOfFourTile<T>& tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kOutputs = kGroupSize;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), step = tile.pixel_step;
  V sum[kPixels][kOutputs];
  HWY_UNROLL(8)
  for (int p = 0; p < kPixels; ++p) {
    HWY_UNROLL(4)
    for (int o = 0; o < kOutputs; ++o) sum[p][o] = hn::Load(d, tile.bias + o * kGroupsOfPart<T>);
  }
  const T* HWY_RESTRICT w = tile.weights;
  const T* row = tile.input;
  for (int64_t i = tile.window_rows; i > 0; --i, row += tile.window_row_step) {
    const T* tap = row;
    for (int64_t j = tile.window_columns; j > 0; --j, tap += tile.window_column_step) {
      const T* HWY_RESTRICT x = tap;
      HWY_UNROLL(1)
      for (int64_t c = kGroupSize; c > 0; --c, x += lanes, w += kOutputs * kGroupsOfPart<T>) {
        V weights[kOutputs];
        HWY_UNROLL(4)
        for (int o = 0; o < kOutputs; ++o) weights[o] = hn::Load(d, w + o * kGroupsOfPart<T>);
        HWY_UNROLL(8)
        for (int p = 0; p < kPixels; ++p) {
          const V value = hn::Load(d, x + p * step);
          HWY_UNROLL(4)
          for (int o = 0; o < kOutputs; ++o) sum[p][o] = hn::MulAdd(value, weights[o], sum[p][o]);
        }
      }
    }
  }
  const Epilogue<T>& epilogue = tile.epilogue;
  HWY_UNROLL(8)
  for (int p = 0; p < kPixels; ++p) {
    V(&s)[kOutputs] = sum[p];
    if (epilogue.residual) {
      V r[kOutputs];
      hn::LoadInterleaved4(d, epilogue.residual + p * epilogue.residual_pixel_step, r[0], r[1], r[2], r[3]);
      HWY_UNROLL(4)
      for (int o = 0; o < kOutputs; ++o) s[o] = hn::Add(s[o], r[o]);
    }
    hn::StoreInterleaved4(s[0], s[1], s[2], s[3], d, tile.output + p * tile.output_pixel_step);
  }
}

template <class T>
using GroupsOfFourTileFunction = void (*)(const GroupsOfFourTile<T>&);

// The n-th computes n + 1 pixels.
template <class T, int... kIndex>
HWY_INLINE const GroupsOfFourTileFunction<T>* groups_of_four_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr GroupsOfFourTileFunction<T> kTiles[] = {&groups_of_four_tile<T, kIndex + 1>...};
  return kTiles;
}

template <class T>
void groups_of_four_block(const GroupsOfFourBlock<T>& block) {
  constexpr int64_t kPixel = kChannelsOfPart<T>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), row_step = block.patch_columns * kPixel;
  sort_channels(block.patch, block.patch_rows * row_step);
  const GroupsOfFourTileFunction<T>* tiles = groups_of_four_tiles_of<T>(std::make_integer_sequence<int, kMaxPixels>());
  const auto& [height, width] = WindowGeometry{block.height, block.width};
  const Epilogue<T>& epilogue = block.epilogue;
  for (int64_t group = 0; group < kGroupsOfPart<T>; group += lanes) {
    const int64_t channel = group * kGroupSize;
    for (int64_t y = 0; y < height.output; ++y) {
      // Tiles of a row differ in length by one at most.
      const int64_t count = divide_up(width.output, kMaxPixels);
      for (int64_t t = 0, x = 0; t < count; ++t) {
        const int64_t pixels = width.output / count + (t < width.output % count);
        GroupsOfFourTile<T> tile{
            .input = block.patch + y * height.stride * row_step + x * width.stride * kPixel + channel,
            .pixel_step = width.stride * kPixel,
            .window_rows = height.window,
            .window_row_step = height.dilation * row_step,
            .window_columns = width.window,
            .window_column_step = width.dilation * kPixel,
            .weights = block.weights + group,
            .bias = block.bias + group,
            .output = block.output.data + y * block.output.row_step + x * block.output.pixel_step + channel,
            .output_pixel_step = block.output.pixel_step,
            .epilogue = epilogue};
        if (epilogue.residual) {
          tile.epilogue.residual += y * epilogue.residual_row_step + x * epilogue.residual_pixel_step + channel;
        }
        tiles[pixels - 1](tile);
        x += pixels;
        if (epilogue.activation == Activation::kNone) continue;
        for (int64_t p = 0; p < pixels; ++p) {
          activate_row(tile.output + p * tile.output_pixel_step, static_cast<size_t>(kGroupSize * lanes),
                       epilogue.activation, epilogue.slope);
        }
      }
    }
  }
}

GroupsOfFourKernel<float> groups_of_four_float() { return &groups_of_four_block<float>; }
GroupsOfFourKernel<double> groups_of_four_double() { return &groups_of_four_block<double>; }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(groups_of_four_float);
HWY_EXPORT(groups_of_four_double);

template <>
GroupsOfFourKernel<float> groups_of_four_kernel(const Target& target) {
  return CONVSTEP_KERNEL(groups_of_four_float, target)();
}
template <>
GroupsOfFourKernel<double> groups_of_four_kernel(const Target& target) {
  return CONVSTEP_KERNEL(groups_of_four_double, target)();
}

}  // namespace convstep::kernels
#endif
