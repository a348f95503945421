// lrn.cc: LRN, normalization by the channels beside each one, as AlexNet has it.
//
//   X (N, C, ...)   Y as X
//   Y[c] = X[c] / (bias + alpha / size * sum over i of X[i]^2)^beta,  i from c - floor((size-1)/2) to c +
//   ceil((size-1)/2)
#include <algorithm>
#include <cmath>

#include "network/loop.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

struct Rule {
  int64_t size;
  double alpha, beta, bias;
};

Rule rule_of(const Node& node) {
  const Rule rule{node.integer("size", 0), node.real("alpha", 1e-4), node.real("beta", 0.75), node.real("bias", 1)};
  if (rule.size < 1) throw ParameterError("size", std::to_string(rule.size), "1 or more");
  return rule;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "X", Element::kReal);
  rule_of(request.node);
  const int rank = input.shape.rank();
  if (rank < 2) throw ShapeError("X", to_string(input.shape), "(N, C, ...)");
  const Dims order = rank == 4 ? channels_last() : input.order;
  return {.outputs = {{Element::kReal, input.shape, order}}};
}

// sums[c] becomes what x[c] is divided by.
template <class T>
void power(T* sums, int64_t C, const Rule& rule) {
  const T bias = static_cast<T>(rule.bias), scale = static_cast<T>(rule.alpha / static_cast<double>(rule.size));
  if (rule.beta == 0.75) {  // that of all networks known
    for (int64_t c = 0; c < C; ++c) {
      const T root = std::sqrt(bias + scale * sums[c]);
      sums[c] = root * std::sqrt(root);
    }
  } else {
    const T beta = static_cast<T>(rule.beta);
    for (int64_t c = 0; c < C; ++c) sums[c] = std::pow(bias + scale * sums[c], beta);
  }
}

// The channels of one pixel. `squares` has room for those beside the first and the last, too, which are 0; `sums` for
// C.
template <class T>
void normalize_pixel(const T* x, int64_t x_step, T* y, int64_t y_step, int64_t C, const Rule& rule, T* squares,
                     T* sums) {
  const int64_t before = std::min((rule.size - 1) / 2, C), count = std::min(rule.size / 2, C) + before + 1;
  for (int64_t c = 0; c < C; ++c) squares[before + c] = x[c * x_step] * x[c * x_step];
  std::copy_n(squares, C, sums);
  for (int64_t i = 1; i < count; ++i) {
    for (int64_t c = 0; c < C; ++c) sums[c] += squares[i + c];
  }
  power(sums, C, rule);
  for (int64_t c = 0; c < C; ++c) y[c * y_step] = x[c * x_step] / sums[c];
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const Rule rule = rule_of(request.node);
  return {.run = [rule](const StepArrays<T>& arrays, const RunOptions& options) {
    const NdView<T> from = arrays.inputs[0].real(), to = arrays.outputs[0].real();
    const int64_t C = from.shape[1], x_step = from.strides[1], y_step = to.strides[1];
    if (from.size() == 0) return;
    Dims pixels = from.shape;
    pixels[1] = 1;
    constexpr int64_t kWork = 8;  // that of two roots and a quotient
    const int64_t padded = C + std::min((rule.size - 1) / 2, C) + std::min(rule.size / 2, C);
    const Loop loop(pixels, {to.strides, from.strides}, C * kWork);
    loop.run(options, [&](const Run& run) {
      const ThreadWorkspace workspace(static_cast<size_t>(padded + C) * sizeof(T));
      T* squares = static_cast<T*>(workspace.data());
      std::fill_n(squares, padded, T(0));
      for (int64_t i = 0; i < run.count; ++i) {
        normalize_pixel(from.data + run.offset(1) + i * run.step(1), x_step, to.data + run.offset(0) + i * run.step(0),
                        y_step, C, rule, squares, squares + padded);
      }
    });
  }};
}

}  // namespace

template <class T>
Operation<T> lrn_operation() {
  return {"LRN", 1, infer<T>, make<T>};
}
template Operation<float> lrn_operation();
template Operation<double> lrn_operation();

}  // namespace convstep::network
