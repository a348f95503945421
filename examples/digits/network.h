// network.h: a small network in the manner of LeNet, its gradient, and the step that makes it better.
//
//   images (N, 8, 8, 1) -> 3x3 convolution, ReLU, 2x2 max pooling -> (N, 4, 4, 32)
//                       -> 3x3 convolution, ReLU, 2x2 max pooling -> (N, 2, 2, 64)
//                       -> linear layer -> logits (N, 10)
#pragma once

#include <convstep/convstep.h>

#include <cmath>
#include <random>
#include <span>
#include <string>

namespace digits {

using convstep::Shape;
using convstep::Tensor;
using convstep::View;

inline constexpr int64_t kSide = 8, kClasses = 10;

// A convolution, whose ReLU and pooling have no weights.
struct Block {
  Tensor<float, 4> W;
  Tensor<float, 1> b;
};

// The weights of the network. Their gradients are of the same shapes, and so are the velocities of the descent.
struct Weights {
  Block conv1{Tensor<float, 4>({3, 3, 1, 32}), Tensor<float, 1>({32})};
  Block conv2{Tensor<float, 4>({3, 3, 32, 64}), Tensor<float, 1>({64})};
  Tensor<float, 2> linear_W{Shape<2>{2 * 2 * 64, kClasses}};
  Tensor<float, 1> linear_b{Shape<1>{kClasses}};
};

// Calls visit(name, array) for all arrays of the weights, or visit(name, array, array, ...) for those of several.
template <class Visit, class... All>
void for_each_array(const Visit& visit, All&... all) {
  visit("conv1.W", all.conv1.W...);
  visit("conv1.b", all.conv1.b...);
  visit("conv2.W", all.conv2.W...);
  visit("conv2.b", all.conv2.b...);
  visit("linear.W", all.linear_W...);
  visit("linear.b", all.linear_b...);
}

// He's initialisation: ReLU halves the variance of what passes, so that weights of variance 2 / (values that one output
// reads) keep it from layer to layer. Biases are 0. Source: He et al., Delving Deep into Rectifiers, 2015, section 2.2.
inline Weights he_weights(std::mt19937& random) {
  Weights weights;
  const auto draw = [&](std::span<float> all, int64_t outputs) {
    const double inputs = static_cast<double>(all.size()) / static_cast<double>(outputs);
    std::normal_distribution<float> normal(0, static_cast<float>(std::sqrt(2 / inputs)));
    for (float& weight : all) weight = normal(random);
  };
  draw(weights.conv1.W, weights.conv1.b.size());
  draw(weights.conv2.W, weights.conv2.b.size());
  draw(weights.linear_W, weights.linear_b.size());
  return weights;
}

// Stochastic gradient descent with momentum and weight decay. The velocity keeps 9 tenths of itself and takes on the
// gradient, as a ball that rolls downhill; and each weight is drawn towards 0, so that none grows without need.
// Source: Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
inline void descend(const Weights& gradient, float rate, Weights& velocity, Weights& weights) {
  constexpr float kMomentum = 0.9f, kDecay = 0.003f;
  const auto move = [&](const char*, std::span<const float> g, std::span<float> v, std::span<float> w) {
    for (size_t i = 0; i < w.size(); ++i) {
      v[i] = kMomentum * v[i] + g[i] + kDecay * w[i];
      w[i] -= rate * v[i];
    }
  };
  for_each_array(move, gradient, velocity, weights);
}

inline const convstep::PoolOptions kPool{.window = 2, .stride = 2};

// What a block computed. The backward pass needs all of it.
struct BlockOutput {
  Tensor<float, 4> A;  // after ReLU
  Tensor<float, 4> pooled;
  Tensor<int64_t, 4> maxima;  // where they were
};

inline BlockOutput block_forward(View<const float, 4> x, const Block& block) {
  const convstep::ConvOptions conv{.padding = 1, .activation = convstep::Activation::kRelu};
  BlockOutput result;
  result.A = Tensor<float, 4>(convstep::conv_output_shape(x.shape(), block.W.shape(), conv));
  convstep::conv_forward(x, block.W, block.b, result.A, conv);
  result.pooled = Tensor<float, 4>(convstep::pool_output_shape(result.A.shape(), kPool));
  result.maxima = Tensor<int64_t, 4>(result.pooled.shape());
  convstep::pool_forward(result.A, result.pooled, result.maxima, kPool);
  return result;
}

// Adds the gradients of the block's weights to `gradient`, and writes that of x, unless it is {}.
inline void block_backward(View<const float, 4> pooled_grad, View<const float, 4> x, const BlockOutput& output,
                           const Block& block, Block& gradient, View<float, 4> x_grad) {
  const convstep::ConvOptions conv{.padding = 1};
  Tensor<float, 4> grad(output.A.shape());
  convstep::pool_backward(pooled_grad, output.maxima, grad, kPool);
  // Its input was Z, but relu(Z) is positive where Z is: so A serves as well.
  convstep::activation_backward(grad, output.A, grad, convstep::Activation::kRelu);
  convstep::conv_backward_weights(grad, x, gradient.W, gradient.b, conv, /*accumulate=*/true);
  if (x_grad) convstep::conv_backward_input(grad, block.W, x_grad, conv);
}

struct NetworkOutput {
  BlockOutput first, second;
  Tensor<float, 2> logits;
};

// A row of values for each image.
inline View<const float, 2> rows_of(const BlockOutput& block) {
  return block.pooled.reshape<2>({block.pooled.shape(0), -1});
}

inline NetworkOutput network_forward(View<const float, 4> images, const Weights& weights) {
  NetworkOutput result;
  result.first = block_forward(images, weights.conv1);
  result.second = block_forward(result.first.pooled, weights.conv2);
  result.logits = Tensor<float, 2>({images.shape(0), kClasses});
  convstep::linear_forward(rows_of(result.second), weights.linear_W, weights.linear_b, result.logits);
  return result;
}

// Adds the gradients of the weights to `gradient`.
inline void network_backward(View<const float, 2> logits_grad, View<const float, 4> images, const NetworkOutput& output,
                             const Weights& weights, Weights& gradient) {
  Tensor<float, 4> second_grad(output.second.pooled.shape()), first_grad(output.first.pooled.shape());
  convstep::linear_backward_weights(logits_grad, rows_of(output.second), gradient.linear_W, gradient.linear_b, {},
                                    true);
  convstep::linear_backward_input(logits_grad, weights.linear_W, second_grad.reshape<2>({images.shape(0), -1}));
  block_backward(second_grad, output.first.pooled, output.second, weights.conv2, gradient.conv2, first_grad);
  block_backward(first_grad, images, output.first, weights.conv1, gradient.conv1, {});
}

}  // namespace digits
