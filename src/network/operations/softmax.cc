// softmax.cc: Softmax, LogSoftmax.
//
//   y = exp(x) / sum over the axis of exp(x)
//
// computed as exp(x - m), with the maximum m of the axis, so that nothing overflows. Sums are double's, in order.
#include <cmath>

#include "network/loop.h"
#include "network/operations/arithmetic.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
T maximum(const T* x, int64_t n) {
  T most = x[0];
  for (int64_t i = 1; i < n; ++i) most = Larger()(x[i], most);
  return most;
}

// Where y may be x.
template <class T>
void softmax_row(const T* x, T* y, int64_t n) {
  const T most = maximum(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - most);
  const T scale = static_cast<T>(sum);
  for (int64_t i = 0; i < n; ++i) y[i] /= scale;
}
template <class T>
void log_softmax_row(const T* x, T* y, int64_t n) {
  const T most = maximum(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - most);
  const T log_sum = static_cast<T>(std::log(sum));
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - most - log_sum;
}

// Neighbouring rows that lie apart in memory are copied together, so that every cache line is read once.
constexpr int64_t kRowsAtATime = 16;

template <class T, class Row>
void run_rows(const NdView<T>& from, const NdView<T>& to, int axis, const Row& row, const RunOptions& options) {
  const int64_t n = to.shape[axis], from_step = from.strides[axis], to_step = to.strides[axis];
  if (to.size() == 0) return;
  Dims rows = to.shape;
  rows[axis] = 1;
  constexpr int64_t kWork = 16;  // that of an exponential
  const Loop loop(rows, {to.strides, from.strides}, n * kWork);
  loop.run(options, [&](const Run& run) {
    const T* x = from.data + run.offset(1);
    T* y = to.data + run.offset(0);
    if (from_step == 1 && to_step == 1) {
      for (int64_t r = 0; r < run.count; ++r) row(x + r * run.step(1), y + r * run.step(0), n);
      return;
    }
    const ThreadWorkspace workspace(static_cast<size_t>(n * kRowsAtATime) * sizeof(T));
    T* buffer = static_cast<T*>(workspace.data());
    for (int64_t first = 0; first < run.count; first += kRowsAtATime) {
      const int64_t count = std::min(kRowsAtATime, run.count - first);
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t r = 0; r < count; ++r) buffer[r * n + i] = x[(first + r) * run.step(1) + i * from_step];
      }
      for (int64_t r = 0; r < count; ++r) row(buffer + r * n, buffer + r * n, n);
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t r = 0; r < count; ++r) y[(first + r) * run.step(0) + i * to_step] = buffer[r * n + i];
      }
    }
  });
}

template <class T>
int axis_of(const Request<T>& request) {
  return check_axis("axis", request.node.integer("axis", -1), request.inputs[0].shape.rank());
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input", Element::kReal);
  axis_of(request);
  return {.outputs = {{Element::kReal, input.shape, input.order}}, .may_work_in_place = true};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const int axis = axis_of(request);
  const auto row = request.node.operation == "Softmax" ? softmax_row<T> : log_softmax_row<T>;
  return {.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    run_rows(arrays.inputs[0].real(), arrays.outputs[0].real(), axis, row, options);
  }};
}

}  // namespace

template <class T>
Operation<T> softmax_operation(const char* name) {
  return {name, 1, infer<T>, make<T>};
}
template Operation<float> softmax_operation(const char*);
template Operation<double> softmax_operation(const char*);

}  // namespace convstep::network
