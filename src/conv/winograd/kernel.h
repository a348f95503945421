// kernel.h: the parts of Winograd's convolution F(m,r) for windows of 3x3 and 5x5 taps and stride 1.
//
// A tile of m x m outputs reads a x a inputs, a = m + r - 1. With the matrices B, G, A of the interpolation points
//   V = B^T (tile of the input) B   U = G (window of the weights) G^T   output = A^T [ sum over c of V * U ] A
// where * is element by element: a*a multiplications per channel instead of r*r*m*m. Source: Lavin and Gray, "Fast
// algorithms for convolutional neural networks", 2015. An element of a transformed tile has the index xi = 0 .. a*a-1.
//
// The points are in axis.h, and so is what the shorter tiles at the end of an image
// do. Of six, they have half the error of the textbook's +-1, +-2 at the same cost (docs/performance.md). m = 6 was
// tried and left out: in float its error is that of a direct chain times seven with any points, in double it was slower
// than m = 4 on every layer of ResNet-50 and VGG-16, as its 64 transformed weights per window are read from beyond L2.
#pragma once

#include "conv/single_pixel/kernel.h"
#include "conv/winograd/axis.h"

namespace convstep::kernels {

// Output channels are worked on in panels of a few vectors. U of a panel lies as [xi][c][lane].
struct WinogradPanel {
  int64_t first, lanes;  // channels; the last panel's lanes may reach beyond O
  int64_t vectors;
};

// Transformed tiles: V[xi][tile][C] or products M[xi][tile][panel lanes]. Steps count elements.
template <class T>
struct WinogradTiles {
  T* data;
  int64_t xi_step, tile_step;
};

// Tiles of a block, side by side.
struct WinogradRange {
  int64_t first, count;
};

// The largest magnitudes among the inputs of a tile. NaN counts as larger than infinity.
template <class T>
struct WinogradMagnitudes {
  T all;  // every pixel
  // Pixel (2 + i, 2 + j), i, j < 2. The window of each output reads one of those in rows 2 .. max(2, outputs down - 1),
  // columns alike; one of 5x5 taps all of those that a tile has.
  T middle[2][2];
};

// One tile of the output, for the channels of one panel.
template <class T>
struct WinogradOutput {
  T* data;  // its first pixel, first channel of the panel
  int64_t row_step, pixel_step;
  int64_t channels;      // how many of the panel's lanes exist
  Epilogue<T> epilogue;  // the residual as data
  const T* bias;         // of every lane of the panel
  // The sums, bias included, of the outputs (i, j) that the direct chain computed, where bit i * kMostOutputs + j of
  // `replaced` is set: of panel lane k at replacement[(i * kMostOutputs + j) * replacement_step + k].
  uint32_t replaced;
  const T* replacement;
  int64_t replacement_step;
  // How and where outputs that came out as NaN or infinity are computed anew. `range` names the first pixel and the
  // channels.
  SinglePixelKernel<T> chain;
  const SinglePixelLayer<T>* layer;
  SinglePixelImage<T> image;
  SinglePixelRange range;

  uint32_t replaced_of_row(int64_t i) const {  // bit j for pixel (i, j)
    constexpr int64_t kMost = WinogradAxis<T>::kMostOutputs;
    return replaced >> (i * kMost) & ((1U << kMost) - 1);
  }
};

// The functions for tiles of one size, on the SIMD target that was chosen when they were asked for. The short ones are
// for tiles with fewer outputs down or across.
template <class T>
struct WinogradKernels {
  int64_t lanes;          // of a vector
  int64_t panel_vectors;  // the widest panel

  // U of one panel and the input channels first, ..., first + count - 1, from dense weights [r,r,C,O]. Done in double
  // and rounded once.
  void (*transform_weights)(const WinogradWeights& G, const T* weights, int64_t C, int64_t O, int64_t first,
                            int64_t count, const WinogradPanel& panel, T* transformed);
  // V of one tile whose pixels lie inside an array with `channels` channels side by side. May write a vector's lanes
  // beyond them.
  void (*transform_input)(const T* pixels, int64_t row_step, int64_t pixel_step, int64_t channels, T* transformed,
                          int64_t xi_step);
  void (*transform_short_input)(const WinogradAxis<T>& down, const WinogradAxis<T>& across, const T* pixels,
                                int64_t row_step, int64_t pixel_step, int64_t channels, T* transformed,
                                int64_t xi_step);
  // Raises `largest` to the magnitudes of pixels side by side in an array of rows x columns pixels.
  void (*measure)(const T* pixels, int64_t row_step, int64_t pixel_step, int64_t rows, int64_t columns,
                  int64_t channels, WinogradMagnitudes<T>& largest);
  // M = sum over `channels` of V * U, one chain of multiply-adds per element that runs over c, for the tiles of[xi]
  // that have the element xi, xi < count. It starts at zero, or goes on from M where `adds`.
  void (*multiply)(const WinogradTiles<const T>& V, const T* U, const WinogradRange* of, int64_t count,
                   int64_t channels, const WinogradPanel& panel, bool adds, const WinogradTiles<T>& M);
  // activation(A^T M A + bias + residual). M points at the tile; what lies between its xi is xi_step.
  void (*transform_output)(const T* M, int64_t xi_step, const WinogradOutput<T>& output);
  void (*transform_short_output)(const WinogradAxis<T>& down, const WinogradAxis<T>& across, const T* M,
                                 int64_t xi_step, const WinogradOutput<T>& output);
};

// F(2,3), F(4,3) or F(2,5).
template <class T>
const WinogradKernels<T>& winograd_kernels(const Target& target, const WinogradTileSize& size);

}  // namespace convstep::kernels
