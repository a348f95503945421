// slice.cc: some of the elements along each axis, a step apart, where they lie.
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

struct Cut {
  int64_t first = 0, step = 1, count = 0;
};

// As ONNX (and Python) reads start, end and step: negative ones count from the end, and what lies outside is cut off.
Cut cut_of(int64_t length, int64_t start, int64_t end, int64_t step) {
  if (start < 0) start = std::max(start, -length - 1) + length;
  if (end < 0) end = std::max(end, -length - 1) + length;
  const int64_t least = step > 0 ? 0 : -1, most = step > 0 ? length : length - 1;
  start = std::clamp(start, std::min<int64_t>(0, most), most);
  end = std::clamp(end, least, std::max(least, most));
  // Steps beyond the length are as good as the length, and cannot overflow.
  step = std::clamp(step, -length - 1, length + 1);
  const int64_t span = step > 0 ? end - start : start - end;
  const int64_t count = span > 0 ? (span - 1) / std::abs(step) + 1 : 0;
  return {count > 0 ? start : 0, step, count};
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const int rank = data.shape.rank();
  const std::vector<int64_t> starts = required_integers(request, 1, "starts");
  const std::vector<int64_t> ends = required_integers(request, 2, "ends");
  const auto axes = constant_integers(request, 3, "axes"), steps = constant_integers(request, 4, "steps");
  const auto check_count = [&](const char* name, size_t count) {
    if (count == starts.size()) return;
    throw ShapeError(name, std::to_string(count) + " numbers", std::to_string(starts.size()) + ", as starts");
  };
  check_count("ends", ends.size());
  if (axes) check_count("axes", axes->size());
  if (steps) check_count("steps", steps->size());
  if (axes) marked_axes("axes", *axes, rank);

  Dims shape = data.shape, first = Dims::filled(rank, 0), step = Dims::filled(rank, 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int axis = check_axis("axes", axes ? (*axes)[i] : static_cast<int64_t>(i), rank);
    const int64_t wanted = steps ? (*steps)[i] : 1;
    if (wanted == 0) throw ParameterError("steps", "0", "steps other than 0");
    const Cut cut = cut_of(data.shape[axis], starts[i], ends[i], wanted);
    shape[axis] = cut.count;
    first[axis] = cut.first;
    step[axis] = cut.step;
  }
  return {.outputs = {{data.element, shape, data.order}},
          .view =
              [=](const ArrayView<T>& array) {
                ArrayView<T> part = array;
                part.shape = shape;
                for (int axis = 0; axis < rank; ++axis) {
                  if (shape.count() > 0) advance(part, first[axis] * array.strides[axis]);
                  part.strides[axis] = array.strides[axis] * step[axis];
                }
                return part;
              },
          .view_takes_strides = true};
}

}  // namespace

template <class T>
Operation<T> slice_operation() {
  return {"Slice", 5, infer<T>, nullptr};
}
template Operation<float> slice_operation();
template Operation<double> slice_operation();

}  // namespace convstep::network
