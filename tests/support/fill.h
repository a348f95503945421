// fill.h: arrays with contents for the tests.
#pragma once

#include <limits>

#include "convstep/tensor.h"

namespace convstep {

// 1, 2, 3, ... in row-major order: whole numbers, so that small sums are exact.
template <class T, int Rank>
Tensor<T, Rank> counting(const Shape<Rank>& shape) {
  Tensor<T, Rank> tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<T>(i + 1);
  return tensor;
}

template <class T, int Rank>
Tensor<T, Rank> filled(const Shape<Rank>& shape, T value) {
  Tensor<T, Rank> tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = value;
  return tensor;
}

// What outputs hold before a call, so that a test sees which elements it wrote.
inline constexpr float kPoison = -12345.5f;

template <class T, int Rank>
bool is_untouched(const Tensor<T, Rank>& tensor) {
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (tensor.data()[i] != static_cast<T>(kPoison)) return false;
  }
  return true;
}

}  // namespace convstep
