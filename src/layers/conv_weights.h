// conv_weights.h: copies of a layer's parameters, for the methods that keep them.
#pragma once

#include <cmath>
#include <limits>

#include "convstep/tensor.h"

namespace convstep {

template <class T>
Tensor<T, 4> dense_copy(const View<const T, 4>& view) {
  auto copy = Tensor<T, 4>::uninitialized(view.shape());
  const auto [A, B, C, D] = view.shape();
  T* to = copy.data();
  for (int64_t a = 0; a < A; ++a) {
    for (int64_t b = 0; b < B; ++b) {
      for (int64_t c = 0; c < C; ++c) {
        const T* from = &view(a, b, c, 0);
        for (int64_t d = 0; d < D; ++d) *to++ = from[d * view.stride(3)];
      }
    }
  }
  return copy;
}

// Of no view, no tensor: its data() is null.
template <class T>
Tensor<T, 1> dense_copy(const View<const T, 1>& view) {
  if (!view) return {};
  auto copy = Tensor<T, 1>::uninitialized(view.shape());
  for (int64_t a = 0; a < view.shape(0); ++a) copy(a) = view(a);
  return copy;
}

template <class T, int Rank>
bool are_finite(const Tensor<T, Rank>& values) {
  int64_t others = 0;  // counted without a branch, for speed
  for (int64_t i = 0; i < values.size(); ++i) {
    others += !(std::abs(values.data()[i]) <= std::numeric_limits<T>::max());
  }
  return others == 0;
}

}  // namespace convstep
