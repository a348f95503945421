// reduce.cc: ReduceSum and its kin.
#include <cmath>
#include <limits>

#include "network/operations/arithmetic.h"
#include "network/operations/operations.h"
#include "network/operations/reduction.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// Sums and products of real numbers are double's, those of whole numbers wrap around.
template <class U>
using Wide = std::conditional_t<kIsInteger<U>, int64_t, double>;

template <class U>
U narrowed(Wide<U> x) {
  return static_cast<U>(x);
}
template <class U>
U narrowed_real(double x) {
  if constexpr (kIsInteger<U>) return to_integer(x);
  return static_cast<U>(x);
}

// The sum of some function of each element.
template <class U>
struct SumOf {
  using State = Wide<U>;
  State begin() const { return 0; }
  State join(State a, State b) const { return Add()(a, b); }
};
template <class U>
struct Sum : SumOf<U> {
  void add(Wide<U>& sum, U x, int64_t) const { sum = Add()(sum, Wide<U>(x)); }
  U finish(Wide<U> sum, int64_t) const { return narrowed<U>(sum); }
};
template <class U>
struct Mean : Sum<U> {
  U finish(Wide<U> sum, int64_t n) const { return narrowed<U>(Divide()(sum, Wide<U>(n))); }
};
template <class U>
struct LogSum : Sum<U> {
  U finish(Wide<U> sum, int64_t) const { return narrowed_real<U>(std::log(static_cast<double>(sum))); }
};
template <class U>
struct SumOfMagnitudes : SumOf<U> {
  void add(Wide<U>& sum, U x, int64_t) const {
    sum = Add()(sum, x < 0 ? Subtract()(Wide<U>{0}, Wide<U>(x)) : Wide<U>(x));
  }
  U finish(Wide<U> sum, int64_t) const { return narrowed<U>(sum); }
};
template <class U>
struct SumOfSquares : SumOf<U> {
  void add(Wide<U>& sum, U x, int64_t) const { sum = Add()(sum, Multiply()(Wide<U>(x), Wide<U>(x))); }
  U finish(Wide<U> sum, int64_t) const { return narrowed<U>(sum); }
};
template <class U>
struct Norm : SumOfSquares<U> {
  U finish(Wide<U> sum, int64_t) const { return narrowed_real<U>(std::sqrt(static_cast<double>(sum))); }
};

template <class U>
struct Product {
  using State = Wide<U>;
  State begin() const { return 1; }
  void add(State& product, U x, int64_t) const { product = Multiply()(product, State(x)); }
  State join(State a, State b) const { return Multiply()(a, b); }
  U finish(State product, int64_t) const { return narrowed<U>(product); }
};

template <class U, class Choice>
struct Extreme {
  using State = U;
  using Limits = std::numeric_limits<U>;
  U begin() const {
    constexpr U kMost = Limits::has_infinity ? Limits::infinity() : Limits::max();
    constexpr U kLeast = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    return std::is_same_v<Choice, Larger> ? kLeast : kMost;
  }
  void add(U& best, U x, int64_t) const { best = Choice()(x, best); }
  U join(U a, U b) const { return Choice()(b, a); }
  U finish(U best, int64_t) const { return best; }
};

// log(sum of exp(x)), as a maximum and the sum of exp(x - maximum).
template <class U>
struct LogSumOfExponentials {
  struct State {
    double most, sum;
  };
  State begin() const { return {-std::numeric_limits<double>::infinity(), 0}; }
  State join(const State& a, const State& b) const {
    if (a.most != a.most) return a;  // NaN
    if (b.most != b.most) return b;
    if (b.most > a.most) return join(b, a);
    const double times = b.most == a.most ? 1 : std::exp(b.most - a.most);
    return {a.most, a.sum + b.sum * times};
  }
  void add(State& state, U x, int64_t) const { state = join(state, {static_cast<double>(x), 1}); }
  U finish(const State& state, int64_t) const { return static_cast<U>(state.most + std::log(state.sum)); }
};

template <class T>
Dims reduced_axes(const Request<T>& request) {
  const int rank = request.inputs[0].shape.rank();
  const auto axes = constant_integers(request, 1, "axes");
  if (axes && !axes->empty()) return marked_axes("axes", *axes, rank);
  return Dims::filled(rank, request.node.integer("noop_with_empty_axes", 0) ? 0 : 1);
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const Dims marked = reduced_axes(request);
  const bool keeps = request.node.integer("keepdims", 1) != 0;
  Dims shape;
  for (int axis = 0; axis < marked.rank(); ++axis) {
    if (!marked[axis] || keeps) shape.push_back(marked[axis] ? 1 : data.shape[axis]);
  }
  return {.outputs = {{data.element, shape, keeps ? data.order : order_without(data.order, marked)}}};
}

// A step, whose output gets back the axes that it has lost.
template <class T, class U, template <class> class Reduction>
Step<T> step_of(const Dims& marked, const Dims& axes) {
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    const NdView<U> from = elements<U>(arrays.inputs[0]);
    NdView<U> to = elements<U>(arrays.outputs[0]);
    if (to.rank() != from.rank()) {
      to.shape = to.strides = Dims::filled(from.rank(), 0);
      int next = 0;
      for (int axis = 0; axis < from.rank(); ++axis) {
        to.shape[axis] = marked[axis] ? 1 : arrays.outputs[0].shape[next];
        if (!marked[axis]) to.strides[axis] = arrays.outputs[0].strides[next++];
      }
    }
    reduce(Reduction<U>(), from, axes, to, options);
  }};
}

template <class U>
using Maximum = Extreme<U, Larger>;
template <class U>
using Minimum = Extreme<U, Smaller>;

template <class T, template <class> class Reduction>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const Dims marked = reduced_axes(request);
  Dims axes;
  for (const int64_t axis : request.inputs[0].order) {
    if (marked[static_cast<int>(axis)]) axes.push_back(axis);
  }
  if (request.inputs[0].element == Element::kInteger) return step_of<T, int64_t, Reduction>(marked, axes);
  return step_of<T, T, Reduction>(marked, axes);
}

template <class T>
struct Named {
  std::string_view name;
  Step<T> (*make)(const Request<T>&, const Inferred<T>&);
};

}  // namespace

template <class T>
Operation<T> reduce_operation(const char* name) {
  static constexpr Named<T> kReductions[] = {
      {"ReduceL1", make<T, SumOfMagnitudes>},
      {"ReduceL2", make<T, Norm>},
      {"ReduceLogSum", make<T, LogSum>},
      {"ReduceLogSumExp", make<T, LogSumOfExponentials>},
      {"ReduceMax", make<T, Maximum>},
      {"ReduceMean", make<T, Mean>},
      {"ReduceMin", make<T, Minimum>},
      {"ReduceProd", make<T, Product>},
      {"ReduceSum", make<T, Sum>},
      {"ReduceSumSquare", make<T, SumOfSquares>},
  };
  const auto* found = std::find_if(std::begin(kReductions), std::end(kReductions),
                                   [&](const Named<T>& reduction) { return reduction.name == name; });
  return {name, 2, infer<T>, found->make};
}
template Operation<float> reduce_operation(const char*);
template Operation<double> reduce_operation(const char*);

}  // namespace convstep::network
