// backward.cc: the gradients of a convolution, checked and handed to what computes them.
#include "conv/checks.h"
#include "conv/input_gradient/method.h"
#include "conv/weight_gradient/method.h"
#include "conv/weights.h"
#include "convstep/conv.h"
#include "core/array_checks.h"
#include "core/in_words.h"
#include "reference/reference.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

constexpr Wording::Argument kInputWords[] = {{"input", "input_grad"}};
constexpr Wording::Argument kWeightsWords[] = {{"weights", "weights_grad"},
                                               {"weights (KH, KW)", "weights_grad (KH, KW)"}};

// The layer whose gradients are asked for. `input` and `weights` are the shapes of those arrays or of their gradients.
ConvProblem check_layer(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options,
                        const Wording& wording = {}) {
  const ConvProblem problem = in_words(wording, [&] { return check_problem(input, weights, options); });
  if (options.activation != Activation::kNone) {
    throw ParameterError("activation", std::to_string(static_cast<int>(options.activation)), "Activation::kNone",
                         "grad is the gradient before the activation: see activation_backward");
  }
  return problem;
}

// An array of the expected shape, that is read, or written and apart from those that are read.
template <class T, int Rank>
void check_input(const char* argument, const View<const T, Rank>& array, const Shape<Rank>& shape, const char* what) {
  check_shape(argument, array.shape().data(), shape.data(), Rank, what);
  check_readable(extent_of(argument, array));
}
template <class T, int Rank>
void check_output(const char* argument, const View<T, Rank>& array, const Shape<Rank>& shape, const char* what,
                  std::initializer_list<Extent> others) {
  check_shape(argument, array.shape().data(), shape.data(), Rank, what);
  check_writable(extent_of(argument, array));
  for (const Extent& other : others) check_no_overlap(extent_of(argument, array), other);
}

Shape<4> input_shape(int64_t images, const ConvProblem& problem) {
  return {images, problem.geometry.height.input, problem.geometry.width.input, problem.channels};
}
Shape<4> weights_shape(const ConvProblem& problem) {
  return {problem.geometry.height.window, problem.geometry.width.window, problem.group_channels(), problem.outputs};
}

template <class T>
void check_input_call(const ConvProblem& problem, const View<const T, 4>& grad, const View<T, 4>& input_grad) {
  const int64_t N = input_grad.shape(0);
  check_input("grad", grad, output_shape(N, problem), "the shape of the layer's output");
  check_output("input_grad", input_grad, input_shape(N, problem), "the shape of the layer's input",
               {extent_of("grad", grad)});
}

template <class T>
void check_weights_call(const ConvProblem& problem, const WeightGradientCall<T>& call) {
  const int64_t N = call.input.shape(0);
  check_input("grad", call.grad, output_shape(N, problem), "the shape of the layer's output");
  check_input("input", call.input, input_shape(N, problem), "the shape of the layer's input");
  const Extent input = extent_of("input", call.input), grad = extent_of("grad", call.grad);
  if (problem.has_countable_padding()) check_steps(input, problem.geometry);
  check_output("weights_grad", call.weights_grad, weights_shape(problem), "the shape of the layer's weights",
               {input, grad});
  if (call.bias_grad) {
    check_output("bias_grad", call.bias_grad, {problem.outputs}, "one number per output channel",
                 {input, grad, extent_of("weights_grad", call.weights_grad)});
  }
}

bool is_for_the_reference(const ConvOptions& options) {
  return options.numerics == Numerics::kNumpy || options.algorithm == ConvAlgorithm::kReference;
}

template <class T>
void run_weights(const ConvProblem& problem, const WeightGradientCall<T>& call, const ConvOptions& options) {
  check_weights_call(problem, call);
  if (is_for_the_reference(options)) {
    reference::conv_backward_weights<T>({call.grad, call.input, call.weights_grad, call.bias_grad}, problem.geometry,
                                        options, call.accumulate);
  } else {
    run_weight_gradient<T>(
        problem,
        {with_used_strides(call.input), with_used_strides(call.grad), with_used_strides(call.weights_grad),
         call.bias_grad, call.accumulate, call.threads, call.progress, call.target},
        options.algorithm);
  }
}

template <class T>
void backward_input(const View<const T, 4>& grad, const View<const T, 4>& weights, const View<T, 4>& input_grad,
                    const ConvOptions& options, bool accumulate) {
  const ConvProblem problem = check_layer(input_grad.shape(), weights.shape(), options, {.arguments = kInputWords});
  check_weights<T>({weights, {}}, problem);
  check_input_call(problem, grad, input_grad);
  check_no_overlap(extent_of("input_grad", input_grad), extent_of("weights", weights));
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
  const ConvProblem problem = check_layer(input.shape(), weights_grad.shape(), options, {.arguments = kWeightsWords});
  run_weights<T>(problem,
                 {input, grad, weights_grad, bias_grad, accumulate, resolve_threads(options.threads), options.progress,
                  kernels::chosen_target()},
                 options);
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

template <class T>
struct ConvBackwardPlan<T>::Layer {
  ConvProblem problem;
  ConvOptions options;
  std::unique_ptr<const ConvInputGradient<T>> input_gradient;  // or none: the reference computes it
  Tensor<T, 4> weights;                                        // for the reference
  const kernels::Target& target = kernels::chosen_target();

  RunOptions run_options(const RunOptions& given) const {
    return {given.threads ? given.threads : options.threads, given.progress ? given.progress : options.progress};
  }
};

template <class T>
ConvBackwardPlan<T>::ConvBackwardPlan(const Shape<4>& input, View<const T, 4> weights, const ConvOptions& options) {
  const ConvProblem problem = check_layer(input, weights.shape(), options);
  check_weights<T>({weights, {}}, problem);
  const ConvWeights<T> packed{weights, {}, resolve_threads(options.threads), options.progress};
  Layer layer{problem, options, nullptr, {}};
  if (is_for_the_reference(options)) {
    layer.weights = dense_weights(packed);
  } else {
    layer.input_gradient = std::make_unique<const ConvInputGradient<T>>(problem, packed, options.algorithm);
  }
  layer_ = std::make_unique<const Layer>(std::move(layer));
}

template <class T>
ConvBackwardPlan<T>::~ConvBackwardPlan() = default;
template <class T>
ConvBackwardPlan<T>::ConvBackwardPlan(ConvBackwardPlan&&) noexcept = default;
template <class T>
ConvBackwardPlan<T>& ConvBackwardPlan<T>::operator=(ConvBackwardPlan&&) noexcept = default;

template <class T>
void ConvBackwardPlan<T>::run_input(View<const T, 4> grad, View<T, 4> input_grad, bool accumulate,
                                    const RunOptions& options) const {
  const RunOptions run = layer_->run_options(options);
  check_input_call(layer_->problem, grad, input_grad);
  const int threads = resolve_threads(run.threads);
  if (grad.shape(0) == 0) return;
  if (!layer_->input_gradient) {
    ConvOptions reporting = layer_->options;
    reporting.progress = run.progress;
    reference::conv_backward_input<T>({grad, layer_->weights, input_grad}, layer_->problem.geometry, reporting,
                                      accumulate);
    return;
  }
  layer_->input_gradient->run(
      {with_used_strides(grad), with_used_strides(input_grad), accumulate, threads, run.progress});
}

template <class T>
void ConvBackwardPlan<T>::run_weights(View<const T, 4> grad, View<const T, 4> input, View<T, 4> weights_grad,
                                      View<T, 1> bias_grad, bool accumulate, const RunOptions& options) const {
  const RunOptions run = layer_->run_options(options);
  ConvOptions reporting = layer_->options;
  reporting.progress = run.progress;
  convstep::run_weights<T>(layer_->problem,
                           {input, grad, weights_grad, bias_grad, accumulate, resolve_threads(run.threads),
                            reporting.progress, layer_->target},
                           reporting);
}

template <class T>
std::string ConvBackwardPlan<T>::describe() const {
  return layer_->input_gradient ? layer_->input_gradient->describe() : "reference loops";
}

template class ConvBackwardPlan<float>;
template class ConvBackwardPlan<double>;

}  // namespace convstep
