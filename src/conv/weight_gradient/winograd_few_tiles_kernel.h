// winograd_few_tiles_kernel.h: Winograd's gradient of 3x3 weights (winograd_kernel.h) for images of a few tiles. Where
// each sum has a few products only, storing the sums of 36 points and reading them again takes as long as the products:
// here a column of six points is summed in registers, and turned into three values before it is stored.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

// One panel of outputs, some channels, all tiles of an image.
template <class T>
struct FewTilesBlock {
  const T* input;  // V: of point xi, tile t, channel c at input[xi * input_step + t * channel_step + c]
  int64_t input_step, channel_step;
  const T* grad;  // U: of point xi and tile t from grad[xi * grad_step + t * lanes] on, aligned to a vector
  int64_t grad_step;
  int64_t tiles, channels;
  T* scratch;  // few_tiles_scratch() values for every lane of the panel, aligned to a vector
  T* sums;     // of tap t and channel c from sums[t * tap_step + c * lanes] on
  int64_t tap_step;
};

// The channels that are summed before their columns are turned into taps: the columns stay in the level-1 cache.
inline constexpr int64_t kFewTilesChannels = 8;
inline constexpr int64_t few_tiles_scratch() { return 18 * kFewTilesChannels; }

template <class T>
struct FewTilesKernel {
  // Of a panel of two vectors, or of one. Are all taps finite? Null where there are too few registers.
  bool (*run)(const FewTilesBlock<T>& block);
  bool (*run_narrow)(const FewTilesBlock<T>& block);
};

template <class T>
const FewTilesKernel<T>& few_tiles_kernel(const Target& target);

}  // namespace convstep::kernels
