// concat.cc: arrays side by side along one axis, and cut apart again: Concat, Split.
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// The part of an array that begins at this place of an axis and is so long.
template <class T>
ArrayView<T> part(const ArrayView<T>& array, int axis, int64_t first, int64_t length) {
  ArrayView<T> piece = array;
  piece.shape[axis] = length;
  if (piece.shape.count() > 0) advance(piece, first * array.strides[axis]);
  return piece;
}

template <class T>
Inferred<T> infer_concat(const Request<T>& request) {
  const ValueInfo<T>& first = required(request, 0, "inputs");
  const int rank = first.shape.rank();
  if (!request.node.has("axis")) throw ParameterError("axis", "none", "a whole number");
  const int axis = check_axis("axis", request.node.integer("axis", 0), rank);
  Dims shape = first.shape;
  const ValueInfo<T>* largest = &first;
  for (size_t i = 1; i < request.inputs.size(); ++i) {
    const ValueInfo<T>& input = required(request, i, "inputs", first.element);
    Dims expected = first.shape;
    if (input.shape.rank() == rank) expected[axis] = input.shape[axis];
    if (!(input.shape == expected)) {
      throw ShapeError("inputs", to_string(input.shape), "the shape " + to_string(first.shape),
                       "but for axis " + std::to_string(axis));
    }
    if (input.shape.count() > largest->shape.count()) largest = &input;
    shape[axis] += input.shape[axis];
    check_size(shape, "inputs");
  }
  return {.outputs = {{first.element, shape, largest->order}}};
}

template <class T>
Step<T> make_concat(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  return {.run =
              [=](const StepArrays<T>& arrays, const RunOptions& options) {
                int64_t first = 0;
                for (const ArrayView<T>& input : arrays.inputs) {
                  copy(input, part(arrays.outputs[0], axis, first, input.shape[axis]), options);
                  first += input.shape[axis];
                }
              },
          .method = "copy"};
}

// The lengths of the outputs.
template <class T>
std::vector<int64_t> lengths_of(const Request<T>& request, int64_t length) {
  if (auto split = constant_integers(request, 1, "split")) {
    int64_t sum = 0;
    for (const int64_t part : *split) {
      if (part < 0 || part > length - sum) sum = length + 1;
      if (sum <= length) sum += part;
    }
    if (sum != length) {
      throw ParameterError("split", convstep::to_string(split->data(), static_cast<int>(split->size())),
                           "lengths whose sum is " + std::to_string(length));
    }
    return *split;
  }
  const int64_t count = request.node.integer("num_outputs", static_cast<int64_t>(request.node.outputs.size()));
  if (count < 1 || count > std::max<int64_t>(length, 1)) {
    throw ParameterError("num_outputs", std::to_string(count), "1 to " + std::to_string(std::max<int64_t>(length, 1)));
  }
  const int64_t each = (length + count - 1) / count;
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back(std::clamp<int64_t>(length - i * each, 0, each));
  return lengths;
}

template <class T>
Inferred<T> infer_split(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const int axis = check_axis("axis", request.node.integer("axis", 0), input.shape.rank());
  Inferred<T> inferred;
  for (const int64_t length : lengths_of(request, input.shape[axis])) {
    Dims shape = input.shape;
    shape[axis] = length;
    inferred.outputs.push_back({input.element, shape, input.order});
  }
  return inferred;
}

template <class T>
Step<T> make_split(const Request<T>& request, const Inferred<T>& inferred) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  std::vector<int64_t> lengths;
  for (const ValueInfo<T>& output : inferred.outputs) lengths.push_back(output.shape[axis]);
  return {.run =
              [=](const StepArrays<T>& arrays, const RunOptions& options) {
                int64_t first = 0;
                for (size_t i = 0; i < arrays.outputs.size(); ++i) {
                  if (arrays.outputs[i])
                    copy(part(arrays.inputs[0], axis, first, lengths[i]), arrays.outputs[i], options);
                  first += lengths[i];
                }
              },
          .method = "copy"};
}

}  // namespace

template <class T>
Operation<T> concat_operation() {
  return {"Concat", kAnyNumber, infer_concat<T>, make_concat<T>};
}
template <class T>
Operation<T> split_operation() {
  return {"Split", 2, infer_split<T>, make_split<T>};
}
template Operation<float> concat_operation();
template Operation<double> concat_operation();
template Operation<float> split_operation();
template Operation<double> split_operation();

}  // namespace convstep::network
