// gather.cc: Gather: the parts of an array at some places of one axis.
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// The part at one place of an axis, without that axis.
template <class T>
ArrayView<T> part(const ArrayView<T>& array, int axis, int64_t index) {
  ArrayView<T> piece{};
  piece.element = array.element;
  piece.data = array.data;
  for (int k = 0; k < array.shape.rank(); ++k) {
    if (k == axis) continue;
    piece.shape.push_back(array.shape[k]);
    piece.strides.push_back(array.strides[k]);
  }
  advance(piece, index * array.strides[axis]);
  return piece;
}

// The axes of the indices in the place of the axis that they are of.
Dims with_axes(const Dims& dims, int axis, const Dims& in_its_place) {
  Dims all;
  for (int k = 0; k < dims.rank(); ++k) {
    if (k != axis) all.push_back(dims[k]);
    for (int i = 0; k == axis && i < in_its_place.rank(); ++i) all.push_back(in_its_place[i]);
  }
  return all;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const ValueInfo<T>& indices = required(request, 1, "indices", Element::kInteger);
  const int axis = check_axis("axis", request.node.integer("axis", 0), data.shape.rank());
  const Dims shape = with_axes(data.shape, axis, indices.shape);
  check_size(shape, "indices");
  const int count = indices.shape.rank();
  Dims order;
  for (const int64_t k : data.order) {
    if (k != axis) order.push_back(k < axis ? k : k + count - 1);
    for (int i = 0; k == axis && i < count; ++i) order.push_back(axis + i);
  }
  Inferred<T> inferred{.outputs = {{data.element, shape, order}}};
  if (!indices.constant) return inferred;
  const std::vector<int64_t> places = elements_of(indices.constant.integers());
  for (const int64_t place : places) check_index(place, data.shape[axis]);
  if (count == 0) {
    const int64_t place = check_index(places[0], data.shape[axis]);
    inferred.view = [=](const ArrayView<T>& array) { return part(array, axis, place); };
    inferred.view_takes_strides = true;
  }
  return inferred;
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  return {.run =
              [=](const StepArrays<T>& arrays, const RunOptions& options) {
                const ArrayView<T>&data = arrays.inputs[0], &output = arrays.outputs[0];
                if (output.shape.count() == 0) return;
                const NdView<int64_t> indices = arrays.inputs[1].integers();
                std::vector<int64_t> places = elements_of(indices);
                for (int64_t& place : places) place = check_index(place, data.shape[axis]);
                Dims index = Dims::filled(indices.rank(), 0);
                for (const int64_t place : places) {
                  ArrayView<T> to = output;
                  for (int i = 0; i < index.rank(); ++i) to = part(to, axis, index[i]);
                  copy(part(data, axis, place), to, options);
                  for (int i = index.rank(); i-- > 0 && ++index[i] == indices.shape[i];) index[i] = 0;
                }
              },
          .method = "copy"};
}

}  // namespace

template <class T>
Operation<T> gather_operation() {
  return {"Gather", 2, infer<T>, make<T>};
}
template Operation<float> gather_operation();
template Operation<double> gather_operation();

}  // namespace convstep::network
