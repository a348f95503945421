// pool.cc: one call of a pooling, and the plan that keeps what was checked and chosen.
#include "convstep/pool.h"

#include <algorithm>

#include "core/array_checks.h"
#include "core/rows.h"
#include "pool/checks.h"
#include "pool/regions.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

template <class T>
PoolLayout layout_of(const PoolCall<T>& call) {
  return {.has_indices = bool(call.indices),
          .has_gaps = call.input.stride(2) != call.problem.channels,
          .copies_input = !has_dense_pixels(call.input),
          .copies_output = !has_dense_pixels(call.output),
          .copies_indices = call.indices && !has_dense_pixels(call.indices),
          .are_planes = call.input.stride(2) == 1 && (call.output.stride(2) == 1 || call.output.shape(2) == 1)};
}

RowRange all_rows(const PoolProblem& problem) { return {0, problem.geometry.height.output}; }

// Without indices where they are null. Problem and progress must live as long as the call.
template <class T>
PoolCall<T> checked_call(const PoolProblem& problem, const kernels::Target& target, const View<const T, 4>& input,
                         const View<T, 4>& output, const View<int64_t, 4>* indices, Count threads,
                         const ProgressCallback& progress, const RowRange& rows) {
  const PoolCall<T> call{problem,
                         target,
                         with_used_strides(input),
                         with_used_strides(output),
                         indices ? with_used_strides(*indices) : View<int64_t, 4>(),
                         resolve_threads(threads),
                         progress,
                         rows};
  check_call(call, indices != nullptr);
  return call;
}

template <class T>
void run(const View<const T, 4>& input, const View<T, 4>& output, const View<int64_t, 4>* indices,
         const PoolOptions& options) {
  const PoolProblem problem = check_problem(input.shape(), options);
  const PoolCall<T> call = checked_call(problem, kernels::chosen_target(), input, output, indices, options.threads,
                                        options.progress, all_rows(problem));
  if (output.size() > 0) run_regions(call, cut_pool<T>(problem, layout_of(call)));
}

}  // namespace

template <class T>
struct PoolPlan<T>::Layer {
  Layer(const Shape<4>& input, const PoolOptions& given) : options(given), problem(check_problem(input, options)) {
    convstep::output_shape(input[0], problem);
    resolve_threads(options.threads);
  }

  PoolOptions options;
  PoolProblem problem;
  const kernels::Target& target = kernels::chosen_target();
  const bool are_planes = problem.channels == 1;
  PoolCut<T> dense = cut_pool<T>(problem, {.are_planes = are_planes}),
             with_indices = cut_pool<T>(problem, {.has_indices = true, .are_planes = are_planes});

  // For arrays that do not lie side by side it is cut anew.
  void run(const PoolCall<T>& call) const {
    const PoolLayout layout = layout_of(call);
    if (layout == dense.layout) return run_regions(call, dense);
    if (layout == with_indices.layout) return run_regions(call, with_indices);
    run_regions(call, cut_pool<T>(problem, layout));
  }
};

template <class T>
PoolPlan<T>::PoolPlan(const Shape<4>& input, const PoolOptions& options)
    : layer_(std::make_unique<const Layer>(input, options)) {}

template <class T>
PoolPlan<T>::~PoolPlan() = default;
template <class T>
PoolPlan<T>::PoolPlan(PoolPlan&&) noexcept = default;
template <class T>
PoolPlan<T>& PoolPlan<T>::operator=(PoolPlan&&) noexcept = default;

template <class T>
void PoolPlan<T>::run_layer(const RowRange& rows, const View<const T, 4>& input, const View<T, 4>& output,
                            const View<int64_t, 4>* indices, const RunOptions& options) const {
  const PoolProblem& problem = layer_->problem;
  const PoolCall<T> call = checked_call(problem, layer_->target, input, output, indices,
                                        options.threads ? options.threads : problem.options.threads,
                                        options.progress ? options.progress : problem.options.progress, rows);
  if (output.size() > 0) layer_->run(call);
}

template <class T>
void PoolPlan<T>::run(View<const T, 4> input, View<T, 4> output, const RunOptions& options) const {
  run_layer(all_rows(layer_->problem), input, output, nullptr, options);
}

template <class T>
void PoolPlan<T>::run_with_indices(View<const T, 4> input, View<T, 4> output, View<int64_t, 4> indices,
                                   const RunOptions& options) const {
  run_layer(all_rows(layer_->problem), input, output, &indices, options);
}

template <class T>
void PoolPlan<T>::run_rows(const RowRange& rows, View<const T, 4> input, View<T, 4> output,
                           const RunOptions& options) const {
  check_rows(rows, 1, layer_->problem.geometry.height.output);
  run_layer(rows, input, output, nullptr, options);
}

template <class T>
RowRange PoolPlan<T>::input_rows(const RowRange& rows) const {
  check_rows(rows, 1, layer_->problem.geometry.height.output);
  return layer_->problem.geometry.height.read_by(rows);
}

template <class T>
Shape<4> PoolPlan<T>::output_shape(int64_t images) const {
  return convstep::output_shape(images, layer_->problem);
}

template <class T>
std::string PoolPlan<T>::describe() const {
  return std::string(layer_->dense.method->name) + ", " + target();
}

template <class T>
std::string PoolPlan<T>::target() const {
  return layer_->target.name;
}

template <class T>
size_t PoolPlan<T>::workspace_bytes() const {
  size_t most = 0;
  for (unsigned gaps = 0; gaps < 64; ++gaps) {
    const PoolLayout layout{.has_indices = bool(gaps & 1),
                            .has_gaps = bool(gaps & 2),
                            .copies_input = bool(gaps & 4),
                            .copies_output = bool(gaps & 8),
                            .copies_indices = bool(gaps & 16),
                            .are_planes = bool(gaps & 32)};
    if (layout.copies_indices > layout.has_indices) continue;
    most = std::max(most, cut_pool<T>(layer_->problem, layout).workspace.layout.bytes());
  }
  return most;
}

template class PoolPlan<float>;
template class PoolPlan<double>;

Shape<4> pool_output_shape(const Shape<4>& input, const PoolOptions& options) {
  return output_shape(input[0], check_problem(input, options));
}

PoolOptions global_pool_options(const Shape<4>& input, PoolMode mode) {
  return {.window = {input[1], input[2]}, .mode = mode};
}

void pool_forward(View<const float, 4> input, View<float, 4> output, const PoolOptions& options) {
  run<float>(input, output, nullptr, options);
}
void pool_forward(View<const double, 4> input, View<double, 4> output, const PoolOptions& options) {
  run<double>(input, output, nullptr, options);
}

void pool_forward(View<const float, 4> input, View<float, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options) {
  run<float>(input, output, &indices, options);
}
void pool_forward(View<const double, 4> input, View<double, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options) {
  run<double>(input, output, &indices, options);
}

}  // namespace convstep
