// depthwise_layer.h: a depthwise convolution of random numbers, and what it must give.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "conv/methods.h"
#include "tests/support/chain_test.h"

namespace convstep {

template <class T>
class DepthwiseLayer : public ChainTest<T> {
 protected:
  static constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();

  void make_layer(const Shape<4>& input, const Size2& window, ConvOptions options) {
    options.groups = input[3];
    this->make_random(input, {window.height, window.width, 1, input[3]}, options);
  }
  void update() override {
    ChainTest<T>::update();
    const auto magnitudes = [](auto tensor) {
      for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::abs(tensor.data()[i]);
      return tensor;
    };
    ConvProblem plain = this->problem_;
    plain.activation = Activation::kNone;
    magnitude_ = fma_chain<T>(plain, magnitudes(this->input_), magnitudes(this->weights_), magnitudes(this->bias_), {});
  }
  std::unique_ptr<const ConvMethod<T>> method() const override {
    EXPECT_TRUE(DepthwiseMethod<T>::kKind.fits(this->problem_));
    return DepthwiseMethod<T>::kKind.make(this->problem_, {this->weights_, this->bias_});
  }
  T error_bound(int64_t at) const override {
    const T unit = std::numeric_limits<T>::epsilon() / 2;
    const T gamma = 2 * static_cast<T>(this->problem_.window_size() + 2) * unit;
    return gamma * (magnitude_.data()[at] + 2);
  }

  // Pixels that collide in the level-1 cache: the layer's input with its pixels 2 KB apart, and nothing behind the
  // last.
  static constexpr int64_t kCollidingStep = 2048 / sizeof(T), kLongestVector = 64 / sizeof(T);
  int64_t colliding_size() const {
    const int64_t C = this->input_.shape(3);
    return (this->input_.size() / C - 1) * kCollidingStep + C;
  }
  View<const T, 4> colliding_input(T* memory) const {
    const auto [N, H, W, C] = this->input_.shape();
    for (int64_t pixel = 0; pixel < N * H * W; ++pixel) {
      std::copy_n(this->input_.data() + pixel * C, C, memory + pixel * kCollidingStep);
    }
    return {memory, this->input_.shape(), {H * W * kCollidingStep, W * kCollidingStep, kCollidingStep, 1}};
  }

  Tensor<T, 4> magnitude_;  // of the sums
};

inline std::string describe(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
  const Padding& p = options.padding;
  return to_string(input) + " window " + to_string(window) + " stride " + to_string(options.stride) + " dilation " +
         to_string(options.dilation) + " padding " + to_string(Shape<4>{p.top, p.bottom, p.left, p.right});
}

inline bool exists(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
  const Padding& p = options.padding;
  return input[1] + p.top + p.bottom >= (window.height - 1) * options.dilation.height + 1 &&
         input[2] + p.left + p.right >= (window.width - 1) * options.dilation.width + 1;
}

}  // namespace convstep
