// Arrays with channels last, where the caller's layout says that they are second.
#include <algorithm>
#include <string>

#include "convstep/error.h"
#include "python/conv.h"

namespace convstep::python {
namespace {

// Would arrays of these shapes, in the library's order, be a call?
bool fit(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  try {
    conv_output_shape(input, weights, options);
    return true;
  } catch (const ArgumentError&) {
    return false;
  }
}

// Says what the arrays look like, where other orders fit; all shapes are as the caller has them.
void explain(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options, const Arrays& arrays) {
  const Shape<4> given_input{input[0], input[3], input[1], input[2]};
  const Shape<4> given_weights{weights[3], weights[2], weights[0], weights[1]};
  const auto [N, H, W, C] = given_input;
  const auto [KH, KW, per_group, O] = given_weights;
  const bool like_nhwc = H == W || C < std::min(H, W);
  // (1, 1, 3, 3) is one filter for grey images rather than weights of a 1x1 window.
  const bool like_one_filter = KH == 1 && KW == 1 && per_group == O && O % 2 == 1 && O <= 11;
  const bool like_window_first = KH == KW && !like_one_filter;
  const auto complain = [](const char* argument, const Shape<4>& given, const Shape<4>& expected,
                           const std::string& hint) {
    throw ShapeError(argument, to_string(given), to_string(expected), hint);
  };
  const auto write = [](bool is_array, const char* code) { return is_array ? std::string(": write ") + code : ""; };
  const Shape<4> expected_weights{O, per_group, KH, KW};
  if (like_window_first && fit(input, given_weights, options)) {
    complain("weights", given_weights, expected_weights,
             "it looks like (KH, KW, C, O)" + write(arrays.weights, "weights.transpose(3, 2, 0, 1)"));
  }
  if (like_nhwc && like_window_first && fit(given_input, given_weights, options)) {
    complain("weights", given_weights, expected_weights,
             "the arrays look like (N, H, W, C) and (KH, KW, C, O): use layout=\"NHWC\"");
  }
  if (like_nhwc && fit(given_input, weights, options)) {
    complain("input", given_input, {N, C, H, W},
             "it looks like (N, H, W, C)" + write(arrays.input, "input.transpose(0, 3, 1, 2)"));
  }
}

// What does not fit where the library guesses at the order of the axes instead: it does not see the caller's.
[[noreturn]] void refuse_channels(const Shape<4>& input, const Shape<4>& weights, int64_t groups) {
  const auto counted = [](int64_t number, const char* what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
  };
  const auto [KH, KW, per_group, O] = weights;
  const int64_t C = input[3];
  if (C % groups != 0) {
    throw ParameterError(
        "groups", std::to_string(groups),
        "a divisor of the " + counted(C, "input channel") + " and the " + counted(O, "output channel"));
  }
  throw ShapeError("weights", ErrorText::axes("weights", weights), ErrorText::axes("weights", {KH, KW, C / groups, O}),
                   "input " + ErrorText::axes("input", input) + " has " + counted(C, "channel") +
                       (groups > 1 ? " in " + counted(groups, "group") : ""));
}

}  // namespace

Shape<4> checked_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options, Layout layout,
                              const Arrays& arrays) {
  try {
    return conv_output_shape(input, weights, options);
  } catch (const ArgumentError& error) {
    if (layout == Layout::kNHWC || error.argument() == "weights (KH, KW)") throw;  // the channels fit
    explain(input, weights, options, arrays);
    if (error.guess() == Guess::kNone || error.guess() == Guess::kEachByItself) throw;
    refuse_channels(input, weights, options.groups);
  }
}

}  // namespace convstep::python
