// weights.h: how methods copy and pack a layer's parameters: in parts, for threads, and so that Ctrl-C is heard.
#pragma once

#include <atomic>
#include <cmath>
#include <limits>

#include "conv/method.h"

namespace convstep {

namespace internal {
using Pack = void (*)(const void* body, int64_t first, int64_t end);
void pack_in_parts(int threads, const ProgressCallback& progress, int64_t count, int64_t values_each, Pack pack,
                   const void* body);
}  // namespace internal

// Calls pack(first, end) for parts of 0 .. count - 1, each of which writes so many values, on the threads that the
// weights come with. Their progress hears that nothing is done yet, and may stop it.
template <class T, class Body>
void pack_in_parts(const ConvWeights<T>& weights, int64_t count, int64_t values_each, const Body& pack) {
  const auto erased = [](const void* body, int64_t first, int64_t end) {
    (*static_cast<const Body*>(body))(first, end);
  };
  internal::pack_in_parts(weights.threads, weights.progress, count, values_each, erased, &pack);
}

// What the sum of output channel o starts at. As a sum of NumPy's, which starts at 0, is never -0, nor is it with a
// bias of -0; so the kernels' chains are none either, but for negative products that are too small for their type.
template <class T>
T start_of_sum(const View<const T, 1>& bias, int64_t o) {
  return T(0) + bias(o);
}

template <class T>
Tensor<T, 4> dense_weights(const ConvWeights<T>& weights) {
  const View<const T, 4>& view = weights.weights;
  auto copy = Tensor<T, 4>::uninitialized(view.shape());
  const auto [KH, KW, channels, O] = view.shape();
  pack_in_parts(weights, KH * KW * channels, O, [&, KW = KW, channels = channels, O = O](int64_t first, int64_t end) {
    for (int64_t k = first; k < end; ++k) {
      const T* from = &view(k / channels / KW, k / channels % KW, k % channels, 0);
      T* to = copy.data() + k * O;
      for (int64_t o = 0; o < O; ++o) to[o] = from[o * view.stride(3)];
    }
  });
  return copy;
}

// Of no bias, no tensor: its data() is null.
template <class T>
Tensor<T, 1> dense_bias(const ConvWeights<T>& weights) {
  if (!weights.bias) return {};
  auto copy = Tensor<T, 1>::uninitialized(weights.bias.shape());
  for (int64_t o = 0; o < copy.size(); ++o) copy(o) = start_of_sum(weights.bias, o);
  return copy;
}

// Are all values finite that the weights were packed as?
template <class T, int Rank>
bool are_finite(const ConvWeights<T>& weights, const Tensor<T, Rank>& values) {
  std::atomic<bool> are{true};
  pack_in_parts(weights, values.size(), 1, [&](int64_t first, int64_t end) {
    int64_t others = 0;  // counted without a branch, for speed
    for (int64_t i = first; i < end; ++i) others += !(std::abs(values.data()[i]) <= std::numeric_limits<T>::max());
    if (others > 0) are = false;
  });
  return are;
}

}  // namespace convstep
