// backward.cc: one call of a pooling's gradient.
#include <algorithm>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/in_words.h"
#include "pool/backward_loops.h"
#include "pool/checks.h"
#include "reference/reference.h"
#include "reference/store.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer reads than this do not pay for waking a thread, as in pool/regions.cc.
constexpr double kReadsPerThread = 1 << 19;

// The arrays of one call, checked.
template <class T>
struct PoolBackwardCall {
  const PoolProblem& problem;
  View<const T, 4> grad, input;    // the input has elements where they are read
  View<const int64_t, 4> indices;  // or none
  View<T, 4> input_grad;
  PoolTies ties;
  bool accumulate;
};

template <class T>
void check_gradients(const PoolBackwardCall<T>& call, const Shape<4>& input) {
  check_shape("grad", call.grad.shape().data(), output_shape(input[0], call.problem).data(), 4, "(N, OH, OW, C)");
  check_shape("input_grad", call.input_grad.shape().data(), input.data(), 4, "the shape of the input");
  check_readable(extent_of("grad", call.grad));
  check_writable(extent_of("input_grad", call.input_grad));
  check_no_overlap(extent_of("input_grad", call.input_grad), extent_of("grad", call.grad));
}

// That each names a pixel of its image.
void check_indices(const View<const int64_t, 4>& indices, int64_t pixels) {
  const auto [N, OH, OW, C] = indices.shape();
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t c = 0; c < C; ++c) {
          const int64_t index = indices(n, y, x, c);
          if (0 <= index && index < pixels) continue;
          throw ParameterError(
              "indices", std::to_string(index) + " at " + ErrorText::axes("indices", Shape<4>{n, y, x, c}),
              "0 to " + std::to_string(pixels - 1), "row * W + column, as the forward pass gives them");
        }
      }
    }
  }
}

// Image n alone, and of it the channels first to first + count - 1.
template <class T>
View<T, 4> part_of(const View<T, 4>& array, int64_t n, int64_t first, int64_t count) {
  if (!array) return {};
  return {&array(n, 0, 0, first), {1, array.shape(1), array.shape(2), count}, array.strides()};
}

template <class T>
PoolBackwardCall<T> part_of(const PoolBackwardCall<T>& call, int64_t n, int64_t first, int64_t count) {
  PoolBackwardCall<T> part = call;
  part.grad = part_of(call.grad, n, first, count);
  part.input = part_of(call.input, n, first, count);
  part.indices = part_of(call.indices, n, first, count);
  part.input_grad = part_of(call.input_grad, n, first, count);
  return part;
}

// The elements that a window reads, at most.
double reads_of_window(const PoolProblem& problem) {
  const auto& [height, width] = problem.given;
  return double(std::min(height.window, height.input)) * double(std::min(width.window, width.input));
}

// The rest is left to the plain loops: norms, and channels that lie apart.
template <class T>
bool has_fast_loops(const PoolBackwardCall<T>& call) {
  return call.problem.options.mode != PoolMode::kLp && has_dense_pixels(call.grad) &&
         (!call.input || has_dense_pixels(call.input)) && has_dense_pixels(call.input_grad);
}

template <class T>
void run_plain_loops(const PoolBackwardCall<T>& part, const TaskProgress& progress) {
  PoolOptions options = part.problem.options;
  const double reads_per_row = reads_of_window(part.problem) * double(part.grad.shape(2));
  double reads = 0;
  options.progress = [&](int64_t, int64_t) {
    if ((reads += reads_per_row) < double(reads_per_report(part.problem.options))) return;
    reads = 0;
    progress.keep_going();
  };
  reference::pool_backward<T>({part.grad, part.input, part.indices, part.input_grad}, part.problem.given, options,
                              part.ties, part.accumulate);
}

template <class T>
void run_fast_loops(const PoolBackwardCall<T>& part, const TaskProgress& progress) {
  const View<T, 3> wanted = part.input_grad[0];
  const auto [H, W, channels] = wanted.shape();
  Tensor<T, 3> own;
  if (part.accumulate) own = Tensor<T, 3>::uninitialized(wanted.shape());
  const View<T, 3> sums = part.accumulate ? own.view() : wanted;
  for (int64_t row = 0; row < H; ++row) {
    for (int64_t column = 0; column < W; ++column) std::fill_n(&sums(row, column, 0), channels, T(0));
  }
  const auto image = [](const auto& array) { return array ? array[0] : decltype(array[0])(); };
  add_pool_gradients<T>(
      {part.problem.given, part.problem.options, part.ties, part.grad[0], image(part.input), image(part.indices), sums},
      progress);
  if (part.accumulate) reference::store(View<const T, 3>(sums), wanted, true);
}

// How many channels each task takes: whole cache lines of them, so that no two threads write to one line.
template <class T>
int64_t channels_per_task(const PoolBackwardCall<T>& call, int threads) {
  constexpr int64_t kLine = kCacheLine / static_cast<int64_t>(sizeof(T));
  const int64_t N = call.grad.shape(0), C = call.grad.shape(3);
  const int64_t parts = std::max(divide_up(C, kMostBackwardChannels), divide_up(threads * kTasksPerThread, N));
  return std::min(round_up(divide_up(C, parts), kLine), C);
}

template <class T>
void run(const PoolBackwardCall<T>& call) {
  const PoolOptions& options = call.problem.options;
  const double reads = double(call.grad.size()) * reads_of_window(call.problem) + double(call.input_grad.size());
  const int threads = threads_worth(reads, kReadsPerThread, resolve_threads(options.threads));
  if (call.grad.size() == 0) return;
  const int64_t C = call.grad.shape(3), channels = channels_per_task(call, threads), parts = divide_up(C, channels);
  const int64_t tasks = call.grad.shape(0) * parts;
  const bool is_fast = has_fast_loops(call);
  TaskProgress progress(options.progress, tasks);
  parallel_for(tasks, threads, progress.after_task(), [&](int64_t task) {
    const int64_t first = task % parts * channels;
    const PoolBackwardCall<T> part = part_of(call, task / parts, first, std::min(channels, C - first));
    is_fast ? run_fast_loops(part, progress) : run_plain_loops(part, progress);
  });
}

template <class T>
void run_with_input(const View<const T, 4>& grad, const View<const T, 4>& input, const View<T, 4>& input_grad,
                    const PoolOptions& options, PoolTies ties, bool accumulate) {
  const PoolProblem problem = check_problem(input.shape(), options);
  if (ties != PoolTies::kFirst && ties != PoolTies::kAll) {
    throw ParameterError("ties", std::to_string(static_cast<int>(ties)), "a value of PoolTies");
  }
  const bool is_read = options.mode != PoolMode::kAverage;
  const PoolBackwardCall<T> call{
      problem,   with_used_strides(grad),       is_read ? with_used_strides(input) : View<const T, 4>(),
      {},        with_used_strides(input_grad), ties,
      accumulate};
  check_gradients(call, input.shape());
  if (is_read) check_readable(extent_of("input", input));
  if (input.data()) check_no_overlap(extent_of("input_grad", input_grad), extent_of("input", input));
  run(call);
}

template <class T>
void run_with_indices(const View<const T, 4>& grad, const View<const int64_t, 4>& indices, const View<T, 4>& input_grad,
                      const PoolOptions& options, bool accumulate) {
  constexpr Wording::Argument kWords[] = {{"input", "input_grad"}};
  const PoolProblem problem =
      in_words({.arguments = kWords}, [&] { return check_problem(input_grad.shape(), options); });
  if (options.mode != PoolMode::kMax) {
    throw ParameterError("mode", "a mode that has no indices", "PoolMode::kMax");
  }
  const PoolBackwardCall<T> call{problem,
                                 with_used_strides(grad),
                                 {},
                                 with_used_strides(indices),
                                 with_used_strides(input_grad),
                                 PoolTies::kFirst,
                                 accumulate};
  check_gradients(call, input_grad.shape());
  check_shape("indices", indices.shape().data(), grad.shape().data(), 4, "the shape of grad");
  check_readable(extent_of("indices", indices));
  check_no_overlap(extent_of("input_grad", input_grad), extent_of("indices", indices));
  check_indices(call.indices, input_grad.shape(1) * input_grad.shape(2));
  run(call);
}

}  // namespace

void pool_backward(View<const float, 4> grad, View<const float, 4> input, View<float, 4> input_grad,
                   const PoolOptions& options, PoolTies ties, bool accumulate) {
  run_with_input(grad, input, input_grad, options, ties, accumulate);
}
void pool_backward(View<const double, 4> grad, View<const double, 4> input, View<double, 4> input_grad,
                   const PoolOptions& options, PoolTies ties, bool accumulate) {
  run_with_input(grad, input, input_grad, options, ties, accumulate);
}

void pool_backward(View<const float, 4> grad, View<const int64_t, 4> indices, View<float, 4> input_grad,
                   const PoolOptions& options, bool accumulate) {
  run_with_indices(grad, indices, input_grad, options, accumulate);
}
void pool_backward(View<const double, 4> grad, View<const int64_t, 4> indices, View<double, 4> input_grad,
                   const PoolOptions& options, bool accumulate) {
  run_with_indices(grad, indices, input_grad, options, accumulate);
}

}  // namespace convstep
