// linear.h: a linear layer, which others call dense or fully connected, and its gradients.
//
//   output[n,o] = activation(bias[o] + sum over c of  input[n,c] * weights[c,o])
//
//   input [N,C]   weights [C,O]   bias [O] or {} for none   output [N,O]
//
// A batch of images becomes rows by input.reshape<2>({N, -1}): a view of the same memory.
//
// This is a 1x1 convolution of images of one pixel, and conv.h computes it: float and double, views of any strides, the
// order of the sums, NaN and infinity, and what bits depend on are as there. So a row's output has the same bits in any
// batch. N = 0 is valid. Readable version: src/reference/conv.cc.
#pragma once

#include "convstep/activation.h"
#include "convstep/numerics.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

struct LinearOptions {
  Activation activation = Activation::kNone;
  double slope = 0.01;  // of kLeakyRelu
  Numerics numerics = Numerics::kFast;
  Count threads = 0;  // at most so many; 0: num_threads() of runtime.h
  ProgressCallback progress{};
};

// Writes every element of the output, which must share none with input, weights or bias (it may lie in gaps of them).
// Throws ShapeError or ParameterError before anything is written, and std::bad_alloc as conv_forward does.
void linear_forward(View<const float, 2> input, View<const float, 2> weights, View<const float, 1> bias,
                    View<float, 2> output, const LinearOptions& options = {});
void linear_forward(View<const double, 2> input, View<const double, 2> weights, View<const double, 1> bias,
                    View<double, 2> output, const LinearOptions& options = {});

// The gradients of a layer without activation, where grad [N,O] is that of its output (of its sums, where it has an
// activation: activation_backward gives it).
//
//   input_grad[n,c]   = sum over o of  grad[n,o] * weights[c,o]
//   weights_grad[c,o] = sum over n of  input[n,c] * grad[n,o]
//   bias_grad[o]      = sum over n of  grad[n,o]
//
// `options` are those of the layer; their activation must be kNone. With `accumulate` the gradients are added to what
// the arrays hold, and without it every element is written. weights_grad and bias_grad add the rows one after the
// other, so that a batch taken in parts, one call accumulating after the other, has the bits of the whole batch.
// Outputs must share no element with inputs or each other. Errors as in linear_forward.
void linear_backward_input(View<const float, 2> grad, View<const float, 2> weights, View<float, 2> input_grad,
                           const LinearOptions& options = {}, bool accumulate = false);
void linear_backward_input(View<const double, 2> grad, View<const double, 2> weights, View<double, 2> input_grad,
                           const LinearOptions& options = {}, bool accumulate = false);
void linear_backward_weights(View<const float, 2> grad, View<const float, 2> input, View<float, 2> weights_grad,
                             View<float, 1> bias_grad = {}, const LinearOptions& options = {}, bool accumulate = false);
void linear_backward_weights(View<const double, 2> grad, View<const double, 2> input, View<double, 2> weights_grad,
                             View<double, 1> bias_grad = {}, const LinearOptions& options = {},
                             bool accumulate = false);

// All three in one call, from the layer's input and weights; bias_grad may be {}. Nothing is written before all is
// checked.
void linear_backward(View<const float, 2> grad, View<const float, 2> input, View<const float, 2> weights,
                     View<float, 2> input_grad, View<float, 2> weights_grad, View<float, 1> bias_grad = {},
                     const LinearOptions& options = {}, bool accumulate = false);
void linear_backward(View<const double, 2> grad, View<const double, 2> input, View<const double, 2> weights,
                     View<double, 2> input_grad, View<double, 2> weights_grad, View<double, 1> bias_grad = {},
                     const LinearOptions& options = {}, bool accumulate = false);

}  // namespace convstep
