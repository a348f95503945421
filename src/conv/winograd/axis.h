// axis.h: the interpolation points of Winograd's convolution F(m,r), m outputs of windows of r, and the matrices of one
// axis of a tile.
//
// F(m,r) has m + r - 1 points: F(2,3) four, F(4,3) six, and F(2,5) the same six, so that it shares their transform of
// the input. They are 0, infinity and pairs +-p, so that the matrices B^T and A^T split into even and odd halves, and
// exact in binary. Their order is 0, p[0], -p[0], p[1], -p[1], infinity.
//
// An image is seldom a multiple of m pixels high. The tiles of its last row then have fewer outputs, k < m, and need
// only k + r - 1 points: the first k + r - 2 and infinity. The transformed weights at a point depend on the point
// alone, but for a factor; B^T of the shorter tile makes up for that, so it shares the weights of the whole tiles and
// leaves out what belongs to the other points. 14 pixels are 4 + 4 + 4 + 2 with 6 + 6 + 6 + 4 points, a sixth fewer
// products than 4 * 6 points in each direction.
#pragma once

#include <cstdint>

namespace convstep::kernels {

template <int kPoints>
struct WinogradPoints;
template <>
struct WinogradPoints<4> {
  static constexpr double p[] = {1};
};
template <>
struct WinogradPoints<6> {
  static constexpr double p[] = {0.625, 1.5};
};

// The tiles of a layer along both axes.
struct WinogradTileSize {
  int64_t outputs, window;

  int64_t points() const { return outputs + window - 1; }
};

// A tile with `outputs` <= m outputs along an axis, with matrices that work for any number of them.
template <class T>
struct WinogradAxis {
  static constexpr int kMostOutputs = 4, kMostPoints = 6;

  int64_t outputs, points, whole;       // points of this tile, and of a whole one
  int64_t index[kMostPoints];           // of each point among those of a whole tile
  T input[kMostPoints][kMostPoints];    // B^T
  T output[kMostOutputs][kMostPoints];  // A^T

  bool has(int64_t point) const { return point < points - 1 || point == whole - 1; }  // of those of a whole tile
};

// G: the weights at the points are G w.
struct WinogradWeights {
  static constexpr int kMostTaps = 5;

  int64_t points, taps;
  double matrix[6][kMostTaps];
};

}  // namespace convstep::kernels
