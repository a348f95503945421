// reshape.cc: the same elements with other axes: Flatten, Reshape, Squeeze, Unsqueeze.
//
// Elements keep their row-major order. Where the axes of the input fall into groups that each become a group of axes of
// the output, and those of a group are neighbours in memory, this is another view of the same memory, whatever the
// order of the groups: an image (N, C, H, W) with its channels side by side is (N, C, H*W) without moving anything.
#include <numeric>

#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// Axes, but for those of length 1, that have as many elements before as after.
struct Group {
  Dims from, to;
};

Dims long_axes(const Dims& shape) {
  Dims axes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1) axes.push_back(axis);
  }
  return axes;
}

// In row-major order. Neither array is empty.
std::vector<Group> groups_of(const Dims& from, const Dims& to) {
  const Dims from_axes = long_axes(from), to_axes = long_axes(to);
  std::vector<Group> groups;
  int f = 0, t = 0;
  while (f < from_axes.rank()) {
    Group& group = groups.emplace_back();
    const auto take = [](const Dims& axes, int& k, const Dims& shape, Dims& taken) {
      taken.push_back(axes[k]);
      return shape[static_cast<int>(axes[k++])];
    };
    int64_t before = take(from_axes, f, from, group.from), after = take(to_axes, t, to, group.to);
    while (before != after) {
      if (before < after) {
        before *= take(from_axes, f, from, group.from);
      } else {
        after *= take(to_axes, t, to, group.to);
      }
    }
  }
  return groups;
}

// The order of the output as a view of an array in this order; nothing where there is none.
std::optional<Dims> order_of_view(const std::vector<Group>& groups, const Dims& from, const Dims& to,
                                  const Dims& order) {
  Dims axes, viewed;
  for (const int64_t axis : order) {
    if (from[static_cast<int>(axis)] != 1) axes.push_back(axis);
  }
  for (int k = 0; k < axes.rank();) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.from[0] == axes[k]; });
    if (group == groups.end()) return std::nullopt;
    for (const int64_t axis : group->from) {
      if (k == axes.rank() || axes[k++] != axis) return std::nullopt;
    }
    for (const int64_t axis : group->to) viewed.push_back(axis);
  }
  Dims all;  // those of length 1 first
  for (int axis = 0; axis < to.rank(); ++axis) {
    if (to[axis] == 1) all.push_back(axis);
  }
  for (const int64_t axis : viewed) all.push_back(axis);
  return plain_order(to, all);
}

template <class T>
ArrayView<T> view_as(const std::vector<Group>& groups, const ArrayView<T>& array, const Dims& shape,
                     const Dims& order) {
  ArrayView<T> viewed = array;
  viewed.shape = shape;
  viewed.strides = dense_strides(shape, order);
  for (const Group& group : groups) {
    int64_t step = array.strides[static_cast<int>(group.from[group.from.rank() - 1])];
    for (int k = group.to.rank(); k-- > 0;) {
      const int axis = static_cast<int>(group.to[k]);
      viewed.strides[axis] = step;
      step *= shape[axis];
    }
  }
  return viewed;
}

template <class T>
Inferred<T> infer_as(const ValueInfo<T>& input, const Dims& shape) {
  const int rank = shape.rank();
  const bool is_empty = input.shape.count() == 0;
  const std::vector<Group> groups = is_empty ? std::vector<Group>() : groups_of(input.shape, shape);
  const std::optional<Dims> order = is_empty ? row_major(rank) : order_of_view(groups, input.shape, shape, input.order);
  Inferred<T> inferred{.outputs = {{input.element, shape, order ? *order : row_major(rank)}}};
  if (order) {
    inferred.view = [=](const ArrayView<T>& array) { return view_as(groups, array, shape, *order); };
    inferred.view_takes_strides =
        std::all_of(groups.begin(), groups.end(), [](const Group& group) { return group.from.rank() == 1; });
  }
  return inferred;
}

// Where there is no view: a copy in row-major order.
template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const Dims shape = request.inputs[0].shape;
  const Dims as_input = dense_strides(shape, row_major(shape.rank()));
  const Dims as_output = dense_strides(inferred.outputs[0].shape, row_major(inferred.outputs[0].shape.rank()));
  return {.run =
              [=](const StepArrays<T>& arrays, const RunOptions& options) {
                const ArrayView<T>& output = arrays.outputs[0];
                ArrayView<T> dense = output;
                dense.shape = shape;
                dense.strides = as_input;
                if (is_dense(output.shape, output.strides, row_major(output.shape.rank()))) {
                  copy(arrays.inputs[0], dense, options);
                  return;
                }
                auto buffer = Tensor<double, 1>::uninitialized({shape.count()});  // as large as any element
                dense.data = buffer.data();
                copy(arrays.inputs[0], dense, options);
                dense.shape = output.shape;
                dense.strides = as_output;
                copy(dense, output, options);
              },
          .method = "copy"};
}

template <class T>
Inferred<T> infer_flatten(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const int rank = input.shape.rank();
  const int64_t given = request.node.integer("axis", 1);
  const int axis = given == rank ? rank : check_axis("axis", given, rank);
  const auto product = [](const int64_t* first, const int64_t* end) {
    return std::accumulate(first, end, int64_t{1}, std::multiplies<>());
  };
  const int64_t* lengths = input.shape.begin();
  return infer_as(input, {product(lengths, lengths + axis), product(lengths + axis, lengths + rank)});
}

template <class T>
Inferred<T> infer_reshape(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const std::vector<int64_t> wanted = required_integers(request, 1, "shape");
  const bool zero_is_zero = request.node.integer("allowzero", 0) != 0;
  Dims shape(wanted);
  int inferred_axis = -1;
  int64_t others = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    int64_t& length = shape[axis];
    if (length == 0 && !zero_is_zero) {
      if (axis >= data.shape.rank()) {
        throw ShapeError("shape", to_string(shape), "0 for an axis of the input alone", to_string(data.shape));
      }
      length = data.shape[axis];
    }
    if (length < -1 || (length == -1 && inferred_axis >= 0)) {
      throw ShapeError("shape", to_string(Dims(wanted)), "lengths of 0 or more, and at most one -1");
    }
    if (length == -1) inferred_axis = axis;
    if (length > 0 && others > data.shape.count()) others = 0;  // and so too many, before it overflows
    if (length >= 0) others *= length;
  }
  const int64_t count = data.shape.count();
  if (inferred_axis >= 0 && others > 0 && count % others == 0) shape[inferred_axis] = count / others;
  if (inferred_axis >= 0 ? shape[inferred_axis] < 0 : others != count) {
    throw ShapeError("shape", to_string(Dims(wanted)), "a shape of " + std::to_string(count) + " elements",
                     "the input is " + to_string(data.shape));
  }
  return infer_as(data, shape);
}

template <class T>
Inferred<T> infer_squeeze(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const int rank = data.shape.rank();
  Dims marked = Dims::filled(rank, 0);
  if (const auto axes = constant_integers(request, 1, "axes")) {
    marked = marked_axes("axes", *axes, rank);
  } else {
    for (int axis = 0; axis < rank; ++axis) marked[axis] = data.shape[axis] == 1;
  }
  Dims shape;
  for (int axis = 0; axis < rank; ++axis) {
    if (!marked[axis]) shape.push_back(data.shape[axis]);
    if (marked[axis] && data.shape[axis] != 1) {
      throw ParameterError("axes", std::to_string(axis), "axes of length 1", "the input is " + to_string(data.shape));
    }
  }
  return infer_as(data, shape);
}

template <class T>
Inferred<T> infer_unsqueeze(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const std::vector<int64_t> axes = required_integers(request, 1, "axes");
  if (axes.size() > kMostAxes) throw ShapeError("axes", std::to_string(axes.size()) + " axes", "at most 8");
  const Dims marked =
      marked_axes("axes", axes, Dims::filled(data.shape.rank() + static_cast<int>(axes.size()), 0).rank());
  Dims shape;
  int next = 0;
  for (const int64_t is_new : marked) shape.push_back(is_new ? 1 : data.shape[next++]);
  return infer_as(data, shape);
}

}  // namespace

template <class T>
Operation<T> flatten_operation() {
  return {"Flatten", 1, infer_flatten<T>, make<T>};
}
template <class T>
Operation<T> reshape_operation() {
  return {"Reshape", 2, infer_reshape<T>, make<T>};
}
template <class T>
Operation<T> squeeze_operation() {
  return {"Squeeze", 2, infer_squeeze<T>, nullptr};
}
template <class T>
Operation<T> unsqueeze_operation() {
  return {"Unsqueeze", 2, infer_unsqueeze<T>, nullptr};
}
template Operation<float> flatten_operation();
template Operation<double> flatten_operation();
template Operation<float> reshape_operation();
template Operation<double> reshape_operation();
template Operation<float> squeeze_operation();
template Operation<double> squeeze_operation();
template Operation<float> unsqueeze_operation();
template Operation<double> unsqueeze_operation();

}  // namespace convstep::network
