// fma_chain.h: what the direct methods promise, one number at a time: every output is one chain of fused multiply-adds
// that starts at the bias and runs over (i, j, c), zeros of the padding included; then the residual; then the
// activation.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "conv/method.h"
#include "convstep/conv.h"
#include "reference/reference.h"

namespace convstep {

template <class T>
Tensor<T, 4> fma_chain(const ConvProblem& problem, View<const T, 4> input, View<const T, 4> weights,
                       View<const T, 1> bias, View<const T, 4> residual) {
  const auto& [height, width] = problem.geometry;
  const auto [KH, KW, C, O] = weights.shape();
  Tensor<T, 4> output({input.shape(0), height.output, width.output, O});
  T* to = output.data();
  for (int64_t n = 0; n < input.shape(0); ++n) {
    for (int64_t y = 0; y < height.output; ++y) {
      for (int64_t x = 0; x < width.output; ++x) {
        for (int64_t o = 0; o < O; ++o) {
          const int64_t first = o / problem.group_outputs() * C;
          T sum = bias ? 0 + bias(o) : T(0);
          for (int64_t i = 0; i < KH; ++i) {
            for (int64_t j = 0; j < KW; ++j) {
              const int64_t row = height.source(y, i), column = width.source(x, j);
              const bool inside = height.is_inside(row) && width.is_inside(column);
              for (int64_t c = 0; c < C; ++c) {
                sum = std::fma(inside ? input(n, row, column, first + c) : T(0), weights(i, j, c, o), sum);
              }
            }
          }
          if (residual) sum += residual(n, y, x, o);
          *to++ = reference::activate(sum, problem.activation, static_cast<T>(problem.slope));
        }
      }
    }
  }
  return output;
}

// Whether the SIMD target fuses multiply-adds, so that its bits must be those of the chain.
inline bool target_fuses(const std::string& target) {
  return target != "sse4" && target != "emulated" && target != "scalar";
}

template <class T, int Rank>
Tensor<T, Rank> random_tensor(const Shape<Rank>& shape, uint32_t seed) {
  Tensor<T, Rank> tensor(shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<T> uniform(-1, 1);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = uniform(generator);
  return tensor;
}

// The same bits; but any NaN is like any other.
template <class T>
bool is_same(T a, T b) {
  return (a == b && std::signbit(a) == std::signbit(b)) || (std::isnan(a) && std::isnan(b));
}

}  // namespace convstep
