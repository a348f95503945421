// backward.cc: the gradients of a convolution, checked and handed to what computes them.
#include "conv/backward_checks.h"
#include "conv/checks.h"
#include "conv/gradients.h"
#include "core/array_checks.h"
#include "runtime/task_progress.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

constexpr Wording::Argument kInputWords[] = {{"input", "input_grad"}};
constexpr Wording::Argument kWeightsWords[] = {{"weights", "weights_grad"},
                                               {"weights (KH, KW)", "weights_grad (KH, KW)"}};

template <class T>
void backward_input(const View<const T, 4>& grad, const View<const T, 4>& weights, const View<T, 4>& input_grad,
                    const ConvOptions& options, bool accumulate) {
  const ConvProblem problem = check_layer(input_grad.shape(), weights.shape(), options, {.arguments = kInputWords});
  check_weights<T>({weights, {}}, problem);
  check_input_call(problem, grad, input_grad);
  check_no_overlap(extent_of("input_grad", input_grad), extent_of("weights", weights));
  const int threads = resolve_threads(options.threads);
  if (grad.shape(0) == 0) return;
  const InputGradient<T> gradient(problem, {weights, {}, threads, options.progress}, options);
  gradient.run({grad, input_grad, accumulate, threads, options.progress});
}

template <class T>
void backward_weights(const View<const T, 4>& grad, const View<const T, 4>& input, const View<T, 4>& weights_grad,
                      const View<T, 1>& bias_grad, const ConvOptions& options, bool accumulate) {
  const ConvProblem problem = check_layer(input.shape(), weights_grad.shape(), options, {.arguments = kWeightsWords});
  const WeightGradientCall<T> call{input,
                                   grad,
                                   weights_grad,
                                   bias_grad,
                                   accumulate,
                                   resolve_threads(options.threads),
                                   options.progress,
                                   kernels::chosen_target()};
  check_weights_call(problem, call);
  run_weights_gradient(problem, call, options);
}

template <class T>
void backward(const View<const T, 4>& grad, const View<const T, 4>& input, const View<const T, 4>& weights,
              const View<T, 4>& input_grad, const View<T, 4>& weights_grad, const View<T, 1>& bias_grad,
              const ConvOptions& options, bool accumulate) {
  const ConvProblem problem = check_layer(input.shape(), weights.shape(), options);
  check_weights<T>({weights, {}}, problem);
  const int threads = resolve_threads(options.threads);
  const ProgressCallback first = progress_of_pass(options.progress, 0, 2),
                         second = progress_of_pass(options.progress, 1, 2);
  const WeightGradientCall<T> call{input,      grad,    weights_grad, bias_grad,
                                   accumulate, threads, second,       kernels::chosen_target()};
  check_weights_call(problem, call);
  check_no_overlap(extent_of("weights_grad", weights_grad), extent_of("weights", weights));
  if (bias_grad) check_no_overlap(extent_of("bias_grad", bias_grad), extent_of("weights", weights));
  check_shape("input_grad", input_grad.shape().data(), input.shape().data(), 4, "the shape of the layer's input");
  check_input_call(problem, grad, input_grad);
  const Extent own = extent_of("input_grad", input_grad);
  check_no_overlap(own, extent_of("input", input));
  check_no_overlap(own, extent_of("weights", weights));
  check_no_overlap(own, extent_of("weights_grad", weights_grad));
  if (bias_grad) check_no_overlap(own, extent_of("bias_grad", bias_grad));
  if (grad.shape(0) > 0) {
    InputGradient<T>(problem, {weights, {}, threads, first}, options)
        .run({grad, input_grad, accumulate, threads, first});
  }
  run_weights_gradient(problem, call, options);
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

void conv_backward(View<const float, 4> grad, View<const float, 4> input, View<const float, 4> weights,
                   View<float, 4> input_grad, View<float, 4> weights_grad, View<float, 1> bias_grad,
                   const ConvOptions& options, bool accumulate) {
  backward(grad, input, weights, input_grad, weights_grad, bias_grad, options, accumulate);
}
void conv_backward(View<const double, 4> grad, View<const double, 4> input, View<const double, 4> weights,
                   View<double, 4> input_grad, View<double, 4> weights_grad, View<double, 1> bias_grad,
                   const ConvOptions& options, bool accumulate) {
  backward(grad, input, weights, input_grad, weights_grad, bias_grad, options, accumulate);
}

}  // namespace convstep
