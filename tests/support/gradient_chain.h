// gradient_chain.h: what the engine's gradients promise, one number at a time (docs/decisions/0016).
#pragma once

#include <cmath>

#include "conv/problem.h"
#include "conv/weight_gradient/method.h"

namespace convstep {

// One chain of fused multiply-adds for each element, over the (y, x, o) that read it.
template <class T>
Tensor<T, 4> input_gradient_chain(const ConvProblem& problem, View<const T, 4> grad, View<const T, 4> weights) {
  const auto& [height, width] = problem.geometry;
  const auto [N, OH, OW, O] = grad.shape();
  Tensor<T, 4> result({N, height.input, width.input, problem.channels});
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t o = 0; o < O; ++o) {
          const int64_t first = o / problem.group_outputs() * problem.group_channels();
          for (int64_t i = 0; i < height.window; ++i) {
            for (int64_t j = 0; j < width.window; ++j) {
              const int64_t row = height.source(y, i), column = width.source(x, j);
              if (!height.is_inside(row) || !width.is_inside(column)) continue;
              for (int64_t c = 0; c < problem.group_channels(); ++c) {
                T& sum = result(n, row, column, first + c);
                sum = std::fma(grad(n, y, x, o), weights(i, j, c, o), sum);
              }
            }
          }
        }
      }
    }
  }
  return result;
}

// Calls visit(y, x) for the pixels of every chunk in order, and end() after each chunk.
template <class Visit, class End>
void for_each_chunk(const WindowGeometry& geometry, const Visit& visit, const End& end) {
  const auto [rows, columns] = gradient_chunk(geometry);
  const int64_t OH = geometry.height.output, OW = geometry.width.output;
  for (int64_t top = 0; top < OH; top += rows) {
    for (int64_t left = 0; left < OW; left += columns) {
      for (int64_t y = top; y < std::min(top + rows, OH); ++y) {
        for (int64_t x = left; x < std::min(left + columns, OW); ++x) visit(y, x);
      }
      end();
    }
  }
}

// Chains within chunks, chunks added within images, images added to `sum`.
template <class T, class Term>
T gradient_sum(const WindowGeometry& geometry, int64_t images, T sum, const Term& term) {
  for (int64_t n = 0; n < images; ++n) {
    T image = 0, chunk = 0;
    for_each_chunk(
        geometry, [&](int64_t y, int64_t x) { chunk = term(n, y, x, chunk); },
        [&] {
          image += chunk;
          chunk = 0;
        });
    sum += image;
  }
  return sum;
}

template <class T>
void weights_gradient_chain(const ConvProblem& problem, View<const T, 4> grad, View<const T, 4> input,
                            Tensor<T, 4>& weights_grad, Tensor<T, 1>& bias_grad) {
  const WindowAxis &height = problem.geometry.height, &width = problem.geometry.width;
  const auto [KH, KW, C, O] = weights_grad.shape();
  for (int64_t o = 0; o < O; ++o) {
    const int64_t first = o / problem.group_outputs() * C;
    for (int64_t i = 0; i < KH; ++i) {
      for (int64_t j = 0; j < KW; ++j) {
        for (int64_t c = 0; c < C; ++c) {
          const auto term = [&, o, i, j, c](int64_t n, int64_t y, int64_t x, T sum) {
            const int64_t row = height.source(y, i), column = width.source(x, j);
            const bool inside = height.is_inside(row) && width.is_inside(column);
            return std::fma(inside ? input(n, row, column, first + c) : T(0), grad(n, y, x, o), sum);
          };
          T& value = weights_grad(i, j, c, o);
          value = gradient_sum(problem.geometry, grad.shape(0), value, term);
        }
      }
    }
    const auto term = [&](int64_t n, int64_t y, int64_t x, T sum) { return sum + grad(n, y, x, o); };
    bias_grad(o) = gradient_sum(problem.geometry, grad.shape(0), bias_grad(o), term);
  }
}

}  // namespace convstep
