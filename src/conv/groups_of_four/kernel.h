// kernel.h: groups of four channels and four outputs. The lanes of a vector are groups.
//
// First the channels of every input pixel are put into the order [channel of its group][group], so that channel c of
// some neighbouring groups is one vector. With it, each of the four outputs of these groups is a vector, too. Every
// output is one chain of fused multiply-adds that starts at the bias and runs over (i, j, c): the bits of the direct
// method.
#pragma once

#include "core/pixel_view.h"
#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

namespace convstep::kernels {

// Channels, and outputs, of a group; groups that are computed at a time: a vector on some target, several on others.
inline constexpr int64_t kGroupSize = 4;
template <class T>
inline constexpr int64_t kGroupsOfPart = kVectorBytes / static_cast<int64_t>(sizeof(T));
template <class T>
inline constexpr int64_t kChannelsOfPart = kGroupsOfPart<T>* kGroupSize;

// A rectangle of output pixels of one image, kGroupsOfPart groups.
template <class T>
struct GroupsOfFourBlock {
  // [rows][columns][kChannelsOfPart] that the block reads, padding included. The kernel changes their order.
  T* patch;
  int64_t patch_rows, patch_columns;
  WindowAxis height, width;  // `output` rows and columns
  const T* weights;          // [KH*KW][kGroupSize channels][kGroupSize outputs][groups]
  const T* bias;             // [outputs][groups]
  PixelView<T> output;       // the part's first channel
  Epilogue<T> epilogue;
};

template <class T>
using GroupsOfFourKernel = void (*)(const GroupsOfFourBlock<T>& block);
template <class T>
GroupsOfFourKernel<T> groups_of_four_kernel(const Target& target);

}  // namespace convstep::kernels
