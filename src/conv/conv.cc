#include "convstep/conv.h"

#include "conv/checks.h"
#include "conv/plan.h"
#include "convstep/error.h"
#include "core/array_checks.h"
#include "reference/reference.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

template <class T>
void run(const reference::ConvArguments<T>& arguments, const ConvOptions& options) {
  const auto& [input, weights, bias, residual, output] = arguments;
  const ConvProblem problem = check_problem(input.shape(), weights.shape(), options);
  const ConvCall<T> call{with_used_strides(input),  with_used_strides(residual),
                         with_used_strides(output), resolve_threads(options.threads),
                         options.progress,          {0, problem.geometry.height.output}};
  check_call(call, problem);
  check_weights<T>({weights, bias}, problem);
  check_no_overlap(extent_of("output", output), extent_of("weights", weights));
  if (bias) check_no_overlap(extent_of("output", output), extent_of("bias", bias));
  if (options.algorithm == ConvAlgorithm::kReference) {
    reference::conv_forward(arguments, problem.geometry, options);
  } else if (input.shape(0) > 0) {
    make_conv_method<T>(problem, {weights, bias, call.threads, options.progress}, options.algorithm, options.numerics)
        ->run(call);
  }
}

}  // namespace

Shape<4> conv_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  return output_shape(input[0], check_problem(input, weights, options));
}

void conv_forward(View<const float, 4> input, View<const float, 4> weights, View<const float, 1> bias,
                  View<float, 4> output, const ConvOptions& options, View<const float, 4> residual) {
  run<float>({input, weights, bias, residual, output}, options);
}
void conv_forward(View<const double, 4> input, View<const double, 4> weights, View<const double, 1> bias,
                  View<double, 4> output, const ConvOptions& options, View<const double, 4> residual) {
  run<double>({input, weights, bias, residual, output}, options);
}

}  // namespace convstep
