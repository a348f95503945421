// arg.cc: where the largest and smallest elements along an axis stand: ArgMax, ArgMin, TopK.
#include <numeric>

#include "network/operations/operations.h"
#include "network/operations/reduction.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// Is a before b, largest or smallest first? NaN comes before all.
template <class U>
bool is_before(U a, U b, bool largest) {
  if (a != a || b != b) return a != a && b == b;
  return largest ? a > b : a < b;
}

template <class U>
struct Place {
  struct State {
    U best;
    int64_t index;  // -1: there is none
  };
  bool largest, last;

  State begin() const { return {U{}, -1}; }
  State join(const State& a, const State& b) const {
    if (a.index < 0 || b.index < 0) return a.index < 0 ? b : a;
    if (is_before(a.best, b.best, largest)) return a;
    if (is_before(b.best, a.best, largest)) return b;
    return (a.index < b.index) != last ? a : b;
  }
  void add(State& state, U x, int64_t k) const { state = join(state, {x, k}); }
  int64_t finish(const State& state, int64_t) const { return state.index; }
};

template <class T>
Inferred<T> infer_arg(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const int axis = check_axis("axis", request.node.integer("axis", 0), data.shape.rank());
  if (data.shape[axis] == 0) throw ShapeError("data", to_string(data.shape), "elements along the axis");
  Dims marked = Dims::filled(data.shape.rank(), 0), shape = data.shape;
  marked[axis] = shape[axis] = 1;
  if (request.node.integer("keepdims", 1)) return {.outputs = {{Element::kInteger, shape, data.order}}};
  Dims left;
  for (int k = 0; k < shape.rank(); ++k) {
    if (k != axis) left.push_back(shape[k]);
  }
  return {.outputs = {{Element::kInteger, left, order_without(data.order, marked)}}};
}

template <class T>
Step<T> make_arg(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  const bool largest = request.node.operation == "ArgMax", last = request.node.integer("select_last_index", 0) != 0;
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_reference_t<decltype(*from.data)>;
      NdView<int64_t> to = arrays.outputs[0].integers();
      if (to.rank() != from.rank()) {
        Dims shape, strides;
        for (int k = 0; k < from.rank(); ++k) {
          shape.push_back(k == axis ? 1 : to.shape[k < axis ? k : k - 1]);
          strides.push_back(k == axis ? 0 : to.strides[k < axis ? k : k - 1]);
        }
        to = {to.data, shape, strides};
      }
      reduce(Place<U>{largest, last}, from, {axis}, to, options);
    });
  }};
}

template <class T>
Inferred<T> infer_top(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "X");
  const std::vector<int64_t> counts = required_integers(request, 1, "K");
  const int axis = check_axis("axis", request.node.integer("axis", -1), input.shape.rank());
  const int64_t length = input.shape[axis];
  if (counts.size() != 1 || counts[0] < 0 || counts[0] > length) {
    throw ParameterError("K", convstep::to_string(counts.data(), static_cast<int>(counts.size())),
                         "a number from 0 to " + std::to_string(length));
  }
  Dims shape = input.shape;
  shape[axis] = counts[0];
  return {.outputs = {{input.element, shape, input.order}, {Element::kInteger, shape, input.order}}};
}

// Sorted whether or not that is asked for; of equal elements the first ones.
template <class T, class U>
void take_top(const NdView<U>& from, const StepArrays<T>& arrays, int axis, bool largest, const RunOptions& options) {
  const ArrayView<T>&values = arrays.outputs[0], &places = arrays.outputs.size() > 1 ? arrays.outputs[1] : values;
  const bool has_values = static_cast<bool>(values), has_places = arrays.outputs.size() > 1 && places;
  const ArrayView<T>& to = has_values ? values : places;
  Dims rows = to.shape;
  const int64_t count = rows[axis], n = from.shape[axis], step = from.strides[axis];
  if (!has_values && !has_places) return;
  rows[axis] = 1;
  if (count == 0) return;
  const Loop loop(rows, {to.strides, from.strides, has_places ? places.strides : to.strides}, n * 8);
  loop.run(options, [&](const Run& run) {
    const ThreadWorkspace workspace(static_cast<size_t>(n) * sizeof(int64_t));
    int64_t* order = static_cast<int64_t*>(workspace.data());
    for (int64_t r = 0; r < run.count; ++r) {
      const U* x = from.data + run.offset(1) + r * run.step(1);
      std::iota(order, order + n, int64_t{0});
      std::partial_sort(order, order + count, order + n, [&](int64_t a, int64_t b) {
        if (is_before(x[a * step], x[b * step], largest)) return true;
        return !is_before(x[b * step], x[a * step], largest) && a < b;
      });
      for (int64_t i = 0; has_values && i < count; ++i) {
        static_cast<U*>(values.data)[run.offset(0) + r * run.step(0) + i * values.strides[axis]] = x[order[i] * step];
      }
      for (int64_t i = 0; has_places && i < count; ++i) {
        places.integers().data[run.offset(2) + r * run.step(2) + i * places.strides[axis]] = order[i];
      }
    }
  });
}

template <class T>
Step<T> make_top(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", -1), request.inputs[0].shape.rank());
  const bool largest = request.node.integer("largest", 1) != 0;
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    with_elements(arrays.inputs[0], [&](const auto& from) { take_top<T>(from, arrays, axis, largest, options); });
  }};
}

}  // namespace

template <class T>
Operation<T> arg_operation(const char* name) {
  return {name, 1, infer_arg<T>, make_arg<T>};
}
template <class T>
Operation<T> top_operation() {
  return {"TopK", 2, infer_top<T>, make_top<T>};
}
template Operation<float> arg_operation(const char*);
template Operation<double> arg_operation(const char*);
template Operation<float> top_operation();
template Operation<double> top_operation();

}  // namespace convstep::network
