#include "conv/checks.h"

#include <algorithm>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/numerics_check.h"
#include "core/rows.h"
#include "pointwise/activation_checks.h"

namespace convstep {
namespace {

// A filter of one channel, as people have it for grey images, rather than PyTorch's weights of a 1x1 window.
constexpr int64_t kLargestOddWindow = 11;  // that is common: larger ones, and even ones, are rather numbers of channels
bool like_one_channel(const Shape<4>& weights) {
  return weights[0] == weights[1] && weights[0] % 2 == 1 && weights[0] <= kLargestOddWindow && weights[2] == 1;
}

// PyTorch's weights, (O, C, KH, KW).
bool like_filters_first(const Shape<4>& weights) {
  const bool like_window = weights[0] == weights[1] && weights[0] <= weights[2];
  return weights[2] == weights[3] && !like_window && !like_one_channel(weights);
}

ErrorText of_input(const Shape<4>& shape) { return ErrorText::axes("input", shape); }
ErrorText of_weights(const Shape<4>& shape) { return ErrorText::axes("weights", shape); }

ShapeError filters_first_error(const Shape<4>& weights, Guess guess) {
  return {"weights", of_weights(weights), of_weights({weights[2], weights[3], weights[1], weights[0]}), guess};
}

// Arrays in PyTorch's order, channels before height and width, are told so where channels do not fit: the cause comes
// before what follows from it. Windows are mostly square, and images have fewer channels than rows and columns, or are
// square, too; where neither is so, or the usual order is as likely, this says nothing.
void check_order(const Shape<4>& input, const Shape<4>& weights, int64_t groups) {
  const auto channels_fit = [&](int64_t C, int64_t per_group) { return C % groups == 0 && C / groups == per_group; };
  if (channels_fit(input[3], weights[2])) return;
  const auto fit = [&](int64_t C, int64_t per_group, int64_t O) {
    return channels_fit(C, per_group) && O % groups == 0;
  };
  const bool like_nchw = input[2] == input[3] || input[1] < std::min(input[2], input[3]);
  const bool filters_first = like_filters_first(weights);
  if (filters_first && fit(input[3], weights[1], weights[0])) {
    throw filters_first_error(weights, Guess::kItIsFiltersFirst);
  }
  if (filters_first && like_nchw && fit(input[1], weights[1], weights[0])) {
    throw filters_first_error(weights, Guess::kArraysAreNchw);
  }
  const bool like_photograph = groups == 1 && like_one_channel(weights) && input[1] < std::min(input[2], input[3]);
  if ((like_nchw && fit(input[1], weights[2], weights[3])) || like_photograph) {
    throw ShapeError("input", of_input(input), of_input({input[0], input[2], input[3], input[1]}), Guess::kItIsNchw);
  }
}

std::string counted(int64_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

ErrorText repeated(const Shape<4>& weights, int64_t C) {
  return "repeat the weights to " + of_weights({weights[0], weights[1], 1, C});
}

// What may be meant by a number of groups that does not divide the channels.
ErrorText groups_hint(const Shape<4>& weights, int64_t groups, int64_t C) {
  if (groups != C) return "";
  if (weights[2] == C) {  // (KH, KW, C, outputs per channel)
    return Guess::kWeightsAreDepthwise +
           (": reshape them to " + of_weights({weights[0], weights[1], 1, C * weights[3]}));
  }
  return weights[2] == 1 && weights[3] == 1 ? "for one filter on every channel, " + repeated(weights, C) : "";
}

// What may be meant by filters of one channel for an image of more.
ErrorText one_channel_hint(const Shape<4>& weights, int64_t groups, int64_t C) {
  const int64_t O = weights[3];
  if (groups != 1 || !like_one_channel(weights) || (O != 1 && O % C != 0)) return "";
  return "; " + ErrorText(Guess::kEachByItself) + (O == 1 ? repeated(weights, C) + " and " : "") + "set groups to " +
         std::to_string(C);
}

void check_channels(const Shape<4>& input, const Shape<4>& weights, int64_t groups) {
  const int64_t C = input[3], O = weights[3];
  if (groups < 1) throw ParameterError("groups", std::to_string(groups), "1 or more");
  check_order(input, weights, groups);
  if (C % groups != 0 || O % groups != 0) {
    throw ParameterError("groups", std::to_string(groups),
                         "a divisor of the " + counted(C, "input channel") + " and the " + counted(O, "output channel"),
                         groups_hint(weights, groups, C));
  }
  if (weights[2] != C / groups) {
    throw ShapeError("weights", of_weights(weights), of_weights({weights[0], weights[1], C / groups, O}),
                     ErrorText::name("input") + " " + of_input(input) + " has " + counted(C, "channel") +
                         (groups > 1 ? " in " + counted(groups, "group") : "") + one_channel_hint(weights, groups, C));
  }
}

void check_algorithm(ConvAlgorithm algorithm, Numerics numerics) {
  check_numerics(numerics);
  if (algorithm < ConvAlgorithm::kAuto || algorithm > ConvAlgorithm::kWinograd) {
    throw ParameterError("algorithm", std::to_string(static_cast<int>(algorithm)), "a value of ConvAlgorithm");
  }
  if (numerics == Numerics::kFast || algorithm == ConvAlgorithm::kAuto || algorithm == ConvAlgorithm::kReference)
    return;
  throw ParameterError("algorithm", algorithm == ConvAlgorithm::kDirect ? "direct" : "winograd",
                       "auto or reference, as the numerics are NumPy's");
}

}  // namespace

ConvProblem check_problem(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  constexpr const char* kWindow = "weights (KH, KW)";
  check_batch_shape("input", input.data(), 4, sizeof(float));
  check_full_shape("weights", weights.data(), 4, sizeof(float));
  check_channels(input, weights, options.groups);
  check_activation(options.activation, options.slope);
  check_algorithm(options.algorithm, options.numerics);
  try {
    const WindowGeometry geometry =
        resolve_geometry({input[1], input[2]}, {weights[0], weights[1]}, kWindow, options.stride, options.dilation,
                         options.padding, Rounding::kFloor);
    return {geometry, input[3], weights[3], options.groups, options.activation, options.slope};
  } catch (const ShapeError& error) {
    // The first layer of PyTorch's networks, (64, 3, 3, 3), has channels that fit in either order.
    const bool fits_both = weights[1] == weights[2] && like_filters_first(weights);
    if (error.argument() != kWindow || !fits_both) throw;
    throw ShapeError(kWindow, error.given(), error.expected(), Guess::kWeightsAreFiltersFirst);
  }
}

Shape<4> output_shape(int64_t images, const ConvProblem& problem) {
  const Shape<4> output{images, problem.geometry.height.output, problem.geometry.width.output, problem.outputs};
  element_count("output", output.data(), 4, sizeof(double));
  return output;
}

template <class T>
void check_weights(const ConvWeights<T>& weights, const ConvProblem& problem) {
  check_readable(extent_of("weights", weights.weights));
  if (!weights.bias) return;
  if (weights.bias.shape(0) != problem.outputs) {
    const Shape<4>& shape = weights.weights.shape();
    const bool filters_first = weights.bias.shape(0) == shape[0] && like_filters_first(shape);
    throw ShapeError("bias", to_string(weights.bias.shape()), to_string(Shape<1>{problem.outputs}),
                     filters_first ? Guess::kWeightsAreFiltersFirst : ErrorText("one number per output channel"));
  }
  check_readable(extent_of("bias", weights.bias));
}

template <class T>
void check_call(const ConvCall<T>& call, const ConvProblem& problem) {
  const Shape<4> input{call.input.shape(0), problem.geometry.height.input, problem.geometry.width.input,
                       problem.channels};
  check_input_shape(call.input.shape(), input);
  const Shape<4> output = output_shape(call.input.shape(0), problem);
  check_output_shape(call.output.shape(), output, "O");
  const View<const T, 4> read = some_rows(call.input, rows_read(problem.geometry.height, call.rows));
  const View<T, 4> written = some_rows(call.output, call.rows);
  check_writable(extent_of("output", written));
  check_readable(extent_of("input", read));
  if (problem.has_countable_padding()) check_steps(extent_of("input", call.input), problem.geometry);
  check_no_overlap(extent_of("output", written), extent_of("input", read));
  if (!call.residual) return;
  check_shape("residual", call.residual.shape().data(), output.data(), 4, "the shape of the output");
  const View<const T, 4> residual = some_rows(call.residual, call.rows);
  check_readable(extent_of("residual", residual));
  check_no_partial_overlap(extent_of("output", written), extent_of("residual", residual));
}

template void check_weights(const ConvWeights<float>&, const ConvProblem&);
template void check_weights(const ConvWeights<double>&, const ConvProblem&);
template void check_call(const ConvCall<float>&, const ConvProblem&);
template void check_call(const ConvCall<double>&, const ConvProblem&);

}  // namespace convstep
