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
  const ConvProblem problem = check_problem(input.shape(), weights.shape(), options, kConvNames);
  const ConvCall<T> call{with_used_strides(input), with_used_strides(residual), with_used_strides(output),
                         resolve_threads(options.threads), options.progress};
  check_call(call, problem);
  check_weights<T>({weights, bias}, problem);
  check_no_overlap(extent_of("output", output), extent_of("weights", weights));
  if (bias) check_no_overlap(extent_of("output", output), extent_of("bias", bias));
  if (options.algorithm == ConvAlgorithm::kReference) {
    reference::conv_forward(arguments, problem.geometry, options);
  } else if (input.shape(0) > 0) {
    make_conv_method<T>(problem, {weights, bias, call.threads, options.progress}, options.algorithm)->run(call);
  }
}

template <class T>
T single_step(View<const T, 3> a_slice_prev, View<const T, 3> W, View<const T, 3> b, const ProgressCallback& progress) {
  check_full_shape("W", W.shape().data(), 3, sizeof(T));
  check_shape("a_slice_prev", a_slice_prev.shape().data(), W.shape().data(), 3, "the shape of W");
  check_shape("b", b.shape().data(), Shape<3>{1, 1, 1}.data(), 3, "one filter has one bias");
  check_readable(extent_of("a_slice_prev", a_slice_prev));
  check_readable(extent_of("W", W));
  check_readable(extent_of("b", b));
  return reference::conv_single_step(a_slice_prev, W, b(0, 0, 0), progress);
}

template <class T>
ConvResult<T> notebook_forward(View<const T, 4> A_prev, View<const T, 4> W, View<const T, 4> b,
                               const ConvHparameters& hparameters) {
  const int64_t stride = hparameters.stride, pad = hparameters.pad;
  if (stride < 1) throw ParameterError("stride", std::to_string(stride), "1 or more");
  if (pad < 0) throw ParameterError("pad", std::to_string(pad), "0 or more");
  const ConvOptions options{
      .stride = {stride, stride}, .padding = Padding::all(pad), .algorithm = hparameters.algorithm};
  const ConvProblem problem = check_problem(A_prev.shape(), W.shape(), options, kNotebookConvNames);
  check_shape("b", b.shape().data(), Shape<4>{1, 1, 1, W.shape(3)}.data(), 4, "one bias per filter of W");
  check_readable(extent_of("A_prev", A_prev));
  check_readable(extent_of("W", W));
  check_readable(extent_of("b", b));

  auto Z = Tensor<T, 4>::uninitialized(output_shape(A_prev.shape(0), problem));
  const View<const T, 1> bias(b.data(), {b.shape(3)}, {b.stride(3)});
  conv_forward(A_prev, W, bias, Z, options);
  return {std::move(Z), {A_prev, W, b, hparameters}};
}

}  // namespace

Shape<4> conv_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  return output_shape(input[0], check_problem(input, weights, options, kConvNames));
}

void conv_forward(View<const float, 4> input, View<const float, 4> weights, View<const float, 1> bias,
                  View<float, 4> output, const ConvOptions& options, View<const float, 4> residual) {
  run<float>({input, weights, bias, residual, output}, options);
}
void conv_forward(View<const double, 4> input, View<const double, 4> weights, View<const double, 1> bias,
                  View<double, 4> output, const ConvOptions& options, View<const double, 4> residual) {
  run<double>({input, weights, bias, residual, output}, options);
}

float conv_single_step(View<const float, 3> a_slice_prev, View<const float, 3> W, View<const float, 3> b,
                       const ProgressCallback& progress) {
  return single_step(a_slice_prev, W, b, progress);
}
double conv_single_step(View<const double, 3> a_slice_prev, View<const double, 3> W, View<const double, 3> b,
                        const ProgressCallback& progress) {
  return single_step(a_slice_prev, W, b, progress);
}

ConvResult<float> conv_forward(View<const float, 4> A_prev, View<const float, 4> W, View<const float, 4> b,
                               const ConvHparameters& hparameters) {
  return notebook_forward(A_prev, W, b, hparameters);
}
ConvResult<double> conv_forward(View<const double, 4> A_prev, View<const double, 4> W, View<const double, 4> b,
                                const ConvHparameters& hparameters) {
  return notebook_forward(A_prev, W, b, hparameters);
}

}  // namespace convstep
