// gemm.cc: Gemm.
//
//   A (M, K)   B (K, N)   C: broadcast to (M, N), or none   Y = activation(alpha * A * B + beta * C), (M, N)
//
// where A and B are transposed first if transA and transB say so.
#include "network/operations/elementwise.h"
#include "network/operations/linear.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

struct Attributes {
  explicit Attributes(const Node& node)
      : turns_a(node.integer("transA", 0) != 0),
        turns_b(node.integer("transB", 0) != 0),
        alpha(node.real("alpha", 1)),
        beta(node.real("beta", 1)) {}
  bool turns_a, turns_b;
  double alpha, beta;
};

Dims turned(const Dims& dims, bool turns) { return turns ? Dims{dims[1], dims[0]} : dims; }

template <class T>
View<T, 2> as_matrix(const NdView<T>& array, bool turns) {
  return turns ? array.template as<2>({1, 0}) : array.template as<2>();
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& a = required(request, 0, "A", Element::kReal);
  const ValueInfo<T>& b = required(request, 1, "B", Element::kReal);
  const ValueInfo<T>& c = request.input(2);
  const Attributes attributes(request.node);
  if (a.shape.rank() != 2) throw ShapeError("A", to_string(a.shape), "two axes");
  if (b.shape.rank() != 2) throw ShapeError("B", to_string(b.shape), "two axes");
  const Dims rows = turned(a.shape, attributes.turns_a), weights = turned(b.shape, attributes.turns_b);
  if (rows[1] != weights[0]) {
    throw ShapeError("B", to_string(weights), std::to_string(rows[1]) + " rows, as many as A has columns",
                     "A is " + to_string(rows) + ", transposed as asked for");
  }
  if (rows[1] == 0 || weights[1] == 0) throw ShapeError("B", to_string(weights), "axes of 1 or more");
  const Dims shape{rows[0], weights[1]};
  if (c) {
    check_element(c, "C", Element::kReal);
    if (!(broadcast(shape, c.shape, "C") == shape)) {
      throw ShapeError("C", to_string(c.shape), "a shape that can be broadcast to " + to_string(shape));
    }
  }
  linear_options(request.node);
  return {.outputs = {{Element::kReal, check_size(shape, "B"), row_major(2)}}};
}

// Each element times a number.
template <class T>
Tensor<T, 2> scaled(const View<const T, 2>& from, double factor) {
  Tensor<T, 2> to(from);
  for (T& x : to) x *= static_cast<T>(factor);
  return to;
}

template <class T>
View<const T, 2> as_residual(const NdView<T>& c, const Dims& shape) {
  return {c.data, shape.as<2>(), broadcast_strides(c.shape, c.strides, shape).template as<2>()};
}

// Is it known, and the same for all rows?
template <class T>
bool is_bias(const ValueInfo<T>& c) {
  return c && c.constant && (c.shape.rank() < 2 || c.shape[0] == 1);
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const Attributes attributes(request.node);
  const Dims shape = inferred.outputs[0].shape;
  const ValueInfo<T>&b = request.inputs[1], &c = request.input(2);
  const int64_t K = turned(b.shape, attributes.turns_b)[0], N = shape[1];
  Linear<T> linear(shape[0], K, linear_options(request.node));
  const bool has_bias = is_bias(c);
  // A residual or a bias that is known only in a run goes with the activation that comes after it.
  if (b.constant && shape[0] > 0) {
    Tensor<T, 2> bias;
    if (has_bias) bias = scaled<T>(as_residual(c.constant.real(), {1, N}), attributes.beta);
    const View<const T, 1> bias_view = has_bias ? View<const T, 1>(bias.template reshape<1>({N})) : View<const T, 1>();
    const View<const T, 2> weights = as_matrix(b.constant.real(), attributes.turns_b);
    if (attributes.alpha == 1) {
      linear.pack(weights, bias_view);
    } else {
      linear.pack(scaled(weights, attributes.alpha), bias_view);
    }
  }
  const bool is_packed = static_cast<bool>(b.constant);
  const bool adds = c && !(has_bias && is_packed);
  Step<T> step;
  step.method = linear.describe();
  step.multiply_adds = static_cast<double>(shape.count()) * static_cast<double>(K);
  step.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    if (shape[0] == 0) return;
    const View<const T, 2> rows = as_matrix(arrays.inputs[0].real(), attributes.turns_a);
    View<const T, 2> weights, residual;
    Tensor<T, 2> scaled_weights, scaled_residual;
    if (!is_packed) weights = as_matrix(arrays.inputs[1].real(), attributes.turns_b);
    if (!is_packed && attributes.alpha != 1) weights = scaled_weights = scaled(weights, attributes.alpha);
    if (adds) residual = as_residual(arrays.inputs[2].real(), shape);
    if (adds && attributes.beta != 1) residual = scaled_residual = scaled(residual, attributes.beta);
    linear.run(rows, weights, residual, arrays.outputs[0].real().template as<2>(), options);
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> gemm_operation() {
  return {"Gemm", 3, infer<T>, make<T>};
}
template Operation<float> gemm_operation();
template Operation<double> gemm_operation();

}  // namespace convstep::network
