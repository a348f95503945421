// winograd_kernel.h: the parts of Winograd's method for the gradient of 3x3 weights, stride 1: F(3,4).
//
// A tile of 4 x 4 of the gradient of the output meets 6 x 6 of the input and leaves 3 x 3 of the gradient of the
// weights. With the matrices B, G, A of the six points that the forward half has (conv/winograd/axis.h)
//   V = B^T (tile of the input) B   U = G (tile of grad) G^T   weights_grad = A^T [ sum over the tiles of V * U ] A
// where * is element by element: 36 multiplications for 144. The transformation of the input is that of the forward
// half. An element of a transformed tile has the index xi = 0 .. 35.
#pragma once

#include <cstdint>

#include "runtime/targets.h"

namespace convstep::kernels {

inline constexpr int64_t kGradientTile = 4, kGradientTaps = 3, kGradientPoints = 6;

template <class T>
struct WinogradGradientKernels {
  // U of the first `outputs` channels of a tile of 4 x 4 pixels that lie side by side, and zeros up to a multiple of
  // `lanes`: of xi at transformed[xi * xi_step].
  void (*transform_grad)(const T* pixels, int64_t row_step, int64_t pixel_step, int64_t outputs, int64_t lanes,
                         T* transformed, int64_t xi_step);
  // The sums over the tiles, of xi at M[xi * xi_step], turned into those of tap t at sums[t * tap_step], for `count`
  // values that lie side by side, a multiple of a vector. Are all of them finite?
  bool (*transform_sums)(const T* M, int64_t xi_step, int64_t count, T* sums, int64_t tap_step);
};

template <class T>
const WinogradGradientKernels<T>& winograd_gradient_kernels(const Target& target);

}  // namespace convstep::kernels
