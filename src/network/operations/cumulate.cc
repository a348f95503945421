// cumulate.cc: CumSum: the sums of the elements up to each place of an axis. Those of real numbers are double's.
#include "network/loop.h"
#include "network/operations/arithmetic.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
int axis_of(const Request<T>& request) {
  const std::vector<int64_t> axis = required_integers(request, 1, "axis");
  if (axis.size() != 1) throw ShapeError("axis", std::to_string(axis.size()) + " numbers", "a single number");
  return check_axis("axis", axis[0], request.inputs[0].shape.rank());
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& x = required(request, 0, "x");
  axis_of(request);
  return {.outputs = {{x.element, x.shape, x.order}}};
}

template <class U>
void cumulate(const NdView<U>& from, const NdView<U>& to, int axis, bool is_exclusive, bool is_reverse,
              const RunOptions& options) {
  const int64_t n = to.shape[axis], last = is_reverse ? n - 1 : 0, sign = is_reverse ? -1 : 1;
  if (to.size() == 0) return;
  const int64_t from_step = sign * from.strides[axis], to_step = sign * to.strides[axis];
  Dims rows = to.shape;
  rows[axis] = 1;
  const Loop loop(rows, {to.strides, from.strides}, n);
  loop.run(options, [&](const Run& run) {
    for (int64_t r = 0; r < run.count; ++r) {
      const U* x = from.data + run.offset(1) + r * run.step(1) + last * from.strides[axis];
      U* y = to.data + run.offset(0) + r * run.step(0) + last * to.strides[axis];
      std::conditional_t<kIsInteger<U>, int64_t, double> sum = 0;
      for (int64_t i = 0; i < n; ++i) {
        if (is_exclusive) y[i * to_step] = static_cast<U>(sum);
        sum = Add()(sum, static_cast<decltype(sum)>(x[i * from_step]));
        if (!is_exclusive) y[i * to_step] = static_cast<U>(sum);
      }
    }
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const int axis = axis_of(request);
  const bool is_exclusive = request.node.integer("exclusive", 0) != 0;
  const bool is_reverse = request.node.integer("reverse", 0) != 0;
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_reference_t<decltype(*from.data)>;
      cumulate(from, elements<U>(arrays.outputs[0]), axis, is_exclusive, is_reverse, options);
    });
  }};
}

}  // namespace

template <class T>
Operation<T> cumulative_sum_operation() {
  return {"CumSum", 2, infer<T>, make<T>};
}
template Operation<float> cumulative_sum_operation();
template Operation<double> cumulative_sum_operation();

}  // namespace convstep::network
