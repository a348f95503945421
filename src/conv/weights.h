// weights.h: how methods copy and pack a layer's parameters: in parts, for threads, and so that Ctrl-C is heard.
#pragma once

#include <algorithm>
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

// Calls copy(taps, channels) for parts of them, where each channel of a tap is a row of so many values.
template <class T, class Copy>
void copy_in_parts(const ConvWeights<T>& weights, int64_t taps, int64_t channels, int64_t row, const Copy& copy) {
  constexpr int64_t kMostValues = int64_t{1} << 18;  // of a channel: windows may be large
  const int64_t at_once = std::clamp<int64_t>(kMostValues / row, 1, taps), blocks = divide_up(taps, at_once);
  pack_in_parts(weights, channels * blocks, at_once * row, [&](int64_t first, int64_t end) {
    if (blocks == 1) return copy(Indices{0, taps}, Indices{first, end});
    for (int64_t i = first; i < end; ++i) {
      const int64_t channel = i / blocks, tap = i % blocks * at_once;
      copy(Indices{tap, std::min(tap + at_once, taps)}, Indices{channel, channel + 1});
    }
  });
}

// Where weights are copied to: outputs one after the other, in rows of one channel, in taps of `channels` rows.
template <class T>
struct PackedRows {
  T* first;
  int64_t row;  // from one channel to the next
  int64_t channels;

  T* at(int64_t tap, int64_t channel) const { return first + (tap * channels + channel) * row; }
};

// Weights whose outputs lie far apart, as in .onnx files (O,C,KH,KW), are read in the order in which they lie, for else
// every tap would fetch all cache lines anew.
template <class T>
void copy_rows(const View<const T, 4>& weights, Indices taps, Indices channels, Indices outputs,
               const PackedRows<T>& to) {
  const kernels::Target& target = kernels::chosen_target();
  const int64_t KW = weights.shape(1), step = weights.stride(3);
  const auto from = [&](int64_t tap, int64_t c) { return &weights(tap / KW, tap % KW, c, outputs.first); };
  if (step != 1 && taps.size() > 1 && weights.stride(1) == 1 && weights.stride(0) == KW) {
    for (int64_t c = channels.first; c < channels.end; ++c) {
      kernels::transpose(target, from(taps.first, c), step, outputs.size(), taps.size(), to.at(taps.first, c),
                         to.channels * to.row);
    }
    return;
  }
  for (int64_t tap = taps.first; tap < taps.end; ++tap) {
    if (step != 1 && weights.stride(2) == 1) {
      kernels::transpose(target, from(tap, channels.first), step, outputs.size(), channels.size(),
                         to.at(tap, channels.first), to.row);
      continue;
    }
    for (int64_t c = channels.first; c < channels.end; ++c) {
      const T* next = from(tap, c);
      T* row = to.at(tap, c);
      for (int64_t o = 0; o < outputs.size(); ++o) row[o] = next[o * step];
    }
  }
}

template <class T>
Tensor<T, 4> dense_weights(const ConvWeights<T>& weights) {
  auto copy = Tensor<T, 4>::uninitialized(weights.weights.shape());
  const auto [KH, KW, C, O] = copy.shape();
  const PackedRows<T> to{copy.data(), O, C};
  const Indices outputs{0, O};
  copy_in_parts(weights, KH * KW, C, O,
                [&](Indices taps, Indices channels) { copy_rows<T>(weights.weights, taps, channels, outputs, to); });
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
