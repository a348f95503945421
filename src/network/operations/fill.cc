// fill.cc: arrays that are made from numbers: ConstantOfShape, Range.
#include <cmath>

#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// The attribute `value` is a number: a whole one for an array of whole numbers. If it is left out, it is the real 0.
bool is_integer_value(const Node& node) {
  const auto found = node.attributes.find("value");
  return found != node.attributes.end() && std::holds_alternative<int64_t>(found->second);
}

template <class T>
Inferred<T> infer_constant(const Request<T>& request) {
  const Dims shape(required_integers(request, 0, "input"));
  for (const int64_t length : shape) {
    if (length < 0) throw ShapeError("input", to_string(shape), "lengths of 0 or more");
  }
  const bool is_integer = is_integer_value(request.node);
  if (!is_integer) request.node.real("value", 0);  // throws where it is no number
  return {.outputs = {
              {is_integer ? Element::kInteger : Element::kReal, check_size(shape, "input"), row_major(shape.rank())}}};
}

template <class U>
void fill(const NdView<U>& to, U value, const RunOptions& options) {
  const UnaryRun<U, U> run = unary_run<U, U>([](U x) { return x; });
  apply(run, {&value, {}, {}}, to, options);
}

template <class T>
Step<T> make_constant(const Request<T>& request, const Inferred<T>&) {
  if (is_integer_value(request.node)) {
    return {.run = [value = request.node.integer("value", 0)](const StepArrays<T>& arrays, const RunOptions& options) {
      fill(arrays.outputs[0].integers(), value, options);
    }};
  }
  return {.run = [value = request.node.real("value", 0)](const StepArrays<T>& arrays, const RunOptions& options) {
    fill(arrays.outputs[0].real(), static_cast<T>(value), options);
  }};
}

// Numbers from `start` on, `delta` apart, that do not reach `limit`.
template <class U>
struct Series {
  U start, limit, delta;

  double count() const {
    if constexpr (std::is_integral_v<U>) {
      if (delta > 0 ? start >= limit : start <= limit) return 0;
      // Without overflow: distances are below 2^64.
      const uint64_t low = static_cast<uint64_t>(std::min(start, limit));
      const uint64_t distance = static_cast<uint64_t>(std::max(start, limit)) - low;
      const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : -static_cast<uint64_t>(delta);
      return static_cast<double>((distance - 1) / step + 1);
    } else {
      return std::max(std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta)),
                      0.0);
    }
  }
  U operator[](int64_t i) const {
    if constexpr (std::is_integral_v<U>) {
      return static_cast<U>(static_cast<uint64_t>(start) + static_cast<uint64_t>(i) * static_cast<uint64_t>(delta));
    } else {
      return static_cast<U>(start + static_cast<U>(i) * delta);
    }
  }
};

// Calls f with the series that the inputs give.
template <class T, class F>
void with_series(const Request<T>& request, const F& f) {
  constexpr const char* kNames[] = {"start", "limit", "delta"};
  const Element element = required(request, 0, kNames[0]).element;
  for (size_t i = 0; i < 3; ++i) {
    const ValueInfo<T>& input = required(request, i, kNames[i], element);
    if (!input.constant) throw ParameterError(kNames[i], "what only a run tells", "a constant number");
    check_single(kNames[i], input.shape);
  }
  const auto number = [&](size_t i) { return request.inputs[i].constant; };
  if (element == Element::kInteger) {
    f(Series<int64_t>{*number(0).integers().data, *number(1).integers().data, *number(2).integers().data});
  } else {
    f(Series<T>{*number(0).real().data, *number(1).real().data, *number(2).real().data});
  }
}

template <class T>
Inferred<T> infer_range(const Request<T>& request) {
  Inferred<T> inferred;
  with_series(request, [&](const auto& series) {
    if (series.delta == 0) throw ParameterError("delta", "0", "a step other than 0");
    const double count = series.count();
    constexpr double kMost = double(int64_t{1} << 48);
    if (!(count <= kMost)) throw ParameterError("limit", "a range without end", "one that fits in memory");
    inferred.outputs = {{request.inputs[0].element, {static_cast<int64_t>(count)}, {0}}};
  });
  return inferred;
}

template <class T>
Step<T> make_range(const Request<T>& request, const Inferred<T>&) {
  Step<T> step;
  with_series(request, [&](const auto& series) {
    step.run = [=](const StepArrays<T>& arrays, const RunOptions&) {
      using U = std::remove_const_t<decltype(series.start)>;
      const ArrayView<T>& output = arrays.outputs[0];
      U* to = static_cast<U*>(output.data);
      for (int64_t i = 0; i < output.shape[0]; ++i) to[i * output.strides[0]] = series[i];
    };
  });
  return step;
}

}  // namespace

template <class T>
Operation<T> constant_of_shape_operation() {
  return {"ConstantOfShape", 1, infer_constant<T>, make_constant<T>};
}
template <class T>
Operation<T> range_operation() {
  return {"Range", 3, infer_range<T>, make_range<T>};
}
template Operation<float> constant_of_shape_operation();
template Operation<double> constant_of_shape_operation();
template Operation<float> range_operation();
template Operation<double> range_operation();

}  // namespace convstep::network
