// depthwise_layer.h: a depthwise convolution of random numbers, and what it must give.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "conv/checks.h"
#include "conv/methods.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {

inline const ProgressCallback kSilent;

template <class T>
class DepthwiseLayer : public testing::Test {
 protected:
  static constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();

  void TearDown() override { set_simd_target(""); }

  // A layer with random numbers and what it must give.
  void make_layer(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
    const int64_t C = input[3];
    options_ = options;
    options_.groups = C;
    input_ = random_tensor<T, 4>(input, 1);
    weights_ = random_tensor<T, 4>({window.height, window.width, 1, C}, 2);
    bias_ = random_tensor<T, 1>({C}, 3);
    update();
  }
  void update() {
    problem_ = check_problem(input_.shape(), weights_.shape(), options_, kConvNames);
    expected_ = fma_chain<T>(problem_, input_, weights_, bias_, residual_);
    const auto magnitudes = [](auto tensor) {
      for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::abs(tensor.data()[i]);
      return tensor;
    };
    ConvProblem plain = problem_;
    plain.activation = Activation::kNone;
    magnitude_ = fma_chain<T>(plain, magnitudes(input_), magnitudes(weights_), magnitudes(bias_), {});
  }
  std::unique_ptr<const ConvMethod<T>> method() const {
    EXPECT_TRUE(DepthwiseMethod<T>::kKind.fits(problem_));
    return DepthwiseMethod<T>::kKind.make(problem_, {weights_, bias_});
  }

  // The bits of the chain, on targets that fuse multiply-adds; elsewhere within its error.
  void expect_right(View<const T, 4> output, const std::string& target, const std::string& what) const {
    const auto [N, OH, OW, O] = output.shape();
    const T unit = std::numeric_limits<T>::epsilon() / 2;
    const bool exact = target_fuses(target);
    const T gamma = 2 * static_cast<T>(problem_.window_size() + 2) * unit;
    for (int64_t n = 0, at = 0; n < N; ++n) {
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t x = 0; x < OW; ++x) {
          for (int64_t o = 0; o < O; ++o, ++at) {
            const T wanted = expected_.data()[at], got = output(n, y, x, o);
            const bool same = is_same(wanted, got);
            const bool right = same || (!exact && std::abs(wanted - got) <= gamma * (magnitude_.data()[at] + 2));
            ASSERT_TRUE(right) << what << ", " << target << ": " << got << " for " << wanted << " at (" << n << ", "
                               << y << ", " << x << ", " << o << ")";
          }
        }
      }
    }
  }
  void expect_runs_right(const std::string& target, const std::string& what, int threads = 1) const {
    ASSERT_NO_FATAL_FAILURE(expect_runs_right(input_, target, what, threads));
  }
  void expect_runs_right(View<const T, 4> input, const std::string& target, const std::string& what,
                         int threads = 1) const {
    auto output = filled<T, 4>(expected_.shape(), kPoison);
    method()->run({input, residual_, output, threads, kSilent});
    ASSERT_NO_FATAL_FAILURE(expect_right(output, target, what));
  }

  // Pixels that collide in the level-1 cache: the layer's input with its pixels 2 KB apart, and nothing behind the
  // last.
  static constexpr int64_t kCollidingStep = 2048 / sizeof(T), kLongestVector = 64 / sizeof(T);
  int64_t colliding_size() const { return (input_.size() / input_.shape(3) - 1) * kCollidingStep + input_.shape(3); }
  View<const T, 4> colliding_input(T* memory) const {
    const auto [N, H, W, C] = input_.shape();
    for (int64_t pixel = 0; pixel < N * H * W; ++pixel) {
      std::copy_n(input_.data() + pixel * C, C, memory + pixel * kCollidingStep);
    }
    return {memory, input_.shape(), {H * W * kCollidingStep, W * kCollidingStep, kCollidingStep, 1}};
  }

  ConvOptions options_;
  ConvProblem problem_{};
  Tensor<T, 4> input_, weights_, expected_, magnitude_;
  Tensor<T, 1> bias_;
  View<const T, 4> residual_;
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
