// binary.h: operations that are one function of two elements.
#pragma once

#include "network/operations/elementwise.h"
#include "network/operations/requests.h"

namespace convstep::network {

// R: T where such a function of real numbers is a real number, int64_t where it is a truth value.
template <class T, class R>
struct BinaryFunction {
  const char* name;
  const char* inputs[2];  // as ONNX names them
  // Make the function with the attributes of a node. Null: there is none for such elements.
  BinaryRun<R, T, T> (*real)(const Node& node);
  BinaryRun<int64_t, int64_t, int64_t> (*integer)(const Node& node);
  bool keeps_first_shape = false;  // the second is broadcast to the first alone
};

template <class T, class R>
const BinaryFunction<T, R>& find_binary(std::span<const BinaryFunction<T, R>> functions, const Node& node) {
  return *std::find_if(functions.begin(), functions.end(),
                       [&](const BinaryFunction<T, R>& function) { return function.name == node.operation; });
}

template <class T, class R, auto kFunctions>
Inferred<T> infer_binary(const Request<T>& request) {
  const BinaryFunction<T, R>& function = find_binary<T, R>(kFunctions(), request.node);
  const ValueInfo<T>& a = required(request, 0, function.inputs[0]);
  const ValueInfo<T>& b = required(request, 1, function.inputs[1]);
  if (!function.integer) check_element(a, function.inputs[0], Element::kReal);
  if (!function.real) check_element(a, function.inputs[0], Element::kInteger);
  check_element(b, function.inputs[1], a.element);
  const Element element = a.element == Element::kReal ? kElementOf<R> : Element::kInteger;
  const ValueInfo<T> output = elementwise_output(request, element, {function.inputs[0], function.inputs[1]});
  if (function.keeps_first_shape && !(output.shape == a.shape)) {
    throw ShapeError(function.inputs[1], to_string(b.shape), "a shape that can be broadcast to " + to_string(a.shape));
  }
  return {.outputs = {output}, .may_work_in_place = element == a.element, .in_place_inputs = {0, 1}};
}

template <class T, class R, auto kFunctions>
Step<T> make_binary(const Request<T>& request, const Inferred<T>&) {
  const BinaryFunction<T, R>& function = find_binary<T, R>(kFunctions(), request.node);
  if (request.inputs[0].element == Element::kInteger) {
    return {.run = [run = function.integer(request.node)](const StepArrays<T>& arrays, const RunOptions& options) {
      apply(run, arrays.inputs[0].integers(), arrays.inputs[1].integers(), arrays.outputs[0].integers(), options);
    }};
  }
  return {.run = [run = function.real(request.node)](const StepArrays<T>& arrays, const RunOptions& options) {
    apply(run, arrays.inputs[0].real(), arrays.inputs[1].real(), elements<R>(arrays.outputs[0]), options);
  }};
}

// The operation of this name among functions that kFunctions() lists.
template <class T, class R, auto kFunctions>
Operation<T> binary_operation_of(const char* name) {
  return {name, 2, infer_binary<T, R, kFunctions>, make_binary<T, R, kFunctions>};
}

}  // namespace convstep::network
