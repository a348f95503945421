// gather_elements.cc: GatherElements: for each element of the output, the place along one axis that it is read from.
#include "network/loop.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const ValueInfo<T>& indices = required(request, 1, "indices", Element::kInteger);
  const int axis = check_axis("axis", request.node.integer("axis", 0), data.shape.rank());
  bool fits = indices.shape.rank() == data.shape.rank();
  for (int k = 0; fits && k < data.shape.rank(); ++k) fits = k == axis || indices.shape[k] <= data.shape[k];
  if (!fits) {
    throw ShapeError("indices", to_string(indices.shape), "no axis longer than that of data " + to_string(data.shape),
                     "but for axis " + std::to_string(axis));
  }
  return {.outputs = {{data.element, indices.shape, data.order}}};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    const NdView<int64_t> indices = arrays.inputs[1].integers();
    const int64_t length = arrays.inputs[0].shape[axis], step = arrays.inputs[0].strides[axis];
    for (const int64_t index : elements_of(indices)) check_index(index, length);
    with_elements(arrays.inputs[0], [&](const auto& data) {
      using U = std::remove_reference_t<decltype(*data.data)>;
      U* output = static_cast<U*>(arrays.outputs[0].data);
      Dims others = data.strides;
      others[axis] = 0;
      const Loop loop(indices.shape, {arrays.outputs[0].strides, indices.strides, others});
      loop.run(options, [&](const Run& run) {
        for (int64_t i = 0; i < run.count; ++i) {
          const int64_t index = check_index(indices.data[run.offset(1) + i * run.step(1)], length);
          output[run.offset(0) + i * run.step(0)] = data.data[run.offset(2) + i * run.step(2) + index * step];
        }
      });
    });
  }};
}

}  // namespace

template <class T>
Operation<T> gather_elements_operation() {
  return {"GatherElements", 2, infer<T>, make<T>};
}
template Operation<float> gather_elements_operation();
template Operation<double> gather_elements_operation();

}  // namespace convstep::network
