// comparison.cc: operations that give truth values, 0 and 1: of two numbers, and of one.
#include <cmath>

#include "network/operations/binary.h"
#include "network/operations/operations.h"

namespace convstep::network {
namespace {

template <class U, bool (*kHolds)(U, U)>
BinaryRun<int64_t, U, U> plain(const Node&) {
  return binary_run<int64_t, U, U>([](U a, U b) -> int64_t { return kHolds(a, b); });
}
template <class U>
bool equal(U a, U b) {
  return a == b;
}
template <class U>
bool greater(U a, U b) {
  return a > b;
}
template <class U>
bool greater_or_equal(U a, U b) {
  return a >= b;
}
template <class U>
bool less(U a, U b) {
  return a < b;
}
template <class U>
bool less_or_equal(U a, U b) {
  return a <= b;
}

template <class T>
std::span<const BinaryFunction<T, int64_t>> functions() {
  static constexpr BinaryFunction<T, int64_t> kFunctions[] = {
      {"Equal", {"A", "B"}, plain<T, equal>, plain<int64_t, equal>},
      {"Greater", {"A", "B"}, plain<T, greater>, plain<int64_t, greater>},
      {"GreaterOrEqual", {"A", "B"}, plain<T, greater_or_equal>, plain<int64_t, greater_or_equal>},
      {"Less", {"A", "B"}, plain<T, less>, plain<int64_t, less>},
      {"LessOrEqual", {"A", "B"}, plain<T, less_or_equal>, plain<int64_t, less_or_equal>},
  };
  return kFunctions;
}

template <class T>
UnaryRun<int64_t, T> is_infinite(const Node& node) {
  const bool positive = node.integer("detect_positive", 1) != 0, negative = node.integer("detect_negative", 1) != 0;
  return unary_run<int64_t, T>([=](T x) -> int64_t { return std::isinf(x) && (x > 0 ? positive : negative); });
}

template <class T>
Inferred<T> infer_truth(const Request<T>& request) {
  const Element element = request.node.operation == "Not" ? Element::kInteger : Element::kReal;
  const ValueInfo<T>& input = required(request, 0, "X", element);
  return {.outputs = {{Element::kInteger, input.shape, input.order}},
          .may_work_in_place = element == Element::kInteger};
}

template <class T>
Step<T> make_truth(const Request<T>& request, const Inferred<T>&) {
  if (request.node.operation == "Not") {
    return {.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
      const auto run = unary_run<int64_t, int64_t>([](int64_t x) -> int64_t { return x == 0; });
      apply(run, arrays.inputs[0].integers(), arrays.outputs[0].integers(), options);
    }};
  }
  UnaryRun<int64_t, T> run = unary_run<int64_t, T>([](T x) -> int64_t { return std::isnan(x); });
  if (request.node.operation == "IsInf") run = is_infinite<T>(request.node);
  return {.run = [run](const StepArrays<T>& arrays, const RunOptions& options) {
    apply(run, arrays.inputs[0].real(), arrays.outputs[0].integers(), options);
  }};
}

}  // namespace

template <class T>
Operation<T> comparison_operation(const char* name) {
  return binary_operation_of<T, int64_t, functions<T>>(name);
}
template <class T>
Operation<T> truth_operation(const char* name) {
  return {name, 1, infer_truth<T>, make_truth<T>};
}
template Operation<float> comparison_operation(const char*);
template Operation<double> comparison_operation(const char*);
template Operation<float> truth_operation(const char*);
template Operation<double> truth_operation(const char*);

}  // namespace convstep::network
