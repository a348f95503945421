#include "conv/weight_gradient/plain.h"

#include <algorithm>
#include <cmath>

#include "runtime/task_progress.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// The sum over all images of add(n, y, x, sum), in the order of docs/decisions/0016, on top of `sum`.
template <class T, class Add>
T sum_over_images(const WindowGeometry& geometry, int64_t images, T sum, const TaskProgress& progress, const Add& add) {
  const auto [rows, columns] = gradient_chunk(geometry);
  const int64_t OH = geometry.height.output, OW = geometry.width.output;
  for (int64_t n = 0; n < images; ++n) {
    T image = 0;
    for (int64_t top = 0; top < OH; top += rows) {
      if (!progress.keep_going()) return sum;
      for (int64_t left = 0; left < OW; left += columns) {
        T chunk = 0;
        for (int64_t y = top; y < std::min(top + rows, OH); ++y) {
          for (int64_t x = left; x < std::min(left + columns, OW); ++x) chunk = add(n, y, x, chunk);
        }
        image = top == 0 && left == 0 ? chunk : image + chunk;
      }
    }
    sum += image;
  }
  return sum;
}

}  // namespace

template <class T>
void run_plain_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call) {
  const WindowAxis &height = problem.geometry.height, &width = problem.geometry.width;
  const auto [KH, KW, C, O] = call.weights_grad.shape();
  const int64_t images = call.input.shape(0), channels = C, columns = KW, outputs = problem.group_outputs();
  TaskProgress progress(call.progress, KH * KW * C * O);
  parallel_for(KH * KW * C * O, call.threads, progress.after_task(), [&, all = O](int64_t number) {
    const int64_t o = number % all, c = number / all % channels, tap = number / all / channels;
    const int64_t i = tap / columns, j = tap % columns, channel = o / outputs * channels + c;
    const auto add = [&](int64_t n, int64_t y, int64_t x, T sum) {
      const int64_t row = height.source(y, i), column = width.source(x, j);
      const bool inside = height.is_inside(row) && width.is_inside(column);
      return std::fma(inside ? call.input(n, row, column, channel) : T(0), call.grad(n, y, x, o), sum);
    };
    T& value = call.weights_grad(i, j, c, o);
    value = sum_over_images(problem.geometry, images, call.accumulate ? value : T(0), progress, add);
  });
  for (int64_t o = 0; call.bias_grad && o < problem.outputs; ++o) {
    const auto add = [&](int64_t n, int64_t y, int64_t x, T sum) { return sum + call.grad(n, y, x, o); };
    T& value = call.bias_grad(o);
    value = sum_over_images(problem.geometry, images, call.accumulate ? value : T(0), progress, add);
  }
}

template void run_plain_weight_gradient(const ConvProblem&, const WeightGradientCall<float>&);
template void run_plain_weight_gradient(const ConvProblem&, const WeightGradientCall<double>&);

}  // namespace convstep
