// winograd_bound.h: what Winograd's convolution must compute, and how far from it the result may lie.
//
// The bound is that of a componentwise analysis: with every matrix and array replaced by its absolute values,
//   |error| <= gamma(n) * ( |A^T| [ sum over c of (|B^T||x||B|) * (|G||w||G^T|) ] |A| + |bias| )
// where n counts the roundings on the longest way from an input to the output.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "convstep/tensor.h"

namespace convstep {

using Real = long double;
using Matrix = std::vector<std::vector<Real>>;

// The matrices of a tile with `outputs` outputs along an axis that shares the weights of F(m,r), r being the window,
// built from their definition: Lagrange's polynomials of the points. Such a tile has the first outputs + r - 2 points
// and infinity.
struct ToomMatrices {
  Matrix AT, G, BT;
  std::vector<size_t> index;  // of its points among those of F(m,r)

  ToomMatrices(int64_t m, int64_t outputs, int64_t window) {
    std::vector<Real> points{0};
    for (const Real p : m + window == 5 ? std::vector<Real>{1} : std::vector<Real>{0.625L, 1.5L}) {
      points.insert(points.end(), {p, -p});
    }
    const size_t finite = static_cast<size_t>(outputs + window) - 2, size = finite + 1;
    AT.assign(static_cast<size_t>(outputs), std::vector<Real>(size));
    for (size_t j = 0; j < size; ++j) {
      const bool infinite = j == finite;
      const Real p = infinite ? 0 : points[j];
      std::vector<Real> polynomial{1};
      Real normalizer = 1, missing = 1;
      for (size_t l = 0; l < points.size(); ++l) {
        if (l == j) continue;
        (l < finite ? normalizer : missing) *= p - points[l];
        if (l >= finite) continue;
        polynomial.insert(polynomial.begin(), 0);  // times (x - points[l])
        for (size_t k = 0; k + 1 < polynomial.size(); ++k) polynomial[k] -= points[l] * polynomial[k + 1];
      }
      polynomial.resize(size);
      for (Real& coefficient : polynomial) coefficient *= infinite ? 1 : missing;
      BT.push_back(polynomial);
      normalizer *= missing;
      G.emplace_back(static_cast<size_t>(window));
      for (int64_t i = 0; i < window; ++i) {
        G.back()[static_cast<size_t>(i)] =
            infinite ? Real(i + 1 == window) : std::pow(p, static_cast<Real>(i)) / normalizer;
      }
      for (size_t i = 0; i < AT.size(); ++i) {
        AT[i][j] = infinite ? (i + 1 == AT.size()) : std::pow(p, static_cast<Real>(i));
      }
      index.push_back(infinite ? points.size() : j);
    }
  }
};

inline Matrix absolute(Matrix matrix) {
  for (auto& row : matrix) {
    for (Real& value : row) value = std::abs(value);
  }
  return matrix;
}

// left * middle * right^T.
inline Matrix sandwich(const Matrix& left, const Matrix& middle, const Matrix& right) {
  Matrix half(left.size(), std::vector<Real>(right[0].size())), whole(left.size(), std::vector<Real>(right.size()));
  for (size_t i = 0; i < left.size(); ++i) {
    for (size_t k = 0; k < middle.size(); ++k) {
      for (size_t j = 0; j < half[i].size(); ++j) half[i][j] += left[i][k] * middle[k][j];
    }
  }
  for (size_t i = 0; i < left.size(); ++i) {
    for (size_t j = 0; j < right.size(); ++j) {
      for (size_t k = 0; k < half[i].size(); ++k) whole[i][j] += half[i][k] * right[j][k];
    }
  }
  return whole;
}

template <class T>
struct BoundedConv {
  Tensor<Real, 4> value, bound;

  int64_t count_beyond(const Tensor<T, 4>& y) const {
    int64_t count = 0;
    for (int64_t i = 0; i < y.size(); ++i) {
      count += !(std::abs(y.data()[i] - value.data()[i]) <= bound.data()[i]);
    }
    return count;
  }
  double relative_error(const Tensor<T, 4>& y) const {
    Real error = 0, norm = 0;
    for (int64_t i = 0; i < y.size(); ++i) {
      error += (y.data()[i] - value.data()[i]) * (y.data()[i] - value.data()[i]);
      norm += value.data()[i] * value.data()[i];
    }
    return static_cast<double>(std::sqrt(error / norm));
  }
};

// The tile at (n, y0, x0): exact values, and the bracket of the bound.
template <class T>
void bound_tile(const Tensor<T, 4>& x, const Tensor<T, 4>& w, const Tensor<T, 1>& b, const Padding& padding,
                const std::vector<Matrix>& U, const ToomMatrices& down, const ToomMatrices& across, Real gamma,
                int64_t n, int64_t y0, int64_t x0, BoundedConv<T>& result) {
  const auto [N, H, W, C] = x.shape();
  const int64_t O = w.shape(3);
  const size_t rows = down.BT.size(), columns = across.BT.size(), window = static_cast<size_t>(w.shape(0));
  const Matrix BT_down = absolute(down.BT), BT_across = absolute(across.BT);
  std::vector<Matrix> d(static_cast<size_t>(C), Matrix(rows, std::vector<Real>(columns))), V;
  for (int64_t c = 0; c < C; ++c) {
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        const int64_t row = y0 + static_cast<int64_t>(i) - padding.top;
        const int64_t column = x0 + static_cast<int64_t>(j) - padding.left;
        if (row >= 0 && row < H && column >= 0 && column < W) d[static_cast<size_t>(c)][i][j] = x(n, row, column, c);
      }
    }
    V.push_back(sandwich(BT_down, absolute(d[static_cast<size_t>(c)]), BT_across));
  }
  for (int64_t o = 0; o < O; ++o) {
    Matrix sum(rows, std::vector<Real>(columns));
    for (int64_t c = 0; c < C; ++c) {
      const Matrix& u = U[static_cast<size_t>(c * O + o)];
      for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < columns; ++j) {
          sum[i][j] += V[static_cast<size_t>(c)][i][j] * u[down.index[i]][across.index[j]];
        }
      }
    }
    const Matrix bracket = sandwich(absolute(down.AT), sum, absolute(across.AT));
    for (size_t i = 0; i < down.AT.size(); ++i) {
      for (size_t j = 0; j < across.AT.size(); ++j) {
        Real value = b(o);
        for (size_t k = 0; k < window; ++k) {
          for (size_t l = 0; l < window; ++l) {
            for (int64_t c = 0; c < C; ++c) {
              value += d[static_cast<size_t>(c)][i + k][j + l] *
                       static_cast<Real>(w(static_cast<int64_t>(k), static_cast<int64_t>(l), c, o));
            }
          }
        }
        const int64_t row = y0 + static_cast<int64_t>(i), column = x0 + static_cast<int64_t>(j);
        result.value(n, row, column, o) = value;
        result.bound(n, row, column, o) = gamma * (bracket[i][j] + std::abs(static_cast<Real>(b(o))));
      }
    }
  }
}

template <class T>
BoundedConv<T> bounded_winograd(const Tensor<T, 4>& x, const Tensor<T, 4>& w, const Tensor<T, 1>& b,
                                const Padding& padding, int64_t m) {
  const auto [N, H, W, C] = x.shape();
  const int64_t O = w.shape(3), window = w.shape(0), OH = H + padding.top + padding.bottom - (window - 1),
                OW = W + padding.left + padding.right - (window - 1);
  const size_t taps = static_cast<size_t>(window);
  const Matrix G = absolute(ToomMatrices(m, m, window).G);
  std::vector<Matrix> U;
  for (int64_t c = 0; c < C; ++c) {
    for (int64_t o = 0; o < O; ++o) {
      Matrix g(taps, std::vector<Real>(taps));
      for (size_t i = 0; i < taps; ++i) {
        for (size_t j = 0; j < taps; ++j) {
          g[i][j] = std::abs(static_cast<Real>(w(static_cast<int64_t>(i), static_cast<int64_t>(j), c, o)));
        }
      }
      U.push_back(sandwich(G, g, G));
    }
  }
  // Two roundings per multiply-add, for targets that do not fuse: 2 * C in the chain; at most as many multiply-adds as
  // points, and the rounding of a constant, in each of four passes of the input and output transforms; as many as the
  // window has taps, and the roundings of a constant and of those it is made of, in each of two passes over the
  // weights; their rounding to T; the bias.
  const int64_t count = 2 * C + 4 * (2 * (m + window - 1) + 1) + 2 * (2 * window + 4) + 1 + 1;
  const Real u = static_cast<Real>(std::numeric_limits<T>::epsilon()) / 2, n_u = static_cast<Real>(count) * u;
  BoundedConv<T> result{Tensor<Real, 4>({N, OH, OW, O}), Tensor<Real, 4>({N, OH, OW, O})};
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; y += m) {
      for (int64_t column = 0; column < OW; column += m) {
        const ToomMatrices down(m, std::min(m, OH - y), window), across(m, std::min(m, OW - column), window);
        bound_tile(x, w, b, padding, U, down, across, n_u / (1 - n_u), n, y, column, result);
      }
    }
  }
  return result;
}

}  // namespace convstep
