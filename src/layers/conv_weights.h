// conv_weights.h: how methods copy and pack a layer's parameters: in parts, for threads, and so that Ctrl-C is heard.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/threads.h"
#include "layers/conv_method.h"

namespace convstep {

// Calls pack(first, end) for parts of 0 .. count - 1, each of which writes so many values, on the threads that the
// weights come with. Their progress hears that nothing is done yet, and may stop it.
template <class T, class Pack>
void pack_in_parts(const ConvWeights<T>& weights, int64_t count, int64_t values_each, const Pack& pack) {
  constexpr int64_t kPart = int64_t{1} << 18;  // values: a millisecond where they lie apart, and worth a thread
  const int64_t at_a_time = std::max<int64_t>(kPart / std::max<int64_t>(values_each, 1), 1);
  const int64_t parts = (count + at_a_time - 1) / at_a_time;
  ProgressCallback report;
  if (parts > 1 && weights.progress) report = [&](int64_t, int64_t) { weights.progress(0, 1); };
  const int threads = threads_worth(double(count) * double(values_each), double(kPart), weights.threads);
  parallel_for(parts, threads, report,
               [&](int64_t part) { pack(part * at_a_time, std::min((part + 1) * at_a_time, count)); });
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
  for (int64_t o = 0; o < copy.size(); ++o) copy(o) = weights.bias(o);
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
