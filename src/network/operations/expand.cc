// expand.cc: the same elements again and again: Expand, a view whose repeated axes have stride 0, and Tile, a copy.
#include "network/loop.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer_expand(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const Dims wanted(required_integers(request, 1, "shape"));
  for (const int64_t length : wanted) {
    if (length < 0) throw ShapeError("shape", to_string(wanted), "lengths of 0 or more");
  }
  const Dims shape = broadcast(input.shape, wanted, "shape");
  check_size(shape, "shape");
  return {.outputs = {{input.element, shape, with_leading_axes(input.order, shape.rank())}},
          .view =
              [=](const ArrayView<T>& array) {
                ArrayView<T> repeated = array;
                repeated.shape = shape;
                repeated.strides = broadcast_strides(array.shape, array.strides, shape);
                return repeated;
              },
          .view_takes_strides = true};
}

template <class T>
Inferred<T> infer_tile(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const std::vector<int64_t> repeats = required_integers(request, 1, "repeats");
  if (static_cast<int>(repeats.size()) != input.shape.rank()) {
    throw ShapeError("repeats", std::to_string(repeats.size()) + " numbers",
                     "one for each axis of the input " + to_string(input.shape));
  }
  Dims shape(repeats);
  for (const int64_t times : repeats) {
    if (times < 0) throw ParameterError("repeats", std::to_string(times), "0 or more");
  }
  check_size(shape, "repeats");
  for (int axis = 0; axis < shape.rank(); ++axis) {
    shape[axis] = input.shape[axis];
    check_size(shape, "repeats");
    if (repeats[static_cast<size_t>(axis)] > 0 && shape.count() > 0) {
      element_count("repeats", std::array{shape.count(), repeats[static_cast<size_t>(axis)]}.data(), 2, sizeof(T));
    }
    shape[axis] *= repeats[static_cast<size_t>(axis)];
  }
  return {.outputs = {{input.element, check_size(shape, "repeats"), input.order}}};
}

template <class T>
Step<T> make_tile(const Request<T>& request, const Inferred<T>& inferred) {
  const Dims shape = request.inputs[0].shape;
  const bool is_empty = inferred.outputs[0].shape.count() == 0;
  return {.run =
              [=](const StepArrays<T>& arrays, const RunOptions& options) {
                if (is_empty) return;
                // The input in the first corner; then what is there is repeated along one axis after the other.
                ArrayView<T> filled = arrays.outputs[0];
                filled.shape = shape;
                copy(arrays.inputs[0], filled, options);
                for (int axis = shape.rank(); axis-- > 0;) {
                  ArrayView<T> next = filled;
                  for (int64_t first = shape[axis]; first < arrays.outputs[0].shape[axis]; first += shape[axis]) {
                    advance(next, shape[axis] * next.strides[axis]);
                    copy(filled, next, options);
                  }
                  filled.shape[axis] = arrays.outputs[0].shape[axis];
                }
              },
          .method = "copy"};
}

}  // namespace

template <class T>
Operation<T> expand_operation() {
  return {"Expand", 2, infer_expand<T>, nullptr};
}
template <class T>
Operation<T> tile_operation() {
  return {"Tile", 2, infer_tile<T>, make_tile<T>};
}
template Operation<float> expand_operation();
template Operation<double> expand_operation();
template Operation<float> tile_operation();
template Operation<double> tile_operation();

}  // namespace convstep::network
