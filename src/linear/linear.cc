// linear.cc: a linear layer as a 1x1 convolution. What can be wrong with its arrays is found here, in two axes; the
// convolution then finds what is wrong with its options.
#include "convstep/linear.h"

#include <string>

#include "convstep/conv.h"
#include "convstep/error.h"
#include "core/array_checks.h"
#include "runtime/task_progress.h"

namespace convstep {
namespace {

ConvOptions conv_options(const LinearOptions& options) {
  return {.activation = options.activation,
          .slope = options.slope,
          .numerics = options.numerics,
          .threads = options.threads,
          .progress = options.progress};
}

// Each row an image of one pixel.
template <class T>
View<T, 4> as_images(const View<T, 2>& rows) {
  return {rows.data(), {rows.shape(0), 1, 1, rows.shape(1)}, {rows.stride(0), 0, 0, rows.stride(1)}};
}

// Each row a pixel of one image: weights that are read for one pixel serve its neighbours, too.
template <class T>
View<T, 4> as_pixels(const View<T, 2>& rows) {
  if (rows.shape(0) == 0) return as_images(rows);
  return {rows.data(), {1, 1, rows.shape(0), rows.shape(1)}, {0, 0, rows.stride(0), rows.stride(1)}};
}

template <class T>
View<T, 4> as_window(const View<T, 2>& weights) {
  return {weights.data(), {1, 1, weights.shape(0), weights.shape(1)}, {0, 0, weights.stride(0), weights.stride(1)}};
}

// Names and shapes of the arrays of one call. `input`, `weights` and `output` may be those of gradients.
template <class Input, class Weights, class Output>
void check_shapes(const char* input_name, const Input& input, const char* weights_name, const Weights& weights,
                  const char* output_name, const Output& output) {
  constexpr size_t kElement = sizeof(typename Input::value_type);
  check_batch_shape(input_name, input.shape().data(), 2, kElement);
  check_full_shape(weights_name, weights.shape().data(), 2, kElement);
  const auto [C, O] = weights.shape();
  if (input.shape(1) != C) {
    throw ShapeError(weights_name, ErrorText::axes(weights_name, weights.shape().data(), 2),
                     "(" + std::to_string(input.shape(1)) + ", " + std::to_string(O) + ")",
                     ErrorText::name(input_name) + " " + ErrorText::axes(input_name, input.shape().data(), 2));
  }
  const Shape<2> expected{input.shape(0), O};
  check_shape(output_name, output.shape().data(), expected.data(), 2, "a row for each input, a column for each output");
}

// An array that is written, and one that it must lie apart from.
template <class Output, class Input>
void check_apart(const char* output_name, const Output& output, const char* input_name, const Input& input) {
  check_no_overlap(extent_of(output_name, output), extent_of(input_name, input));
}

template <class T>
void forward(const View<const T, 2>& input, const View<const T, 2>& weights, const View<const T, 1>& bias,
             const View<T, 2>& output, const LinearOptions& options) {
  check_shapes("input", input, "weights", weights, "output", output);
  check_readable(extent_of("input", input));
  check_readable(extent_of("weights", weights));
  check_writable(extent_of("output", output));
  check_apart("output", output, "input", input);
  check_apart("output", output, "weights", weights);
  conv_forward(as_pixels(input), as_window(weights), bias, as_pixels(output), conv_options(options));
}

template <class T>
void backward_input(const View<const T, 2>& grad, const View<const T, 2>& weights, const View<T, 2>& input_grad,
                    const LinearOptions& options, bool accumulate) {
  check_shapes("input_grad", input_grad, "weights", weights, "grad", grad);
  check_readable(extent_of("grad", grad));
  check_readable(extent_of("weights", weights));
  check_writable(extent_of("input_grad", input_grad));
  check_apart("input_grad", input_grad, "grad", grad);
  check_apart("input_grad", input_grad, "weights", weights);
  conv_backward_input(as_pixels(grad), as_window(weights), as_pixels(input_grad), conv_options(options), accumulate);
}

template <class T>
void backward_weights(const View<const T, 2>& grad, const View<const T, 2>& input, const View<T, 2>& weights_grad,
                      const View<T, 1>& bias_grad, const LinearOptions& options, bool accumulate) {
  check_shapes("input", input, "weights_grad", weights_grad, "grad", grad);
  check_readable(extent_of("grad", grad));
  check_readable(extent_of("input", input));
  check_writable(extent_of("weights_grad", weights_grad));
  check_apart("weights_grad", weights_grad, "grad", grad);
  check_apart("weights_grad", weights_grad, "input", input);
  if (bias_grad) check_apart("bias_grad", bias_grad, "weights_grad", weights_grad);
  // Images, whose sums are added in order: so parts of a batch add up to the whole, to the bit.
  conv_backward_weights(as_images(grad), as_images(input), as_window(weights_grad), bias_grad, conv_options(options),
                        accumulate);
}

template <class T>
void backward(const View<const T, 2>& grad, const View<const T, 2>& input, const View<const T, 2>& weights,
              const View<T, 2>& input_grad, const View<T, 2>& weights_grad, const View<T, 1>& bias_grad,
              const LinearOptions& options, bool accumulate) {
  check_shapes("input", input, "weights", weights, "grad", grad);
  check_readable(extent_of("weights", weights));
  check_shape("input_grad", input_grad.shape().data(), input.shape().data(), 2, "the shape of the input");
  check_shape("weights_grad", weights_grad.shape().data(), weights.shape().data(), 2, "the shape of the weights");
  check_writable(extent_of("input_grad", input_grad));
  check_apart("input_grad", input_grad, "grad", grad);
  check_apart("input_grad", input_grad, "input", input);
  check_apart("input_grad", input_grad, "weights", weights);
  check_apart("weights_grad", weights_grad, "weights", weights);
  check_apart("weights_grad", weights_grad, "input_grad", input_grad);
  if (bias_grad) check_apart("bias_grad", bias_grad, "weights", weights);
  if (bias_grad) check_apart("bias_grad", bias_grad, "input_grad", input_grad);
  // First those that find what else is wrong.
  LinearOptions pass = options;
  pass.progress = progress_of_pass(options.progress, 0, 2);
  backward_weights(grad, input, weights_grad, bias_grad, pass, accumulate);
  pass.progress = progress_of_pass(options.progress, 1, 2);
  backward_input(grad, weights, input_grad, pass, accumulate);
}

}  // namespace

void linear_forward(View<const float, 2> input, View<const float, 2> weights, View<const float, 1> bias,
                    View<float, 2> output, const LinearOptions& options) {
  forward(input, weights, bias, output, options);
}
void linear_forward(View<const double, 2> input, View<const double, 2> weights, View<const double, 1> bias,
                    View<double, 2> output, const LinearOptions& options) {
  forward(input, weights, bias, output, options);
}
void linear_backward_input(View<const float, 2> grad, View<const float, 2> weights, View<float, 2> input_grad,
                           const LinearOptions& options, bool accumulate) {
  backward_input(grad, weights, input_grad, options, accumulate);
}
void linear_backward_input(View<const double, 2> grad, View<const double, 2> weights, View<double, 2> input_grad,
                           const LinearOptions& options, bool accumulate) {
  backward_input(grad, weights, input_grad, options, accumulate);
}
void linear_backward_weights(View<const float, 2> grad, View<const float, 2> input, View<float, 2> weights_grad,
                             View<float, 1> bias_grad, const LinearOptions& options, bool accumulate) {
  backward_weights(grad, input, weights_grad, bias_grad, options, accumulate);
}
void linear_backward_weights(View<const double, 2> grad, View<const double, 2> input, View<double, 2> weights_grad,
                             View<double, 1> bias_grad, const LinearOptions& options, bool accumulate) {
  backward_weights(grad, input, weights_grad, bias_grad, options, accumulate);
}

void linear_backward(View<const float, 2> grad, View<const float, 2> input, View<const float, 2> weights,
                     View<float, 2> input_grad, View<float, 2> weights_grad, View<float, 1> bias_grad,
                     const LinearOptions& options, bool accumulate) {
  backward(grad, input, weights, input_grad, weights_grad, bias_grad, options, accumulate);
}
void linear_backward(View<const double, 2> grad, View<const double, 2> input, View<const double, 2> weights,
                     View<double, 2> input_grad, View<double, 2> weights_grad, View<double, 1> bias_grad,
                     const LinearOptions& options, bool accumulate) {
  backward(grad, input, weights, input_grad, weights_grad, bias_grad, options, accumulate);
}

}  // namespace convstep
