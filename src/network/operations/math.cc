// math.cc: functions of mathematics, element by element.
#include <cmath>

#include "network/operations/operations.h"
#include "network/operations/unary.h"

namespace convstep::network {
namespace {

template <class T, T (*kFunction)(T)>
UnaryRun<T, T> plain(const Node&) {
  return unary_run<T, T>([](T x) { return kFunction(x); });
}

template <class T, kernels::Function kFunction>
UnaryRun<T, T> kernel(const Node&) {
  return kernel_run<T>(kFunction);
}

template <class T>
T sign(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;  // NaN stays what it is
}
template <class T>
T reciprocal(T x) {
  return 1 / x;
}
template <class T>
T negative(T x) {
  return -x;
}
// Without overflow: -2^63 stays what it is.
int64_t negative_integer(int64_t x) { return static_cast<int64_t>(-static_cast<uint64_t>(x)); }
int64_t magnitude(int64_t x) { return x < 0 ? negative_integer(x) : x; }
// To the nearest whole number, and to the even one of two.
template <class T>
T rounded(T x) {
  return std::nearbyint(x);
}

template <class T>
std::span<const UnaryFunction<T>> functions() {
  static constexpr UnaryFunction<T> kFunctions[] = {
      {"Abs", "X", plain<T, std::abs>, plain<int64_t, magnitude>},
      {"Ceil", "X", plain<T, std::ceil>, nullptr},
      {"Cos", "input", plain<T, std::cos>, nullptr},
      {"Erf", "input", kernel<T, kernels::Function::kErf>, nullptr},
      {"Exp", "input", kernel<T, kernels::Function::kExp>, nullptr},
      {"Floor", "X", plain<T, std::floor>, nullptr},
      {"Log", "input", plain<T, std::log>, nullptr},
      {"Neg", "X", plain<T, negative>, plain<int64_t, negative_integer>},
      {"Reciprocal", "X", plain<T, reciprocal>, nullptr},
      {"Round", "X", plain<T, rounded>, nullptr},
      {"Sign", "input", plain<T, sign>, plain<int64_t, sign>},
      {"Sin", "input", plain<T, std::sin>, nullptr},
      {"Sqrt", "X", plain<T, std::sqrt>, nullptr},
  };
  return kFunctions;
}

}  // namespace

template <class T>
Operation<T> math_operation(const char* name) {
  return unary_operation_of<T, functions<T>>(name);
}
template Operation<float> math_operation(const char*);
template Operation<double> math_operation(const char*);

}  // namespace convstep::network
