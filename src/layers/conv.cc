#include "convstep/conv.h"

#include "convstep/error.h"
#include "core/checks.h"
#include "core/geometry.h"
#include "layers/options.h"
#include "reference/reference.h"

namespace convstep {
namespace {

// What messages call the arguments: the caller's own words.
struct Names {
  const char *input, *weights, *window;
};
constexpr Names kNames{"input", "weights", "weights (KH, KW)"};
constexpr Names kNotebookNames{"A_prev", "W", "W (f, f)"};

void check_channels(const Shape<4>& input, const Shape<4>& weights, int64_t groups, const Names& names) {
  const int64_t C = input[3], O = weights[3];
  if (groups < 1) throw ParameterError("groups", std::to_string(groups), "1 or more");
  if (C % groups != 0 || O % groups != 0) {
    throw ParameterError(
        "groups", std::to_string(groups),
        "a divisor of the " + std::to_string(C) + " input channels and the " + std::to_string(O) + " output channels");
  }
  if (weights[2] != C / groups) {
    const std::string expected = "(" + std::to_string(weights[0]) + ", " + std::to_string(weights[1]) + ", " +
                                 std::to_string(C / groups) + ", " + std::to_string(O) + ")";
    throw ShapeError(names.weights, to_string(weights), expected,
                     names.input + (" " + to_string(input)) + " has " + std::to_string(C) + " channels" +
                         (groups > 1 ? " in " + std::to_string(groups) + " groups" : ""));
  }
}

WindowGeometry check_geometry(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options,
                              const Names& names) {
  check_batch_shape(names.input, input.data(), 4, sizeof(float));
  check_full_shape(names.weights, weights.data(), 4, sizeof(float));
  check_channels(input, weights, options.groups, names);
  check_activation(options.activation, options.slope);
  if (options.algorithm < ConvAlgorithm::kAuto || options.algorithm > ConvAlgorithm::kReference) {
    throw ParameterError("algorithm", std::to_string(static_cast<int>(options.algorithm)), "a value of ConvAlgorithm");
  }
  return resolve_geometry({input[1], input[2]}, {weights[0], weights[1]}, names.window, options.stride,
                          options.dilation, options.padding, Rounding::kFloor);
}

Shape<4> output_shape(const Shape<4>& input, const Shape<4>& weights, const WindowGeometry& geometry) {
  const Shape<4> output{input[0], geometry.height.output, geometry.width.output, weights[3]};
  element_count("output", output.data(), 4, sizeof(double));
  return output;
}

template <class T>
void run(const reference::ConvArguments<T>& arguments, const ConvOptions& options) {
  const auto& [input, weights, bias, residual, output] = arguments;
  const WindowGeometry geometry = check_geometry(input.shape(), weights.shape(), options, kNames);
  const Shape<4> expected = output_shape(input.shape(), weights.shape(), geometry);
  check_shape("output", output.shape().data(), expected.data(), 4, "(N, OH, OW, O)");
  check_writable(extent_of("output", output));

  check_readable(extent_of("input", input));
  check_no_overlap(extent_of("output", output), extent_of("input", input));
  check_readable(extent_of("weights", weights));
  check_no_overlap(extent_of("output", output), extent_of("weights", weights));
  if (bias) {
    check_shape("bias", bias.shape().data(), &expected[3], 1, "one number per output channel");
    check_readable(extent_of("bias", bias));
    check_no_overlap(extent_of("output", output), extent_of("bias", bias));
  }
  if (residual) {
    check_shape("residual", residual.shape().data(), expected.data(), 4, "the shape of the output");
    check_readable(extent_of("residual", residual));
    check_no_partial_overlap(extent_of("output", output), extent_of("residual", residual));
  }
  reference::conv_forward(arguments, geometry, options);
}

template <class T>
T single_step(View<const T, 3> a_slice_prev, View<const T, 3> W, View<const T, 3> b) {
  check_full_shape("W", W.shape().data(), 3, sizeof(T));
  check_shape("a_slice_prev", a_slice_prev.shape().data(), W.shape().data(), 3, "the shape of W");
  check_shape("b", b.shape().data(), Shape<3>{1, 1, 1}.data(), 3, "one filter has one bias");
  check_readable(extent_of("a_slice_prev", a_slice_prev));
  check_readable(extent_of("W", W));
  check_readable(extent_of("b", b));
  return reference::conv_single_step(a_slice_prev, W, b(0, 0, 0));
}

template <class T>
ConvResult<T> notebook_forward(View<const T, 4> A_prev, View<const T, 4> W, View<const T, 4> b,
                               const ConvHparameters& hparameters) {
  const auto& [stride, pad, algorithm] = hparameters;
  if (stride < 1) throw ParameterError("stride", std::to_string(stride), "1 or more");
  if (pad < 0) throw ParameterError("pad", std::to_string(pad), "0 or more");
  check_shape("b", b.shape().data(), Shape<4>{1, 1, 1, W.shape(3)}.data(), 4, "one bias per filter of W");
  const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(pad), .algorithm = algorithm};
  const WindowGeometry geometry = check_geometry(A_prev.shape(), W.shape(), options, kNotebookNames);
  check_readable(extent_of("A_prev", A_prev));
  check_readable(extent_of("W", W));
  check_readable(extent_of("b", b));

  auto Z = Tensor<T, 4>::uninitialized(output_shape(A_prev.shape(), W.shape(), geometry));
  const View<const T, 1> bias(b.data(), {b.shape(3)}, {b.stride(3)});
  conv_forward(A_prev, W, bias, Z, options);
  return {std::move(Z), {A_prev, W, b, hparameters}};
}

}  // namespace

Shape<4> conv_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  return output_shape(input, weights, check_geometry(input, weights, options, kNames));
}

void conv_forward(View<const float, 4> input, View<const float, 4> weights, View<const float, 1> bias,
                  View<float, 4> output, const ConvOptions& options, View<const float, 4> residual) {
  run<float>({input, weights, bias, residual, output}, options);
}
void conv_forward(View<const double, 4> input, View<const double, 4> weights, View<const double, 1> bias,
                  View<double, 4> output, const ConvOptions& options, View<const double, 4> residual) {
  run<double>({input, weights, bias, residual, output}, options);
}

float conv_single_step(View<const float, 3> a_slice_prev, View<const float, 3> W, View<const float, 3> b) {
  return single_step(a_slice_prev, W, b);
}
double conv_single_step(View<const double, 3> a_slice_prev, View<const double, 3> W, View<const double, 3> b) {
  return single_step(a_slice_prev, W, b);
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
