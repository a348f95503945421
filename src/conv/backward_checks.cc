#include "conv/backward_checks.h"

#include "conv/checks.h"
#include "core/array_checks.h"
#include "core/in_words.h"

namespace convstep {
namespace {

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

}  // namespace

ConvProblem check_layer(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options,
                        const Wording& wording) {
  const ConvProblem problem = in_words(wording, [&] { return check_problem(input, weights, options); });
  if (options.activation != Activation::kNone) {
    throw ParameterError("activation", std::to_string(static_cast<int>(options.activation)), "Activation::kNone",
                         "grad is the gradient before the activation: see activation_backward");
  }
  return problem;
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

template void check_input_call(const ConvProblem&, const View<const float, 4>&, const View<float, 4>&);
template void check_input_call(const ConvProblem&, const View<const double, 4>&, const View<double, 4>&);
template void check_weights_call(const ConvProblem&, const WeightGradientCall<float>&);
template void check_weights_call(const ConvProblem&, const WeightGradientCall<double>&);

}  // namespace convstep
