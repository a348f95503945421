// pow.cc: Pow, whose base and exponent may be numbers of different kinds. The result is of the base's.
#include <cmath>

#include "network/operations/arithmetic.h"
#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// By squaring; wraps around. What lies between whole numbers is cut off, and 0 is what no number is (0 to the power
// -1).
int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  int64_t result = 1;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = Multiply()(result, base);
    base = Multiply()(base, base);
  }
  return result;
}
template <class T>
T power(T base, T exponent) {
  return std::pow(base, exponent);
}
template <class T>
T power(T base, int64_t exponent) {
  return std::pow(base, static_cast<T>(exponent));
}
template <class T>
int64_t power_of_integer(int64_t base, T exponent) {
  const double result = std::pow(static_cast<double>(base), static_cast<double>(exponent));
  return to_integer(result);
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& base = required(request, 0, "X");
  required(request, 1, "Y");
  return {.outputs = {elementwise_output(request, base.element, {"X", "Y"})}, .may_work_in_place = true};
}

// Squares, of which networks are full, are one multiplication.
template <class T>
void power_of_reals(const NdView<T>& base, const ArrayView<T>& exponent, const NdView<T>& to,
                    const RunOptions& options) {
  if (exponent.element == Element::kInteger) {
    const auto run = binary_run<T, T, int64_t>([](T x, int64_t y) { return power<T>(x, y); });
    if (exponent.shape.count() == 1 && *exponent.integers().data == 2) {
      apply(unary_run<T, T>([](T x) { return x * x; }), base, to, options);
    } else {
      apply(run, base, exponent.integers(), to, options);
    }
    return;
  }
  if (exponent.shape.count() == 1 && *exponent.real().data == 2) {
    apply(unary_run<T, T>([](T x) { return x * x; }), base, to, options);
  } else {
    apply(binary_run<T, T, T>([](T x, T y) { return power<T>(x, y); }), base, exponent.real(), to, options);
  }
}

template <class T>
Step<T> make(const Request<T>&, const Inferred<T>&) {
  return {.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
    const ArrayView<T>&base = arrays.inputs[0], &exponent = arrays.inputs[1], &to = arrays.outputs[0];
    if (base.element == Element::kReal) {
      power_of_reals(base.real(), exponent, to.real(), options);
    } else if (exponent.element == Element::kReal) {
      const auto run = binary_run<int64_t, int64_t, T>([](int64_t x, T y) { return power_of_integer(x, y); });
      apply(run, base.integers(), exponent.real(), to.integers(), options);
    } else {
      const auto run = binary_run<int64_t, int64_t, int64_t>([](int64_t x, int64_t y) { return power(x, y); });
      apply(run, base.integers(), exponent.integers(), to.integers(), options);
    }
  }};
}

}  // namespace

template <class T>
Operation<T> pow_operation() {
  return {"Pow", 2, infer<T>, make<T>};
}
template Operation<float> pow_operation();
template Operation<double> pow_operation();

}  // namespace convstep::network
