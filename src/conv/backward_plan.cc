// backward_plan.cc: the gradients of a layer that is checked and packed once.
#include "conv/backward_checks.h"
#include "conv/checks.h"
#include "conv/gradients.h"
#include "runtime/threads.h"

namespace convstep {

template <class T>
struct ConvBackwardPlan<T>::Layer {
  ConvProblem problem;
  ConvOptions options;
  InputGradient<T> input_gradient;
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
  layer_ = std::make_unique<const Layer>(Layer{problem, options, InputGradient<T>(problem, packed, options)});
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
  layer_->input_gradient.run({grad, input_grad, accumulate, resolve_threads(run.threads), run.progress});
}

template <class T>
void ConvBackwardPlan<T>::run_weights(View<const T, 4> grad, View<const T, 4> input, View<T, 4> weights_grad,
                                      View<T, 1> bias_grad, bool accumulate, const RunOptions& options) const {
  const RunOptions run = layer_->run_options(options);
  const WeightGradientCall<T> call{
      input, grad, weights_grad, bias_grad, accumulate, resolve_threads(run.threads), run.progress, layer_->target};
  check_weights_call(layer_->problem, call);
  run_weights_gradient(layer_->problem, call, layer_->options);
}

template <class T>
std::string ConvBackwardPlan<T>::describe() const {
  return layer_->input_gradient.describe();
}

template class ConvBackwardPlan<float>;
template class ConvBackwardPlan<double>;

}  // namespace convstep
