// variadic.cc: Max, Mean, Min, Sum: one input after the other, from the first.
#include "network/operations/arithmetic.h"
#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const std::string& operation = request.node.operation;
  const char* name = operation == "Max" ? "max" : operation == "Min" ? "min" : "data_0";
  const Element element = required(request, 0, name).element;
  if (operation == "Sum" || operation == "Mean") required(request, 0, name, Element::kReal);
  for (size_t i = 1; i < request.inputs.size(); ++i) required(request, i, name, element);
  Inferred<T> inferred{.outputs = {elementwise_output(request, element, {name})}};
  if (request.inputs.size() == 1) {
    inferred.view = [](const ArrayView<T>& array) { return array; };
    inferred.view_takes_strides = true;
  }
  // With more, the output holds what the first two gave before the others are read.
  inferred.may_work_in_place = request.inputs.size() == 2;
  inferred.in_place_inputs = {0, 1};
  return inferred;
}

template <class U>
BinaryRun<U, U, U> function_of(const std::string& operation) {
  if (operation == "Max") return binary_run<U, U, U>(Larger());
  if (operation == "Min") return binary_run<U, U, U>(Smaller());
  return binary_run<U, U, U>(Add());
}

template <class T, class U>
void accumulate(const BinaryRun<U, U, U>& function, const StepArrays<T>& arrays, const NdView<U>& to,
                const RunOptions& options) {
  apply(function, elements<U>(arrays.inputs[0]), elements<U>(arrays.inputs[1]), to, options);
  for (size_t i = 2; i < arrays.inputs.size(); ++i) apply(function, to, elements<U>(arrays.inputs[i]), to, options);
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  if (inferred.view) return {.run = nullptr};
  const std::string& operation = request.node.operation;
  if (inferred.outputs[0].element == Element::kInteger) {
    return {
        .run = [function = function_of<int64_t>(operation)](const StepArrays<T>& arrays, const RunOptions& options) {
          accumulate(function, arrays, arrays.outputs[0].integers(), options);
        }};
  }
  const bool is_mean = operation == "Mean";
  return {.run = [=, function = function_of<T>(operation)](const StepArrays<T>& arrays, const RunOptions& options) {
    const NdView<T> to = arrays.outputs[0].real();
    accumulate(function, arrays, to, options);
    const T count = static_cast<T>(arrays.inputs.size());
    if (is_mean) apply(unary_run<T, T>([=](T x) { return x / count; }), to, to, options);
  }};
}

}  // namespace

template <class T>
Operation<T> variadic_operation(const char* name) {
  return {name, kAnyNumber, infer<T>, make<T>};
}
template Operation<float> variadic_operation(const char*);
template Operation<double> variadic_operation(const char*);

}  // namespace convstep::network
