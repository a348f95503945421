// activation.cc: the functions that follow a layer, one number at a time.
#include <cmath>

#include "reference/reference.h"

namespace convstep::reference {

template <class T>
T activate(T x, Activation activation, T slope) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x <= 0 ? T(0) : x;  // NaN compares false and stays
    case Activation::kRelu6:
      return x <= 0 ? T(0) : x > 6 ? T(6) : x;
    case Activation::kLeakyRelu:
      return x < 0 ? slope * x : x;
    case Activation::kSigmoid: {
      const T e = std::exp(-std::abs(x));  // never overflows
      return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    }
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

template <class T>
void activation_forward(View<const T, 4> input, View<T, 4> output, Activation activation, T slope) {
  const auto [N, H, W, C] = input.shape();
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < H; ++y) {
      for (int64_t x = 0; x < W; ++x) {
        for (int64_t c = 0; c < C; ++c) output(n, y, x, c) = activate(input(n, y, x, c), activation, slope);
      }
    }
  }
}

template float activate(float, Activation, float);
template double activate(double, Activation, double);
template void activation_forward(View<const float, 4>, View<float, 4>, Activation, float);
template void activation_forward(View<const double, 4>, View<double, 4>, Activation, double);

}  // namespace convstep::reference
