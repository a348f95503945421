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

template <class T>
T activate_backward(T g, T x, Activation activation, T slope) {
  if (activation == Activation::kNone) return g;
  if (std::isnan(x)) return x;
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return x > 0 ? g : T(0);
    case Activation::kRelu6:
      return x > 0 && x < 6 ? g : T(0);
    case Activation::kLeakyRelu:
      return x > 0 ? g : slope * g;
    case Activation::kSigmoid: {
      const T e = std::exp(-std::abs(x));
      return g * (e / ((1 + e) * (1 + e)));
    }
    case Activation::kTanh: {
      const T sech = 1 / std::cosh(x);
      return g * (sech * sech);
    }
  }
  return g;
}

template <class T>
void activation_backward(View<const T, 4> grad, View<const T, 4> input, View<T, 4> input_grad, Activation activation,
                         T slope) {
  const auto [N, H, W, C] = input.shape();
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < H; ++y) {
      for (int64_t x = 0; x < W; ++x) {
        for (int64_t c = 0; c < C; ++c) {
          input_grad(n, y, x, c) = activate_backward(grad(n, y, x, c), input(n, y, x, c), activation, slope);
        }
      }
    }
  }
}

template float activate(float, Activation, float);
template double activate(double, Activation, double);
template void activation_forward(View<const float, 4>, View<float, 4>, Activation, float);
template void activation_forward(View<const double, 4>, View<double, 4>, Activation, double);
template float activate_backward(float, float, Activation, float);
template double activate_backward(double, double, Activation, double);
template void activation_backward(View<const float, 4>, View<const float, 4>, View<float, 4>, Activation, float);
template void activation_backward(View<const double, 4>, View<const double, 4>, View<double, 4>, Activation, double);

}  // namespace convstep::reference
