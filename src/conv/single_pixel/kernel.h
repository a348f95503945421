// kernel.h: the direct chain of single output pixels, straight from the caller's input and unpacked weights.
//
// Slow beside the packed kernels, but it needs no workspace and copes with everything: any stride, dilation, groups,
// padding and strides of the input. It gives the bits that every direct kernel gives.
#pragma once

#include "core/window_axis.h"
#include "runtime/targets.h"
#include "simd/epilogue.h"

namespace convstep::kernels {

template <class T>
struct SinglePixelLayer {
  const WindowGeometry& geometry;
  int64_t channels, outputs, groups;  // C, O
  const T* weights;                   // [KH,KW,C/groups,O], dense
  const T* bias;                      // [O], or null for zeros
};

// One image [H,W,C] in any layout.
template <class T>
struct SinglePixelImage {
  const T* data;
  int64_t row_step, pixel_step, channel_step;
};

// Channels first, ..., first + count - 1 of the output pixel (y, x).
struct SinglePixelRange {
  int64_t y, x, first, count;
};

// out[k] = activation(residual[k] + chain of output channel first + k), k < count. The chain starts at the bias and
// takes one fused multiply-add (on targets that have it) per (i, j, c), in that order; taps on the padding multiply by
// zero. The residual's steps are not used: out and residual lie as vectors of `count` values.
//
// A window of many millions of elements takes a while; a caller that wants to be interruptible asks for a part of the
// channels at a time, a multiple of kSinglePixelStep to lose nothing.
template <class T>
using SinglePixelKernel = void (*)(const SinglePixelLayer<T>& layer, const SinglePixelImage<T>& image,
                                   const SinglePixelRange& range, const Epilogue<T>& epilogue, T* out);
template <class T>
SinglePixelKernel<T> single_pixel_kernel(const Target& target);

// A multiple of what is computed at a time on every target (eight vectors of the widest, of floats).
inline constexpr int64_t kSinglePixelStep = 128;

}  // namespace convstep::kernels
