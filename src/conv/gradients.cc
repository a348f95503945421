#include "conv/gradients.h"

#include "conv/weights.h"
#include "core/array_checks.h"
#include "reference/reference.h"

namespace convstep {
namespace {

enum class Way { kReference, kNumpyOrder, kEngine };
Way way_of(const ConvProblem& problem, const ConvOptions& options) {
  if (options.algorithm == ConvAlgorithm::kReference) return Way::kReference;
  if (options.numerics == Numerics::kFast) return Way::kEngine;
  return numpy_order_gradient_fits(problem) ? Way::kNumpyOrder : Way::kReference;
}

template <class T>
std::variant<Tensor<T, 4>, NumpyOrderInputGradient<T>, ConvInputGradient<T>> make_way(const ConvProblem& problem,
                                                                                      const ConvWeights<T>& weights,
                                                                                      const ConvOptions& options) {
  switch (way_of(problem, options)) {
    case Way::kReference:
      return dense_weights(weights);
    case Way::kNumpyOrder:
      return NumpyOrderInputGradient<T>(problem, weights);
    default:
      return ConvInputGradient<T>(problem, weights, options.algorithm);
  }
}

// What the reference reads of a layer's options.
ConvOptions reference_options(const ConvProblem& problem, const ProgressCallback& progress) {
  return {.groups = problem.groups, .progress = progress};
}

}  // namespace

template <class T>
InputGradient<T>::InputGradient(const ConvProblem& problem, const ConvWeights<T>& weights, const ConvOptions& options)
    : problem_(problem), way_(make_way(problem, weights, options)) {}

template <class T>
void InputGradient<T>::run(const InputGradientCall<T>& call) const {
  if (call.grad.shape(0) == 0) return;
  if (const auto* weights = std::get_if<Tensor<T, 4>>(&way_)) {
    reference::conv_backward_input<T>({call.grad, *weights, call.input_grad}, problem_.geometry,
                                      reference_options(problem_, call.progress), call.accumulate);
    return;
  }
  const InputGradientCall<T> own{with_used_strides(call.grad), with_used_strides(call.input_grad), call.accumulate,
                                 call.threads, call.progress};
  if (const auto* numpy_order = std::get_if<NumpyOrderInputGradient<T>>(&way_)) return numpy_order->run(own);
  std::get<ConvInputGradient<T>>(way_).run(own);
}

template <class T>
std::string InputGradient<T>::describe() const {
  if (std::holds_alternative<Tensor<T, 4>>(way_)) return "reference loops";
  if (const auto* numpy_order = std::get_if<NumpyOrderInputGradient<T>>(&way_)) return numpy_order->describe();
  return std::get<ConvInputGradient<T>>(way_).describe();
}

template <class T>
void run_weights_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call, const ConvOptions& options) {
  const Way way = way_of(problem, options);
  if (way == Way::kReference) {
    reference::conv_backward_weights<T>({call.grad, call.input, call.weights_grad, call.bias_grad}, problem.geometry,
                                        reference_options(problem, call.progress), call.accumulate);
    return;
  }
  const WeightGradientCall<T> own{with_used_strides(call.input),
                                  with_used_strides(call.grad),
                                  with_used_strides(call.weights_grad),
                                  call.bias_grad,
                                  call.accumulate,
                                  call.threads,
                                  call.progress,
                                  call.target};
  if (way == Way::kNumpyOrder) return run_numpy_order_weight_gradient(problem, own);
  run_weight_gradient(problem, own, options.algorithm);
}

template class InputGradient<float>;
template class InputGradient<double>;
template void run_weights_gradient(const ConvProblem&, const WeightGradientCall<float>&, const ConvOptions&);
template void run_weights_gradient(const ConvProblem&, const WeightGradientCall<double>&, const ConvOptions&);

}  // namespace convstep
