// plan.cc: which way to compute a convolution is taken, and the plan that keeps one.
#include "conv/plan.h"

#include <algorithm>
#include <iterator>

#include "conv/checks.h"
#include "conv/methods.h"
#include "core/array_checks.h"
#include "core/rows.h"
#include "runtime/threads.h"

namespace convstep {

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_method(const ConvProblem& problem, const ConvWeights<T>& weights,
                                                      ConvAlgorithm algorithm, Numerics numerics) {
  const ConvMethodKind<T>* chosen = nullptr;
  for (const ConvMethodKind<T>* kind : kConvMethods<T>) {
    if (algorithm == ConvAlgorithm::kAuto || kind->algorithm != algorithm || !kind->fits(problem)) continue;
    if (!chosen) chosen = kind;
    if (kind->pays(problem)) return kind->make(problem, weights);
  }
  if (!chosen) {
    const auto is_first = [&](const ConvMethodKind<T>* kind) {
      return kind->numerics == numerics && kind->fits(problem) && kind->pays(problem);
    };
    // Single pixels and the reference always fit and pay.
    chosen = *std::find_if(std::begin(kConvMethods<T>), std::end(kConvMethods<T>), is_first);
  }
  return chosen->make(problem, weights);
}

template <class T>
struct ConvPlan<T>::Layer {
  ConvProblem problem;
  Count threads;  // as asked for: 0 follows num_threads()
  ProgressCallback progress;
  std::unique_ptr<const ConvMethod<T>> method;
};

template <class T>
ConvPlan<T>::ConvPlan(const Shape<4>& input, View<const T, 4> weights, View<const T, 1> bias,
                      const ConvOptions& options)
    : ConvPlan(input, weights, bias, options, {options.threads, options.progress}) {}

template <class T>
ConvPlan<T>::ConvPlan(const Shape<4>& input, View<const T, 4> weights, View<const T, 1> bias,
                      const ConvOptions& options, const RunOptions& packing) {
  const ConvProblem problem = check_problem(input, weights.shape(), options);
  convstep::output_shape(input[0], problem);
  check_weights<T>({weights, bias}, problem);
  const ConvWeights<T> parameters{weights, bias, resolve_threads(packing.threads), packing.progress};
  layer_ = std::make_unique<const Layer>(
      Layer{problem, options.threads, options.progress,
            make_conv_method<T>(problem, parameters, options.algorithm, options.numerics)});
}

template <class T>
ConvPlan<T>::~ConvPlan() = default;
template <class T>
ConvPlan<T>::ConvPlan(ConvPlan&&) noexcept = default;
template <class T>
ConvPlan<T>& ConvPlan<T>::operator=(ConvPlan&&) noexcept = default;

template <class T>
void ConvPlan<T>::run(View<const T, 4> input, View<T, 4> output, View<const T, 4> residual,
                      const RunOptions& options) const {
  run_layer({0, layer_->problem.geometry.height.output}, input, output, residual, options);
}

template <class T>
void ConvPlan<T>::run_rows(const RowRange& rows, View<const T, 4> input, View<T, 4> output, View<const T, 4> residual,
                           const RunOptions& options) const {
  check_rows(rows, layer_->method->row_step(), layer_->problem.geometry.height.output);
  run_layer(rows, input, output, residual, options);
}

template <class T>
void ConvPlan<T>::run_layer(const RowRange& rows, const View<const T, 4>& input, const View<T, 4>& output,
                            const View<const T, 4>& residual, const RunOptions& options) const {
  const int threads = resolve_threads(options.threads ? options.threads : layer_->threads);
  const ConvCall<T> call{with_used_strides(input),
                         with_used_strides(residual),
                         with_used_strides(output),
                         threads,
                         options.progress ? options.progress : layer_->progress,
                         rows};
  check_call(call, layer_->problem);
  if (input.shape(0) > 0) layer_->method->run(call);
}

template <class T>
RowRange ConvPlan<T>::input_rows(const RowRange& rows) const {
  const WindowAxis& height = layer_->problem.geometry.height;
  check_rows(rows, 1, height.output);
  return height.read_by(rows);
}

template <class T>
int64_t ConvPlan<T>::row_step() const {
  const int64_t step = layer_->method->row_step();
  return step > 0 ? step : layer_->problem.geometry.height.output;
}

template <class T>
Shape<4> ConvPlan<T>::output_shape(int64_t images) const {
  return convstep::output_shape(images, layer_->problem);
}

template <class T>
std::string ConvPlan<T>::describe() const {
  return layer_->method->describe();
}

template <class T>
std::string ConvPlan<T>::target() const {
  return layer_->method->target();
}

template <class T>
size_t ConvPlan<T>::workspace_bytes() const {
  return layer_->method->workspace_bytes();
}

template std::unique_ptr<const ConvMethod<float>> make_conv_method(const ConvProblem&, const ConvWeights<float>&,
                                                                   ConvAlgorithm, Numerics);
template std::unique_ptr<const ConvMethod<double>> make_conv_method(const ConvProblem&, const ConvWeights<double>&,
                                                                    ConvAlgorithm, Numerics);
template class ConvPlan<float>;
template class ConvPlan<double>;

}  // namespace convstep
