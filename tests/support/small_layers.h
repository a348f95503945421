// small_layers.h: every small convolution, numbered, for the sweeps.
#pragma once

#include <iterator>

#include "convstep/conv.h"

namespace convstep {

struct Sizes {
  int64_t channels, outputs, groups;
};
// Tails of one and of two vectors of every target, depthwise, multipliers, groups, groups of four.
inline constexpr Sizes kSizes[] = {{1, 1, 1},  {3, 2, 1},  {2, 17, 1}, {5, 33, 1}, {4, 4, 2},   {6, 6, 6},
                                   {8, 16, 4}, {16, 9, 1}, {1, 31, 1}, {17, 3, 1}, {3, 12, 3},  {33, 33, 33},
                                   {2, 40, 2}, {9, 8, 1},  {12, 6, 6}, {2, 65, 1}, {64, 64, 16}};

// One of the layers, chosen by a number in a mixed base, its digits H, W, KH, KW, ...
struct Layer {
  Shape<4> input, weights;
  ConvOptions options;
};

inline constexpr int64_t kHeights = 6, kWidths = 6, kWindows = 3, kStrides = 2, kPaddings = 3, kDilations = 2;
inline constexpr int64_t kLayers = kHeights * kWidths * kWindows * kWindows * kStrides * kStrides * kPaddings *
                                   kDilations * static_cast<int64_t>(std::size(kSizes));

inline Layer layer_of(int64_t number) {
  const auto digit = [&number](int64_t base) {
    const int64_t value = number % base;
    number /= base;
    return value;
  };
  const Sizes& sizes = kSizes[digit(std::size(kSizes))];
  const int64_t pad = digit(kPaddings), dilation = 1 + digit(kDilations);
  const Size2 window{1 + digit(kWindows), 1 + digit(kWindows)}, stride{1 + digit(kStrides), 1 + digit(kStrides)};
  const int64_t H = 1 + digit(kHeights), W = 1 + digit(kWidths);
  return {{1 + (H + W) % 2, H, W, sizes.channels},
          {window.height, window.width, sizes.channels / sizes.groups, sizes.outputs},
          {.stride = stride,
           .padding = {pad, (pad + H) % 3, (pad + W) % 3, pad},
           .dilation = {dilation, 1 + (dilation + W) % 2},
           .groups = sizes.groups}};
}

}  // namespace convstep
