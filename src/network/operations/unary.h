// unary.h: operations that are one function of each element.
#pragma once

#include "network/operations/elementwise.h"
#include "network/operations/requests.h"
#include "pointwise/function_kernel.h"

namespace convstep::network {

template <class T>
struct UnaryFunction {
  const char* name;
  const char* input;  // as ONNX names it
  // Make the function with the attributes of a node. Null: there is none for such elements.
  UnaryRun<T, T> (*real)(const Node& node);
  UnaryRun<int64_t, int64_t> (*integer)(const Node& node);
};

// Of a kernel that takes runs side by side, kernel(a, to, n): through a buffer where numbers lie apart.
template <class T, class Kernel>
UnaryRun<T, T> side_by_side(const Kernel& kernel) {
  return [kernel](const T* a, int64_t a_step, T* to, int64_t to_step, int64_t n) {
    if (n == 1 || (a_step == 1 && to_step == 1)) {
      kernel(a, to, n);
      return;
    }
    constexpr int64_t kBuffer = 256;
    T buffer[kBuffer];
    for (int64_t first = 0; first < n; first += kBuffer) {
      const int64_t count = std::min(kBuffer, n - first);
      for (int64_t i = 0; i < count; ++i) buffer[i] = a[(first + i) * a_step];
      kernel(buffer, buffer, count);
      for (int64_t i = 0; i < count; ++i) to[(first + i) * to_step] = buffer[i];
    }
  };
}

// The function of a kernel, for the SIMD target that is in use now.
template <class T>
UnaryRun<T, T> kernel_run(kernels::Function function, const kernels::FunctionParameters& parameters = {}) {
  return side_by_side<T>([=, &target = kernels::chosen_target()](const T* a, T* to, int64_t n) {
    kernels::function_run(target, a, to, n, function, parameters);
  });
}

template <class T>
const UnaryFunction<T>& find_unary(std::span<const UnaryFunction<T>> functions, const Node& node) {
  return *std::find_if(functions.begin(), functions.end(),
                       [&](const UnaryFunction<T>& function) { return function.name == node.operation; });
}

template <class T, auto kFunctions>
Inferred<T> infer_unary(const Request<T>& request) {
  const UnaryFunction<T>& function = find_unary<T>(kFunctions(), request.node);
  const ValueInfo<T>& input = required(request, 0, function.input);
  if (!function.integer) check_element(input, function.input, Element::kReal);
  if (input.element == Element::kReal) function.real(request.node);  // throws where an attribute is wrong
  return {.outputs = {{input.element, input.shape, input.order}}, .may_work_in_place = true};
}

template <class T, auto kFunctions>
Step<T> make_unary(const Request<T>& request, const Inferred<T>&) {
  const UnaryFunction<T>& function = find_unary<T>(kFunctions(), request.node);
  if (request.inputs[0].element == Element::kInteger) {
    return {.run = [run = function.integer(request.node)](const StepArrays<T>& arrays, const RunOptions& options) {
      apply(run, arrays.inputs[0].integers(), arrays.outputs[0].integers(), options);
    }};
  }
  return {.run = [run = function.real(request.node)](const StepArrays<T>& arrays, const RunOptions& options) {
    apply(run, arrays.inputs[0].real(), arrays.outputs[0].real(), options);
  }};
}

// The operation of this name among functions that kFunctions() lists.
template <class T, auto kFunctions>
Operation<T> unary_operation_of(const char* name) {
  return {name, 1, infer_unary<T, kFunctions>, make_unary<T, kFunctions>};
}

}  // namespace convstep::network
