// backward.cc: the gradients of a convolution, checked and handed to what computes them.
#include "conv/checks.h"
#include "conv/input_gradient/method.h"
#include "conv/weight_gradient/method.h"
#include "convstep/conv.h"
#include "core/array_checks.h"
#include "core/in_words.h"
#include "reference/reference.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

template <class T, int Rank>
void check_output(const char* argument, const View<T, Rank>& output) {
  check_writable(extent_of(argument, output));
}

template <class T, int Rank, class U, int OtherRank>
void check_apart(const char* output_name, const View<T, Rank>& output, const char* input_name,
                 const View<U, OtherRank>& input) {
  check_no_overlap(extent_of(output_name, output), extent_of(input_name, input));
}

constexpr Wording::Argument kInputWords[] = {{"input", "input_grad"}};
constexpr Wording::Argument kWeightsWords[] = {{"weights", "weights_grad"},
                                               {"weights (KH, KW)", "weights_grad (KH, KW)"}};

// The layer whose gradients are asked for. `input` and `weights` are the shapes of those arrays or of their gradients.
template <class T>
ConvProblem checked_layer(const View<const T, 4>& grad, const Shape<4>& input, const Shape<4>& weights,
                          const ConvOptions& options, const Wording& wording) {
  const ConvProblem problem = in_words(wording, [&] { return check_problem(input, weights, options); });
  if (options.activation != Activation::kNone) {
    throw ParameterError("activation", std::to_string(static_cast<int>(options.activation)), "Activation::kNone",
                         "grad is the gradient before the activation: see activation_backward");
  }
  check_shape("grad", grad.shape().data(), output_shape(input[0], problem).data(), 4,
              "the shape of the layer's output");
  check_readable(extent_of("grad", grad));
  return problem;
}

bool is_for_the_reference(const ConvOptions& options) {
  return options.numerics == Numerics::kNumpy || options.algorithm == ConvAlgorithm::kReference;
}

template <class T>
void backward_input(const View<const T, 4>& grad, const View<const T, 4>& weights, const View<T, 4>& input_grad,
                    const ConvOptions& options, bool accumulate) {
  const ConvProblem problem =
      checked_layer(grad, input_grad.shape(), weights.shape(), options, {.arguments = kInputWords});
  check_weights<T>({weights, {}}, problem);
  check_output("input_grad", input_grad);
  check_apart("input_grad", input_grad, "grad", grad);
  check_apart("input_grad", input_grad, "weights", weights);
  const int threads = resolve_threads(options.threads);
  if (grad.shape(0) == 0) return;
  if (is_for_the_reference(options)) {
    reference::conv_backward_input<T>({grad, weights, input_grad}, problem.geometry, options, accumulate);
    return;
  }
  const ConvInputGradient<T> gradient(problem, {weights, {}, threads, options.progress}, options.algorithm);
  gradient.run({with_used_strides(grad), with_used_strides(input_grad), accumulate, threads, options.progress});
}

template <class T>
void backward_weights(const View<const T, 4>& grad, const View<const T, 4>& input, const View<T, 4>& weights_grad,
                      const View<T, 1>& bias_grad, const ConvOptions& options, bool accumulate) {
  const ConvProblem problem =
      checked_layer(grad, input.shape(), weights_grad.shape(), options, {.arguments = kWeightsWords});
  check_readable(extent_of("input", input));
  check_output("weights_grad", weights_grad);
  check_apart("weights_grad", weights_grad, "grad", grad);
  check_apart("weights_grad", weights_grad, "input", input);
  if (bias_grad) {
    check_shape("bias_grad", bias_grad.shape().data(), &problem.outputs, 1, "one number per output channel");
    check_output("bias_grad", bias_grad);
    check_apart("bias_grad", bias_grad, "grad", grad);
    check_apart("bias_grad", bias_grad, "input", input);
    check_apart("bias_grad", bias_grad, "weights_grad", weights_grad);
  }
  if (problem.has_countable_padding()) check_steps(extent_of("input", input), problem.geometry);
  const int threads = resolve_threads(options.threads);
  if (is_for_the_reference(options)) {
    reference::conv_backward_weights<T>({grad, input, weights_grad, bias_grad}, problem.geometry, options, accumulate);
    return;
  }
  run_weight_gradient<T>(problem,
                         {with_used_strides(input), with_used_strides(grad), with_used_strides(weights_grad), bias_grad,
                          accumulate, threads, options.progress},
                         options.algorithm);
}

}  // namespace

void conv_backward_input(View<const float, 4> grad, View<const float, 4> weights, View<float, 4> input_grad,
                         const ConvOptions& options, bool accumulate) {
  backward_input(grad, weights, input_grad, options, accumulate);
}
void conv_backward_input(View<const double, 4> grad, View<const double, 4> weights, View<double, 4> input_grad,
                         const ConvOptions& options, bool accumulate) {
  backward_input(grad, weights, input_grad, options, accumulate);
}
void conv_backward_weights(View<const float, 4> grad, View<const float, 4> input, View<float, 4> weights_grad,
                           View<float, 1> bias_grad, const ConvOptions& options, bool accumulate) {
  backward_weights(grad, input, weights_grad, bias_grad, options, accumulate);
}
void conv_backward_weights(View<const double, 4> grad, View<const double, 4> input, View<double, 4> weights_grad,
                           View<double, 1> bias_grad, const ConvOptions& options, bool accumulate) {
  backward_weights(grad, input, weights_grad, bias_grad, options, accumulate);
}

}  // namespace convstep
