// where.cc: Where: of two arrays, the elements that a third one chooses.
#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  required(request, 0, "condition", Element::kInteger);
  const ValueInfo<T>& x = required(request, 1, "X");
  required(request, 2, "Y", x.element);
  return {.outputs = {elementwise_output(request, x.element, {"condition", "X", "Y"})}};
}

template <class T>
Step<T> make(const Request<T>&, const Inferred<T>&) {
  return {.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
    const ArrayView<T>& output = arrays.outputs[0];
    const NdView<int64_t> condition = arrays.inputs[0].integers();
    const auto strides = [&](size_t i) {
      return broadcast_strides(arrays.inputs[i].shape, arrays.inputs[i].strides, output.shape);
    };
    const Loop loop(output.shape, {output.strides, strides(0), strides(1), strides(2)});
    with_elements(arrays.inputs[1], [&](const auto& x) {
      using U = std::remove_reference_t<decltype(*x.data)>;
      const U* y = static_cast<const U*>(arrays.inputs[2].data);
      loop.run(options, [&](const Run& run) {
        U* to = static_cast<U*>(output.data) + run.offset(0);
        const int64_t* chooses = condition.data + run.offset(1);
        const U *if_true = x.data + run.offset(2), *if_false = y + run.offset(3);
        for (int64_t i = 0; i < run.count; ++i) {
          to[i * run.step(0)] = chooses[i * run.step(1)] ? if_true[i * run.step(2)] : if_false[i * run.step(3)];
        }
      });
    });
  }};
}

}  // namespace

template <class T>
Operation<T> where_operation() {
  return {"Where", 3, infer<T>, make<T>};
}
template Operation<float> where_operation();
template Operation<double> where_operation();

}  // namespace convstep::network
