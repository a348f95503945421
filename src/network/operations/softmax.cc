// softmax.cc: Softmax, LogSoftmax.
//
//   y = exp(x) / sum over the axis of exp(x)
//
// computed as exp(x - m), with the maximum m of the axis, so that nothing overflows. Sums are double's.
#include <cmath>
#include <limits>

#include "network/loop.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "pointwise/function_kernel.h"

namespace convstep::network {
namespace {

constexpr int64_t kLanes = 8;        // maxima and sums that do not wait for each other
constexpr int64_t kNeighbours = 64;  // rows at a time, where it is rows that are neighbours in memory

using kernels::Function;

// Without NaN, which makes NaN of every exponential's sum whatever this is.
template <class T>
T maximum(const T* x, int64_t n) {
  T most[kLanes];
  std::fill_n(most, kLanes, -std::numeric_limits<T>::infinity());
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
  }
  for (; i < n; ++i) most[0] = std::max(most[0], x[i]);
  return *std::max_element(most, most + kLanes);
}

// The sum of the lanes, whose elements are `stride` apart. The i-th element of a row goes to lane i % kLanes.
double sum_of(const double* lanes, int64_t stride) {
  double sum = 0;
  for (int64_t k = 0; k < kLanes; ++k) sum += lanes[k * stride];
  return sum;
}
template <class T>
void add(const T* x, int64_t n, double* lanes) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += x[i + k];
  }
  for (; i < n; ++i) lanes[i % kLanes] += x[i];
}

// A row, where y may be x.
template <class T>
void softmax_row(const kernels::Target& target, const T* x, T* y, int64_t n) {
  kernels::function_run(target, x, y, n, Function::kExp, {maximum(x, n)});
  double lanes[kLanes] = {};
  add(y, n, lanes);
  const T sum = static_cast<T>(sum_of(lanes, 1));
  for (int64_t i = 0; i < n; ++i) y[i] /= sum;
}

template <class T>
void log_softmax_row(const kernels::Target& target, const T* x, T* y, int64_t n) {
  const T most = maximum(x, n);
  constexpr int64_t kBuffer = 256;
  static_assert(kBuffer % kLanes == 0);
  T buffer[kBuffer];
  double lanes[kLanes] = {};
  for (int64_t first = 0; first < n; first += kBuffer) {
    const int64_t count = std::min(kBuffer, n - first);
    kernels::function_run(target, x + first, buffer, count, Function::kExp, {most});
    add(buffer, count, lanes);
  }
  const T log_sum = static_cast<T>(std::log(sum_of(lanes, 1)));
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - most - log_sum;
}

// So many rows that are neighbours in memory, whose elements are steps apart: with the bits of one row.
template <class T>
void neighbouring_rows(const kernels::Target& target, bool is_log, const T* x, int64_t x_step, T* y, int64_t y_step,
                       int64_t n, int64_t rows) {
  T most[kNeighbours], buffer[kNeighbours];
  double lanes[kLanes * kNeighbours] = {};
  std::fill_n(most, rows, -std::numeric_limits<T>::infinity());
  for (int64_t i = 0; i < n; ++i) {
    const T* from = x + i * x_step;
    for (int64_t r = 0; r < rows; ++r) most[r] = from[r] > most[r] ? from[r] : most[r];
  }
  for (int64_t i = 0; i < n; ++i) {
    const T* from = x + i * x_step;
    T* to = is_log ? buffer : y + i * y_step;
    for (int64_t r = 0; r < rows; ++r) buffer[r] = from[r] - most[r];
    kernels::function_run(target, buffer, to, rows, Function::kExp, {});
    double* sums = lanes + i % kLanes * kNeighbours;
    for (int64_t r = 0; r < rows; ++r) sums[r] += to[r];
  }
  for (int64_t r = 0; r < rows; ++r) {
    const double sum = sum_of(lanes + r, kNeighbours);
    buffer[r] = static_cast<T>(is_log ? std::log(sum) : sum);
  }
  for (int64_t i = 0; i < n; ++i) {
    const T* from = x + i * x_step;
    T* to = y + i * y_step;
    if (is_log) {
      for (int64_t r = 0; r < rows; ++r) to[r] = from[r] - most[r] - buffer[r];
    } else {
      for (int64_t r = 0; r < rows; ++r) to[r] /= buffer[r];
    }
  }
}

template <class T>
void softmax(const kernels::Target& target, bool is_log, const NdView<T>& from, const NdView<T>& to, int axis,
             const RunOptions& options) {
  const int64_t n = to.shape[axis], from_step = from.strides[axis], to_step = to.strides[axis];
  if (to.size() == 0) return;
  Dims rows = to.shape;
  rows[axis] = 1;
  constexpr int64_t kWork = 4;  // that of an exponential
  const Loop loop(rows, {to.strides, from.strides}, n * kWork);
  const auto row = is_log ? log_softmax_row<T> : softmax_row<T>;
  loop.run(options, [&](const Run& run) {
    const T* x = from.data + run.offset(1);
    T* y = to.data + run.offset(0);
    if (run.step(0) == 1 && run.step(1) == 1) {
      for (int64_t first = 0; first < run.count; first += kNeighbours) {
        neighbouring_rows(target, is_log, x + first, from_step, y + first, to_step, n,
                          std::min(kNeighbours, run.count - first));
      }
    } else if (from_step == 1 && to_step == 1) {
      for (int64_t r = 0; r < run.count; ++r) row(target, x + r * run.step(1), y + r * run.step(0), n);
    } else {
      const ThreadWorkspace workspace(static_cast<size_t>(n) * sizeof(T));
      T* buffer = static_cast<T*>(workspace.data());
      for (int64_t r = 0; r < run.count; ++r) {
        for (int64_t i = 0; i < n; ++i) buffer[i] = x[r * run.step(1) + i * from_step];
        row(target, buffer, buffer, n);
        for (int64_t i = 0; i < n; ++i) y[r * run.step(0) + i * to_step] = buffer[i];
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
  const bool is_log = request.node.operation == "LogSoftmax";
  return {.run = [=, &target = kernels::chosen_target()](const StepArrays<T>& arrays, const RunOptions& options) {
    softmax(target, is_log, arrays.inputs[0].real(), arrays.outputs[0].real(), axis, options);
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
