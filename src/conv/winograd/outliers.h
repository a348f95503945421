// outliers.h: the outputs of a Winograd tile that an input which they do not read would spoil.
//
// The transforms mix all inputs of a tile, so every output gets an error in proportion to the largest of them, T, and
// not to the largest in its own window, W. The promise of docs/architecture.md holds where T <= kWinogradRange * W; the
// other outputs are computed by the direct chain (docs/decisions/0011-*.md). T and W are maxima over all channels: they
// are exact, so the choice depends on nothing but the data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "conv/winograd/kernel.h"
#include "convstep/tensor.h"
#include "tiling/region.h"

namespace convstep {

// A power of two, so that the comparison is exact.
inline constexpr int kWinogradRange = 64;

// Bit i * kMostOutputs + j stands for output (i, j) of the tile.
struct SpoiltOutputs {
  uint32_t all = 0;
  uint32_t blank = 0;  // those of them whose window holds nothing but zeros
};

// Says yes wherever find_spoilt finds any, at a tenth of the cost.
template <class T>
bool may_be_spoilt(const kernels::WinogradMagnitudes<T>& largest, const OutputRegion& tile) {
  T least = largest.middle[0][0];
  for (int i = 0; i < (tile.rows > 3 ? 2 : 1); ++i) {
    for (int j = 0; j < (tile.columns > 3 ? 2 : 1); ++j) {
      if (!(largest.middle[i][j] >= least)) least = largest.middle[i][j];
    }
  }
  return !(largest.all <= kWinogradRange * least);
}

// `image` is the input of the tile's image.
template <class T>
SpoiltOutputs find_spoilt(const View<const T, 3>& image, const WindowGeometry& geometry, const OutputRegion& tile,
                          const kernels::WinogradKernels<T>& kernels) {
  constexpr int64_t kMost = kernels::WinogradAxis<T>::kMostPoints,
                    kMostOutputs = kernels::WinogradAxis<T>::kMostOutputs;
  const int64_t window = geometry.height.window;
  T pixel[kMost][kMost] = {}, all = 0;
  for (int64_t i = 0; i < tile.rows + window - 1; ++i) {
    for (int64_t j = 0; j < tile.columns + window - 1; ++j) {
      const int64_t row = geometry.height.source(tile.first_row, i),
                    column = geometry.width.source(tile.first_column, j);
      if (!geometry.height.is_inside(row) || !geometry.width.is_inside(column)) continue;
      kernels::WinogradMagnitudes<T> largest{};
      const T* x = &image(row, column, 0);
      if (image.shape(2) == 1 || image.stride(2) == 1) {
        kernels.measure(x, 0, 0, 1, 1, image.shape(2), largest);
      } else {
        for (int64_t c = 0; c < image.shape(2); ++c) {
          const T size = std::abs(x[c * image.stride(2)]);
          if (!(size <= largest.all)) largest.all = std::isnan(size) ? std::numeric_limits<T>::infinity() : size;
        }
      }
      pixel[i][j] = std::isnan(largest.all) ? std::numeric_limits<T>::infinity() : largest.all;
      all = std::max(all, pixel[i][j]);
    }
  }
  SpoiltOutputs spoilt;
  for (int64_t i = 0; i < tile.rows; ++i) {
    for (int64_t j = 0; j < tile.columns; ++j) {
      T own = 0;
      for (int64_t k = 0; k < window * window; ++k) own = std::max(own, pixel[i + k / window][j + k % window]);
      const uint32_t bit = uint32_t{1} << (i * kMostOutputs + j);
      if (all > kWinogradRange * own) spoilt.all |= bit;
      if (own == 0) spoilt.blank |= bit;
    }
  }
  spoilt.blank &= spoilt.all;
  return spoilt;
}

}  // namespace convstep
