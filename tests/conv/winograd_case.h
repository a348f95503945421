// winograd_case.h: layers for Winograd's method, with random numbers.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "convstep/conv.h"
#include "tests/support/fill.h"

namespace convstep {

template <class T, int Rank>
Tensor<T, Rank> normals(const Shape<Rank>& shape, unsigned seed, double scale = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, scale);
  Tensor<T, Rank> tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<T>(normal(generator));
  return tensor;
}

template <class T, int Rank>
bool same_bits(const Tensor<T, Rank>& a, const Tensor<T, Rank>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(T)) == 0;
}

struct WinogradLayer {
  Shape<4> input;
  int64_t outputs;
  Padding padding = Padding::all(1);
  int64_t window = 3;

  // The same with windows of 5x5, and as many outputs.
  WinogradLayer with_5x5() const {
    WinogradLayer layer = *this;
    layer.window = 5;
    for (int64_t* pad : {&layer.padding.top, &layer.padding.bottom, &layer.padding.left, &layer.padding.right}) ++*pad;
    return layer;
  }
  Shape<4> weights() const { return {window, window, input[3], outputs}; }
  ConvOptions options() const { return {.padding = padding, .algorithm = ConvAlgorithm::kWinograd}; }
  Shape<4> output() const { return conv_output_shape(input, weights(), options()); }
};

template <class T>
struct WinogradCase {
  explicit WinogradCase(const WinogradLayer& l)
      : layer(l),
        x(normals<T, 4>(l.input, 1)),
        w(normals<T, 4>(l.weights(), 2, std::sqrt(2.0 / static_cast<double>(l.window * l.window * l.input[3])))),
        b(normals<T, 1>({l.outputs}, 3)) {}

  Tensor<T, 4> run(ConvOptions options) const {
    auto y = Tensor<T, 4>::uninitialized(layer.output());
    conv_forward(x, w, b, y, options);
    return y;
  }
  Tensor<T, 4> run() const { return run(layer.options()); }
  int64_t m() const {  // of "winograd 4x4, ..."
    const std::string text = ConvPlan<T>(layer.input, w, b, layer.options()).describe();
    EXPECT_EQ(text.substr(0, 9), "winograd ");
    return std::stoll(text.substr(9));
  }

  WinogradLayer layer;
  Tensor<T, 4> x, w;
  Tensor<T, 1> b;
};

}  // namespace convstep
