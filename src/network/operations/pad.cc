// pad.cc: Pad. Negative pads cut off; what the others repeat is what is left then.
//
//   data (any axes)   pads, axes: constants   constant_value, of mode "constant"   output as data, each axis as much
//   longer as its two pads say
#include <algorithm>

#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "network/operations/taps.h"

namespace convstep::network {
namespace {

enum class Mode { kConstant, kEdge, kReflect, kWrap };

Mode mode_of(const Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode == "constant") return Mode::kConstant;
  if (mode == "edge") return Mode::kEdge;
  if (mode == "reflect") return Mode::kReflect;
  if (mode == "wrap") return Mode::kWrap;
  throw ParameterError("mode", "'" + mode + "'", "constant, edge, reflect or wrap");
}

struct Pads {
  Dims before, after;
};

template <class T>
Pads pads_of(const Request<T>& request) {
  const int rank = request.input(0).shape.rank();
  const std::vector<int64_t> pads = required_integers(request, 1, "pads");
  std::vector<int64_t> axes = constant_integers(request, 3, "axes").value_or(std::vector<int64_t>());
  if (!request.input(3)) {
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  if (pads.size() != 2 * axes.size()) {
    throw ParameterError("pads", std::to_string(pads.size()) + " numbers",
                         std::to_string(2 * axes.size()) + ", two for each axis");
  }
  marked_axes("axes", axes, rank);
  Pads result{Dims::filled(rank, 0), Dims::filled(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    const int axis = check_axis("axes", axes[i], rank);
    result.before[axis] = pads[i];
    result.after[axis] = pads[axes.size() + i];
  }
  return result;
}

// The remainder of 0 or more.
int64_t modulo(int64_t value, int64_t divisor) { return (value % divisor + divisor) % divisor; }

// Where an axis of `length` is read at `index`, which may lie beyond its ends.
int64_t repeated(Mode mode, int64_t index, int64_t length) {
  if (mode == Mode::kEdge || length == 1) return std::clamp<int64_t>(index, 0, length - 1);
  if (mode == Mode::kWrap) return modulo(index, length);
  const int64_t period = 2 * (length - 1), along = modulo(index, period);  // there and back again
  return std::min(along, period - along);
}

AxisTaps taps_of(Mode mode, int64_t length, int64_t before, int64_t after) {
  const int64_t first = std::max<int64_t>(-before, 0), left = length - first - std::max<int64_t>(-after, 0);
  AxisTaps taps;
  for (int64_t o = -std::max<int64_t>(before, 0); o < left + std::max<int64_t>(after, 0); ++o) {
    if (0 <= o && o < left) {
      taps.add_copy(first + o);
    } else if (mode == Mode::kConstant) {
      taps.add_outside();
    } else {
      taps.add_copy(first + repeated(mode, o, left));
    }
  }
  return taps;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "data");
  const Mode mode = mode_of(request.node);
  const Pads pads = pads_of(request);
  if (request.input(2)) {
    check_element(request.input(2), "constant_value", input.element);
    check_single("constant_value", request.input(2).shape);
  }
  Dims shape = input.shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t sides[] = {pads.before[axis], pads.after[axis]}, length = input.shape[axis];
    int64_t left = length;
    for (const int64_t side : sides) {
      if (side < 0) left = side < -left ? -1 : left + side;
    }
    const bool has_source = left > 0 || mode == Mode::kConstant || (sides[0] <= 0 && sides[1] <= 0);
    if (left < 0 || !has_source || __builtin_add_overflow(left, std::max<int64_t>(sides[0], 0), &shape[axis]) ||
        __builtin_add_overflow(shape[axis], std::max<int64_t>(sides[1], 0), &shape[axis])) {
      throw ParameterError("pads", convstep::to_string(sides, 2) + " along axis " + std::to_string(axis),
                           "what fits its length of " + std::to_string(length));
    }
  }
  return {.outputs = {{input.element, check_size(shape, "output"), input.order}}};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const Dims& shape = request.input(0).shape;
  const Pads pads = pads_of(request);
  std::vector<AxisTaps> taps;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    taps.push_back(taps_of(mode_of(request.node), shape[axis], pads.before[axis], pads.after[axis]));
  }
  Step<T> step;
  step.method = "copies";
  step.run = [taps, order = inferred.outputs[0].order](const StepArrays<T>& arrays, const RunOptions& run) {
    const ArrayView<T> value = arrays.inputs.size() > 2 ? arrays.inputs[2] : ArrayView<T>();
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_cvref_t<decltype(*from.data)>;
      const U outside = value ? *elements<U>(value).data : U(0);
      apply_taps<U>({from.data, from.shape, from.strides}, elements<U>(arrays.outputs[0]), order, taps, outside, run);
    });
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> pad_operation() {
  return {"Pad", 4, infer<T>, make<T>};
}
template Operation<float> pad_operation();
template Operation<double> pad_operation();

}  // namespace convstep::network
