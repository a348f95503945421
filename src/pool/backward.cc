// backward.cc: one call of a pooling's gradient.
#include <algorithm>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/in_words.h"
#include "pool/backward/indices.h"
#include "pool/backward/loops.h"
#include "pool/backward/region.h"
#include "pool/checks.h"
#include "reference/reference.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer reads than this do not pay for waking a thread, as in pool/regions.cc.
constexpr double kReadsPerThread = 1 << 19;

template <class T>
void check_gradients(const PoolBackwardCall<T>& call, const Shape<4>& input) {
  check_shape("grad", call.grad.shape().data(), output_shape(input[0], call.problem).data(), 4, "(N, OH, OW, C)");
  check_shape("input_grad", call.input_grad.shape().data(), input.data(), 4, "the shape of the input");
  check_readable(extent_of("grad", call.grad));
  check_writable(extent_of("input_grad", call.input_grad));
  check_no_overlap(extent_of("input_grad", call.input_grad), extent_of("grad", call.grad));
}

// Some channels of an image.
template <class T>
View<T, 4> part_of(const View<T, 4>& array, int64_t n, int64_t first, int64_t count) {
  if (!array) return {};
  return {&array(n, 0, 0, first), {1, array.shape(1), array.shape(2), count}, array.strides()};
}

// The elements that a window reads, at most.
double reads_of_window(const PoolProblem& problem) {
  const auto& [height, width] = problem.given;
  return double(std::min(height.window, height.input)) * double(std::min(width.window, width.input));
}

// Thrown through the loops of the reference, to end them where another thread's progress has thrown.
struct IsStopped {};

template <class T>
void run_plain_loops(const PoolBackwardCall<T>& call, int64_t n, int64_t first, int64_t count,
                     const TaskProgress& progress) {
  const View<const T, 4> grad = part_of(call.grad, n, first, count);
  PoolOptions options = call.problem.options;
  const double reads_per_row = reads_of_window(call.problem) * double(grad.shape(2));
  double reads = 0;
  options.progress = [&](int64_t, int64_t) {
    if ((reads += reads_per_row) < double(reads_per_report(call.problem.options))) return;
    reads = 0;
    if (!progress.keep_going()) throw IsStopped();
  };
  try {
    reference::pool_backward<T>({grad, part_of(call.input, n, first, count), part_of(call.indices, n, first, count),
                                 part_of(call.input_grad, n, first, count)},
                                call.problem.given, options, call.ties, call.accumulate);
  } catch (const IsStopped&) {
  }
}

// Whole cache lines of channels to each task, so that no two threads write to one line.
template <class T>
void run_plainly(const PoolBackwardCall<T>& call, int threads, const ProgressCallback& callback) {
  constexpr int64_t kLine = kCacheLine / static_cast<int64_t>(sizeof(T));
  const int64_t N = call.grad.shape(0), C = call.grad.shape(3);
  const double reads = double(call.grad.size()) * reads_of_window(call.problem) + double(call.input_grad.size());
  const int worth = threads_worth(reads, kReadsPerThread, threads);
  const int64_t channels = std::min(round_up(divide_up(C, divide_up(worth * kTasksPerThread, N)), kLine), C);
  const int64_t parts = divide_up(C, channels);
  TaskProgress progress(callback, N * parts);
  parallel_for(N * parts, worth, progress.after_task(), [&](int64_t task) {
    const int64_t first = task % parts * channels;
    run_plain_loops(call, task / parts, first, std::min(channels, C - first), progress);
  });
}

// So few elements that the loops take less time than kernels and what these need.
template <class T>
bool is_tiny(const PoolBackwardCall<T>& call) {
  constexpr double kFewReads = 256;
  return call.problem.options.mode != PoolMode::kLp && !call.accumulate && call.grad.shape(3) <= kMostLoopChannels &&
         has_dense_pixels(call.grad) && (!call.input || has_dense_pixels(call.input)) &&
         has_dense_pixels(call.input_grad) && double(call.input_grad.size()) <= 2 * kFewReads &&
         double(call.grad.size()) * (call.indices ? 1 : reads_of_window(call.problem)) <= kFewReads;
}

template <class T>
void run_loops(const PoolBackwardCall<T>& call) {
  const int64_t N = call.grad.shape(0);
  for (int64_t n = 0; n < N; ++n) {
    const auto image = [n](const auto& array) { return array ? array[n] : decltype(array[n])(); };
    loop_over_windows<T>({call.problem.given, call.problem.options, call.ties, call.grad[n], image(call.input),
                          image(call.indices), call.input_grad[n]});
    if (call.problem.options.progress) call.problem.options.progress(n + 1, N);
  }
}

template <class T>
void run(const PoolBackwardCall<T>& call, int threads) {
  if (call.grad.size() == 0) return;
  if (is_tiny(call)) return run_loops(call);
  const ProgressCallback& callback = call.problem.options.progress;
  const std::optional<BackwardCut<T>> cut = cut_backward(call, threads);
  if (!cut) return run_plainly(call, threads, callback);
  const int64_t N = call.grad.shape(0), C = call.grad.shape(3), channels = cut->size.channels;
  const RegionGrid grid(call.problem.geometry, cut->size, {C, channels, divide_up(C, channels)});
  const int64_t regions = N * grid.regions_per_image();
  TaskProgress progress(callback, regions);
  parallel_for(regions, cut->threads, progress.after_task(),
               [&](int64_t i) { run_backward_region(call, *cut, grid[i], progress); });
}

template <class T>
void run_with_input(const View<const T, 4>& grad, const View<const T, 4>& input, const View<T, 4>& input_grad,
                    const PoolOptions& options, PoolTies ties, bool accumulate) {
  const PoolProblem problem = check_problem(input.shape(), options);
  if (ties != PoolTies::kFirst && ties != PoolTies::kAll) {
    throw ParameterError("ties", std::to_string(static_cast<int>(ties)), "a value of PoolTies");
  }
  const bool is_read = options.mode != PoolMode::kAverage;
  const PoolBackwardCall<T> call{.problem = problem,
                                 .target = kernels::chosen_target(),
                                 .grad = with_used_strides(grad),
                                 .input = is_read ? with_used_strides(input) : View<const T, 4>(),
                                 .indices = {},
                                 .are_in_windows = false,
                                 .input_grad = with_used_strides(input_grad),
                                 .ties = ties,
                                 .accumulate = accumulate};
  check_gradients(call, input.shape());
  if (is_read) check_readable(extent_of("input", input));
  if (input.data()) check_no_overlap(extent_of("input_grad", input_grad), extent_of("input", input));
  run(call, resolve_threads(options.threads));
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
  PoolBackwardCall<T> call{.problem = problem,
                           .target = kernels::chosen_target(),
                           .grad = with_used_strides(grad),
                           .input = {},
                           .indices = with_used_strides(indices),
                           .are_in_windows = false,
                           .input_grad = with_used_strides(input_grad),
                           .ties = PoolTies::kFirst,
                           .accumulate = accumulate};
  check_gradients(call, input_grad.shape());
  check_shape("indices", indices.shape().data(), grad.shape().data(), 4, "the shape of grad");
  check_readable(extent_of("indices", indices));
  check_no_overlap(extent_of("input_grad", input_grad), extent_of("indices", indices));
  const int threads = resolve_threads(options.threads);
  call.are_in_windows =
      check_indices(call.indices, problem, !is_tiny(call) && asks_for_windows(call), call.target, threads);
  run(call, threads);
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
