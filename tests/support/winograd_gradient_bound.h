// winograd_gradient_bound.h: the promise of Winograd's gradient of the weights (docs/decisions/0016).
//
//   |error| <= gamma(n) * growth * (sum over the tiles of max |A| * sum |g|)
//
// n counts roundings: of a chain over the tiles, of the chunks, of the three transformations.
#pragma once

#include <algorithm>
#include <cmath>

#include "conv/problem.h"
#include "conv/winograd/matrices.h"

namespace convstep {

// Of tiles of 4x4 outputs, from the matrices of the points.
inline double winograd_gradient_growth() {
  constexpr int64_t kTile = 4;
  const auto B = winograd_axis<double>({kTile, 3}, kTile);
  const double points[] = {0, 0.625, -0.625, 1.5, -1.5};
  double most = 0;  // along an axis
  for (int tap = 0; tap < 3; ++tap) {
    for (int j = 0; j < kTile; ++j) {
      double sum = 0;
      for (int k = 0; k < 6; ++k) {
        double normalizer = 1, row = 0;
        for (int s = 0; k < 5 && s < 5; ++s) normalizer *= s == k ? 1 : points[k] - points[s];
        for (int l = 0; l < 6; ++l) row += std::abs(B.input[k][l]);
        const double A = k < 5 ? std::pow(points[k], tap) : tap == 2;
        const double G = k < 5 ? std::pow(points[k], j) / normalizer : j == kTile - 1;
        sum += std::abs(A) * std::abs(G) * row;
      }
      most = std::max(most, sum);
    }
  }
  return most * most;
}

// Of channel c and output o: the sum over the tiles of the largest |A| times the sum of |g|.
template <class T>
double winograd_gradient_scale(const ConvProblem& problem, View<const T, 4> input, View<const T, 4> grad, int64_t c,
                               int64_t o) {
  constexpr int64_t kTile = 4;
  const auto& [height, width] = problem.geometry;
  const int64_t OH = height.output, OW = width.output;
  double scale = 0;
  for (int64_t n = 0; n < grad.shape(0); ++n) {
    for (int64_t y = 0; y < OH; y += kTile) {
      for (int64_t x = 0; x < OW; x += kTile) {
        double largest = 0, sum = 0;
        for (int64_t k = 0; k < 36; ++k) {
          const int64_t row = height.source(y, k / 6), column = width.source(x, k % 6);
          if (!height.is_inside(row) || !width.is_inside(column)) continue;
          largest = std::max<double>(largest, std::abs(input(n, row, column, c)));
        }
        for (int64_t k = 0; k < kTile * kTile; ++k) {
          if (y + k / kTile < OH && x + k % kTile < OW) sum += std::abs(grad(n, y + k / kTile, x + k % kTile, o));
        }
        scale += largest * sum;
      }
    }
  }
  return scale;
}

// n of gamma(n).
inline double winograd_gradient_roundings(const ConvProblem& problem, int64_t images) {
  return double(images) * double(problem.geometry.height.output) * double(problem.geometry.width.output) / 16 + 60;
}

}  // namespace convstep
