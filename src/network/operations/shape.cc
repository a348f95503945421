// shape.cc: what shape an array has: Shape, Size.
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// An output that is known before the network runs: one axis of these numbers, or one number without an axis.
template <class T>
Inferred<T> known(const Dims& values, const Dims& shape) {
  Tensor<int64_t, 1> numbers({values.rank()}, std::span<const int64_t>(values.begin(), values.end()));
  Inferred<T> inferred;
  inferred.memory = Constant<T>(std::move(numbers), shape);
  inferred.outputs = {{Element::kInteger, shape, row_major(shape.rank()), inferred.memory.view()}};
  return inferred;
}

template <class T>
Step<T> make(const Request<T>&, const Inferred<T>& inferred) {
  return {.run = [memory = inferred.memory](const StepArrays<T>& arrays, const RunOptions& options) {
    copy(memory.view(), arrays.outputs[0], options);
  }};
}

// The axes from start to end, which are cut off where they lie outside.
template <class T>
Dims part_of_shape(const Request<T>& request) {
  const Dims& shape = request.inputs[0].shape;
  const auto place = [&](int64_t axis) {
    const int64_t rank = shape.rank();
    return static_cast<int>(std::clamp<int64_t>(axis < 0 ? std::max(axis, -rank) + rank : axis, 0, rank));
  };
  Dims part;
  const int end = place(request.node.integer("end", shape.rank()));
  for (int axis = place(request.node.integer("start", 0)); axis < end; ++axis) part.push_back(shape[axis]);
  return part;
}

template <class T>
Inferred<T> infer_shape(const Request<T>& request) {
  required(request, 0, "data");
  const Dims part = part_of_shape(request);
  return known<T>(part, {part.rank()});
}

template <class T>
Inferred<T> infer_size(const Request<T>& request) {
  required(request, 0, "data");
  return known<T>({request.inputs[0].shape.count()}, {});
}

}  // namespace

template <class T>
Operation<T> shape_operation() {
  return {"Shape", 1, infer_shape<T>, make<T>};
}
template <class T>
Operation<T> size_operation() {
  return {"Size", 1, infer_size<T>, make<T>};
}
template Operation<float> shape_operation();
template Operation<double> shape_operation();
template Operation<float> size_operation();
template Operation<double> size_operation();

}  // namespace convstep::network
