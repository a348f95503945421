// activation_backward.cc: the gradient of an activation: the plain loops, on all threads.
#include <algorithm>

#include "convstep/activation.h"
#include "core/array_checks.h"
#include "pointwise/activation_checks.h"
#include "reference/reference.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// Channels of one row that one task takes, and so few numbers that a call stays on the caller's thread.
constexpr int64_t kTaskChannels = 1 << 14, kSmallCall = 1 << 15;

// The arrays of one call, of one shape.
template <class T>
struct Arrays {
  View<const T, 4> grad, input;
  View<T, 4> input_grad;
};

// Dense arrays as one long pixel.
template <class T>
Arrays<T> as_long_rows(const Arrays<T>& arrays) {
  const auto& [grad, input, input_grad] = arrays;
  if (!grad.is_dense() || !input.is_dense() || !input_grad.is_dense()) return arrays;
  const Shape<4> row{1, 1, 1, input.size()};
  return {{grad.data(), row}, {input.data(), row}, {input_grad.data(), row}};
}

// Row y of image n, channels first to first + count - 1.
template <class T>
View<T, 4> part_of(const View<T, 4>& array, int64_t n, int64_t y, int64_t first, int64_t count) {
  return {&array(n, y, 0, first), {1, 1, array.shape(2), count}, array.strides()};
}

template <class T>
void run_parts(const Arrays<T>& arrays, Activation activation, T slope, const RunOptions& options) {
  const auto& [grad, input, input_grad] = arrays;
  const int64_t H = input.shape(1), C = input.shape(3), parts = divide_up(C, kTaskChannels);
  const int threads = resolve_threads(options.threads, input.size() < kSmallCall);
  parallel_for(input.shape(0) * H * parts, threads, options.progress, [&, &a = arrays](int64_t task) {
    const int64_t first = task % parts * kTaskChannels, count = std::min(kTaskChannels, C - first);
    const int64_t n = task / parts / H, y = task / parts % H;
    reference::activation_backward(part_of(a.grad, n, y, first, count), part_of(a.input, n, y, first, count),
                                   part_of(a.input_grad, n, y, first, count), activation, slope);
  });
}

template <class T>
void run(View<const T, 4> grad, View<const T, 4> input, View<T, 4> input_grad, Activation activation, double slope,
         const RunOptions& options) {
  check_batch_shape("input", input.shape().data(), 4, sizeof(T));
  check_shape("grad", grad.shape().data(), input.shape().data(), 4, "the shape of the input");
  check_shape("input_grad", input_grad.shape().data(), input.shape().data(), 4, "the shape of the input");
  check_activation(activation, slope);
  check_readable(extent_of("grad", grad));
  check_readable(extent_of("input", input));
  check_writable(extent_of("input_grad", input_grad));
  check_no_partial_overlap(extent_of("input_grad", input_grad), extent_of("grad", grad));
  check_no_partial_overlap(extent_of("input_grad", input_grad), extent_of("input", input));
  if (input.size() == 0) return;
  run_parts<T>(as_long_rows<T>({grad, input, input_grad}), activation, static_cast<T>(slope), options);
}

}  // namespace

void activation_backward(View<const float, 4> grad, View<const float, 4> input, View<float, 4> input_grad,
                         Activation activation, double slope, const RunOptions& options) {
  run(grad, input, input_grad, activation, slope, options);
}
void activation_backward(View<const double, 4> grad, View<const double, 4> input, View<double, 4> input_grad,
                         Activation activation, double slope, const RunOptions& options) {
  run(grad, input, input_grad, activation, slope, options);
}

}  // namespace convstep
