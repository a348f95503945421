// functions.cc: the eight functions: their names, what they are given, how they run.
#include <array>

#include "notebook/check/places.h"
#include "notebook/check/run.h"
#include "notebook/check/text.h"

namespace convstep {
namespace {

using check::shape_text;

struct Described {
  CheckedFunction function;
  const char* name;
  std::vector<const char*> inputs, outputs;
  std::vector<size_t> ranks;  // of the inputs
  bool (*run)(const CheckCase&, const check::Choices&, check::Sink&);
};

const std::array<Described, kCheckedFunctions>& all_described() {
  static const std::array<Described, kCheckedFunctions> all = {{
      {CheckedFunction::kZeroPad, "zero_pad", {"X"}, {"X_pad"}, {4}, check::run_zero_pad},
      {CheckedFunction::kConvSingleStep,
       "conv_single_step",
       {"a_slice_prev", "W", "b"},
       {"Z"},
       {3, 3, 3},
       check::run_single_step},
      {CheckedFunction::kConvForward, "conv_forward", {"A_prev", "W", "b"}, {"Z"}, {4, 4, 4}, check::run_conv},
      {CheckedFunction::kPoolForward, "pool_forward", {"A_prev"}, {"A"}, {4}, check::run_pool},
      {CheckedFunction::kConvBackward,
       "conv_backward",
       {"dZ", "A_prev", "W", "b"},
       {"dA_prev", "dW", "db"},
       {4, 4, 4, 4},
       check::run_conv_backward},
      {CheckedFunction::kCreateMaskFromWindow, "create_mask_from_window", {"x"}, {"mask"}, {2}, check::run_mask},
      {CheckedFunction::kDistributeValue, "distribute_value", {"dz", "shape"}, {"a"}, {0, 1}, check::run_share},
      {CheckedFunction::kPoolBackward,
       "pool_backward",
       {"dA", "A_prev"},
       {"dA_prev"},
       {4, 4},
       check::run_pool_backward},
  }};
  return all;
}

const Described& described(CheckedFunction function) { return all_described()[static_cast<size_t>(function)]; }

void check_array(const std::string& name, const CheckArray& array) {
  size_t count = 1;
  for (const int64_t length : array.shape) count *= length < 0 ? 0 : static_cast<size_t>(length);
  if (count != array.values.size()) {
    throw ShapeError(name, std::to_string(array.values.size()) + " values", std::to_string(count),
                     "the shape is " + shape_text(array.shape));
  }
}

void expect_shape(const char* name, const CheckArray& array, const std::vector<int64_t>& shape, const char* why) {
  if (array.shape != shape) throw ShapeError(name, shape_text(array.shape), shape_text(shape), why);
}

void expect_at_least(int64_t least, const char* name, int64_t given) {
  if (given < least) throw ParameterError(name, std::to_string(given), std::to_string(least) + " or more");
}

void expect_window(const char* name, int64_t window, int64_t padded) {
  if (window < 1 || window > padded) {
    throw ShapeError(name, std::to_string(window), "1 to " + std::to_string(padded),
                     "the window must fit the padded input");
  }
}

void check_conv(const CheckArray& A_prev, const CheckArray& W, const CheckArray& b, const CheckCase& one) {
  expect_at_least(1, "stride", one.stride);
  expect_at_least(0, "pad", one.pad);
  if (W.shape[2] != A_prev.shape[3]) {
    throw ShapeError("W", shape_text(W.shape), "as many channels as A_prev, " + std::to_string(A_prev.shape[3]));
  }
  expect_shape("b", b, {1, 1, 1, W.shape[3]}, "one bias per filter of W");
  expect_window("W", W.shape[0], A_prev.shape[1] + 2 * one.pad);
  expect_window("W", W.shape[1], A_prev.shape[2] + 2 * one.pad);
}

void check_pool(const CheckArray& A_prev, const CheckCase& one) {
  expect_at_least(1, "stride", one.stride);
  expect_window("f", one.f, A_prev.shape[1]);
  expect_window("f", one.f, A_prev.shape[2]);
}

// The shape of a gradient of outputs.
std::vector<int64_t> output_shape(const CheckArray& A_prev, int64_t height, int64_t width, int64_t channels,
                                  const CheckCase& one, int64_t pad) {
  using check::output_count;
  constexpr auto kFloor = check::SizeRule::kFloor;
  return {A_prev.shape[0], output_count(kFloor, A_prev.shape[1], height, pad, one.stride),
          output_count(kFloor, A_prev.shape[2], width, pad, one.stride), channels};
}

}  // namespace

const char* checked_name(CheckedFunction function) { return described(function).name; }

std::optional<CheckedFunction> checked_function(std::string_view name) {
  for (const Described& one : all_described()) {
    if (one.name == name) return one.function;
  }
  return {};
}

std::span<const char* const> check_input_names(CheckedFunction function) { return described(function).inputs; }
std::span<const char* const> check_output_names(CheckedFunction function) { return described(function).outputs; }

namespace check {

bool run(CheckedFunction function, const CheckCase& one, const Choices& choices, Sink& sink) {
  return described(function).run(one, choices, sink);
}

void check_case(CheckedFunction function, const CheckCase& one) {
  const Described& it = described(function);
  if (one.inputs.size() != it.inputs.size()) {
    throw ParameterError("inputs", std::to_string(one.inputs.size()) + " arrays", std::to_string(it.inputs.size()));
  }
  for (size_t k = 0; k < it.inputs.size(); ++k) {
    const CheckArray& input = one.inputs[k];
    check_array(it.inputs[k], input);
    if (input.shape.size() != it.ranks[k]) {
      throw ShapeError(it.inputs[k], shape_text(input.shape), std::to_string(it.ranks[k]) + " axes");
    }
    if (input.values.empty()) throw ShapeError(it.inputs[k], shape_text(input.shape), "no axis of length 0");
  }
  const std::vector<CheckArray>& in = one.inputs;
  switch (function) {
    case CheckedFunction::kZeroPad:
      expect_at_least(0, "pad", one.pad);
      break;
    case CheckedFunction::kConvSingleStep:
      expect_shape("W", in[1], in[0].shape, "the shape of a_slice_prev");
      expect_shape("b", in[2], {1, 1, 1}, "one filter has one bias");
      break;
    case CheckedFunction::kConvForward:
      check_conv(in[0], in[1], in[2], one);
      break;
    case CheckedFunction::kPoolForward:
      check_pool(in[0], one);
      break;
    case CheckedFunction::kConvBackward:
      check_conv(in[1], in[2], in[3], one);
      expect_shape("dZ", in[0], output_shape(in[1], in[2].shape[0], in[2].shape[1], in[2].shape[3], one, one.pad),
                   "that of Z");
      break;
    case CheckedFunction::kCreateMaskFromWindow:
      break;
    case CheckedFunction::kDistributeValue:
      if (in[1].values.size() != 2) throw ShapeError("shape", shape_text(in[1].shape), "(2,)", "n_H and n_W");
      for (const double length : in[1].values) expect_at_least(1, "shape", static_cast<int64_t>(length));
      break;
    case CheckedFunction::kPoolBackward:
      check_pool(in[1], one);
      expect_shape("dA", in[0], output_shape(in[1], one.f, one.f, in[1].shape[3], one, 0), "that of A");
      break;
  }
}

void check_given(CheckedFunction function, const CheckOutputs& yours) {
  const Described& it = described(function);
  if (yours.size() != it.outputs.size()) {
    throw ParameterError("yours", std::to_string(yours.size()) + " arrays", std::to_string(it.outputs.size()));
  }
  for (size_t k = 0; k < yours.size(); ++k) check_array(it.outputs[k], yours[k]);
}

}  // namespace check
}  // namespace convstep
