// weights.h: how methods copy and pack a layer's parameters: in parts, for threads, and so that Ctrl-C is heard.
#pragma once

#include <atomic>
#include <cmath>
#include <limits>

#include "conv/method.h"
#include "tiling/transpose_kernel.h"

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

// first .. end - 1.
struct Indices {
  int64_t first, end;
  int64_t size() const { return end - first; }
};

// Where weights are copied to: outputs one after the other, in rows of one channel, in taps of `channels` rows.
template <class T>
struct PackedRows {
  T* first;
  int64_t row;  // from one channel to the next
  int64_t channels;
};

// All taps of some channels and outputs. Weights whose outputs lie far apart, as in .onnx files (O,C,KH,KW), are read
// in the order in which they lie, for else every tap would fetch all cache lines anew.
template <class T>
void copy_rows(const View<const T, 4>& weights, Indices channels, Indices outputs, const PackedRows<T>& to) {
  const auto [KH, KW, C, O] = weights.shape();
  const int64_t taps = KH * KW, output_step = weights.stride(3), tap_rows = to.channels * to.row;
  const bool taps_lie_together = weights.stride(1) == 1 && weights.stride(0) == KW;
  if (output_step != 1 && taps > 1 && taps_lie_together) {
    for (int64_t c = channels.first; c < channels.end; ++c) {
      kernels::transpose(kernels::chosen_target(), &weights(0, 0, c, outputs.first), output_step, outputs.size(), taps,
                         to.first + c * to.row, tap_rows);
    }
    return;
  }
  for (int64_t tap = 0; tap < taps; ++tap) {
    T* const rows = to.first + tap * tap_rows;
    if (output_step != 1 && weights.stride(2) == 1) {
      kernels::transpose(kernels::chosen_target(), &weights(tap / KW, tap % KW, channels.first, outputs.first),
                         output_step, outputs.size(), channels.size(), rows + channels.first * to.row, to.row);
      continue;
    }
    for (int64_t c = channels.first; c < channels.end; ++c) {
      const T* from = &weights(tap / KW, tap % KW, c, outputs.first);
      for (int64_t o = 0; o < outputs.size(); ++o) rows[c * to.row + o] = from[o * output_step];
    }
  }
}

template <class T>
Tensor<T, 4> dense_weights(const ConvWeights<T>& weights) {
  auto copy = Tensor<T, 4>::uninitialized(weights.weights.shape());
  const auto [KH, KW, channels, O] = copy.shape();
  const PackedRows<T> to{copy.data(), O, channels};
  pack_in_parts(weights, channels, KH * KW * O, [&, O = O](int64_t first, int64_t end) {
    copy_rows<T>(weights.weights, {first, end}, {0, O}, to);
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
