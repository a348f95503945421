// axis.h: the interpolation points of Winograd's convolution F(m,3), and the matrices of one axis of a
// tile.
//
// The points are 0, infinity and pairs +-p, so that the matrices B^T and A^T split into even and odd halves, and exact
// in binary. Their order is 0, p[0], -p[0], p[1], -p[1], infinity.
//
// An image is seldom a multiple of m pixels high. The tiles of its last row then have fewer outputs, r < m, and need
// only r + 2 points: the first r + 1 and infinity. The transformed weights at a point depend on the point alone, but
// for a factor; B^T of the shorter tile makes up for that, so it shares the weights of the whole tiles and leaves out
// what belongs to the other points. 14 pixels are 4 + 4 + 4 + 2 with 6 + 6 + 6 + 4 points, a sixth fewer products than
// 4 * 6 points in each direction.
#pragma once

#include <cstdint>

namespace convstep::kernels {

template <int M>
struct WinogradPoints;
template <>
struct WinogradPoints<2> {
  static constexpr double p[] = {1};
};
template <>
struct WinogradPoints<4> {
  static constexpr double p[] = {0.625, 1.5};
};

// A tile with `outputs` <= m outputs along an axis, with matrices that work for any number of them.
template <class T>
struct WinogradAxis {
  static constexpr int kMostOutputs = 4, kMostPoints = kMostOutputs + 2;

  int64_t outputs, points, whole;       // points of this tile, and of a whole one
  int64_t index[kMostPoints];           // of each point among those of a whole tile
  T input[kMostPoints][kMostPoints];    // B^T
  T output[kMostOutputs][kMostPoints];  // A^T

  bool has(int64_t point) const { return point < points - 1 || point == whole - 1; }  // of those of a whole tile
};

// G: the weights at the m + 2 points are G w.
struct WinogradWeights {
  int64_t points;
  double matrix[6][3];
};

}  // namespace convstep::kernels
