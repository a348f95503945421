#include "conv/winograd/matrices.h"

#include <cstddef>
#include <vector>

namespace convstep {
namespace {

using kernels::WinogradAxis;
using kernels::WinogradPoints;
using kernels::WinogradTileSize;
using kernels::WinogradWeights;

// Without infinity.
std::vector<double> finite_points(const WinogradTileSize& whole) {
  std::vector<double> points{0};
  const auto add_pairs = [&points](const auto& positive) {
    for (const double p : positive) points.insert(points.end(), {p, -p});
  };
  whole.points() == 4 ? add_pairs(WinogradPoints<4>::p) : add_pairs(WinogradPoints<6>::p);
  return points;
}

// The product of (x - root) over the first `count` points but number `left_out`: the coefficients of x^0, x^1, ...
std::vector<double> polynomial(const std::vector<double>& points, std::size_t count, std::size_t left_out) {
  std::vector<double> coefficients{1};
  for (std::size_t k = 0; k < count; ++k) {
    if (k == left_out) continue;
    coefficients.insert(coefficients.begin(), 0);
    for (std::size_t i = 0; i + 1 < coefficients.size(); ++i) coefficients[i] -= points[k] * coefficients[i + 1];
  }
  return coefficients;
}

double value_at(const std::vector<double>& coefficients, double x) {
  double value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) value = value * x + coefficients[i];
  return value;
}

}  // namespace

// With q the product of (x - s) over the finite points s of the tile, row by row:
//   B^T  the coefficients of q / (x - r) for the point r, times what is missing of the normalizer below: the product of
//        r - s over the points s of a whole tile that this one has not; of q for infinity
//   A^T  powers of the points; the last row has a 1 for infinity
template <class T>
WinogradAxis<T> winograd_axis(const WinogradTileSize& whole, int64_t outputs) {
  const std::vector<double> points = finite_points(whole);
  const WinogradTileSize tile{outputs, whole.window};
  const std::size_t count = static_cast<std::size_t>(tile.points()) - 1;  // without infinity
  WinogradAxis<T> axis{outputs, tile.points(), whole.points(), {}, {}, {}};
  for (std::size_t k = 0; k <= count; ++k) {
    const bool is_finite = k < count;
    axis.index[k] = is_finite ? static_cast<int64_t>(k) : whole.points() - 1;
    double scale = 1;
    for (std::size_t l = count; is_finite && l < points.size(); ++l) scale *= points[k] - points[l];
    const std::vector<double> row = polynomial(points, count, k);
    for (std::size_t i = 0; i < row.size(); ++i) axis.input[k][i] = static_cast<T>(scale * row[i]);
    double power = 1;
    for (int64_t i = 0; i < outputs; ++i) {
      axis.output[i][k] = static_cast<T>(is_finite ? power : i + 1 == outputs);
      if (is_finite) power *= points[k];
    }
  }
  return axis;
}

// {1, p, p^2, ...} / N for the point p, N the value at p of the product over all other finite points; {..., 0, 1} for
// infinity.
WinogradWeights winograd_weights(const WinogradTileSize& whole) {
  const std::vector<double> points = finite_points(whole);
  WinogradWeights weights{whole.points(), whole.window, {}};
  for (std::size_t k = 0; k < points.size(); ++k) {
    const double normalizer = value_at(polynomial(points, points.size(), k), points[k]);
    double power = 1;
    for (int64_t i = 0; i < whole.window; ++i, power *= points[k]) weights.matrix[k][i] = power / normalizer;
  }
  weights.matrix[points.size()][whole.window - 1] = 1;
  return weights;
}

template WinogradAxis<float> winograd_axis(const WinogradTileSize&, int64_t);
template WinogradAxis<double> winograd_axis(const WinogradTileSize&, int64_t);

}  // namespace convstep
