// plan.cc: the ordered table of the ways to compute a convolution, and the plan that keeps one.
#include "conv/plan.h"

#include "conv/checks.h"
#include "core/array_checks.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// In order of preference.
template <class T>
struct Row {
  ConvAlgorithm algorithm;
  bool (*fits)(const ConvProblem& problem);  // can it compute the layer?
  bool (*pays)(const ConvProblem& problem);  // faster than the rows below can? kAuto takes no other
  std::unique_ptr<const ConvMethod<T>> (*make)(const ConvProblem& problem, const ConvWeights<T>& weights);
};

bool is_of_the_notebooks_size(const ConvProblem& problem) { return problem.products() <= double(kNotebookProducts); }

bool always(const ConvProblem&) { return true; }

bool never(const ConvProblem&) { return false; }

template <class T>
constexpr Row<T> kTable[] = {
    {ConvAlgorithm::kNotebook, numpy_order_fits, never, make_conv_numpy_order<T>},
    {ConvAlgorithm::kNotebook, is_of_the_notebooks_size, never, make_conv_reference<T>},
    {ConvAlgorithm::kWinograd, winograd_fits, winograd_pays<T>, make_conv_winograd<T>},
    {ConvAlgorithm::kDirect, groups_of_four_fits<T>, always, make_conv_groups_of_four<T>},
    {ConvAlgorithm::kDirect, few_outputs_fits, few_outputs_pays<T>, make_conv_few_outputs<T>},
    {ConvAlgorithm::kDirect, depthwise_fits, always, make_conv_depthwise<T>},
    {ConvAlgorithm::kDirect, direct_fits, always, make_conv_direct<T>},
    {ConvAlgorithm::kDirect, always, always, make_conv_single_pixel<T>},
    {ConvAlgorithm::kReference, always, never, make_conv_reference<T>},
};

}  // namespace

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_method(const ConvProblem& problem, const ConvWeights<T>& weights,
                                                      ConvAlgorithm algorithm) {
  // A row of what was asked for that pays; or else one that does not, as the user wants it.
  for (const bool must_pay : {true, false}) {
    for (const Row<T>& row : kTable<T>) {
      if (row.algorithm != algorithm || !row.fits(problem)) continue;
      if (!must_pay || row.pays(problem)) return row.make(problem, weights);
    }
  }
  // kAuto; kWinograd where it does not fit; kNotebook for larger layers.
  for (const Row<T>& row : kTable<T>) {
    if (row.fits(problem) && row.pays(problem)) return row.make(problem, weights);
  }
  return nullptr;  // never: a row always fits and pays
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
                      const ConvOptions& options) {
  const ConvProblem problem = check_problem(input, weights.shape(), options, kConvNames);
  convstep::output_shape(input[0], problem);
  check_weights<T>({weights, bias}, problem);
  const ConvWeights<T> parameters{weights, bias, resolve_threads(options.threads), options.progress};
  layer_ = std::make_unique<const Layer>(
      Layer{problem, options.threads, options.progress, make_conv_method<T>(problem, parameters, options.algorithm)});
}

template <class T>
ConvPlan<T>::~ConvPlan() = default;
template <class T>
ConvPlan<T>::ConvPlan(ConvPlan&&) noexcept = default;
template <class T>
ConvPlan<T>& ConvPlan<T>::operator=(ConvPlan&&) noexcept = default;

template <class T>
void ConvPlan<T>::run(View<const T, 4> input, View<T, 4> output, View<const T, 4> residual,
                      const ConvRunOptions& options) const {
  const int threads = resolve_threads(options.threads ? options.threads : layer_->threads);
  const ConvCall<T> call{with_used_strides(input), with_used_strides(residual), with_used_strides(output), threads,
                         options.progress ? options.progress : layer_->progress};
  check_call(call, layer_->problem);
  if (input.shape(0) > 0) layer_->method->run(call);
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
                                                                   ConvAlgorithm);
template std::unique_ptr<const ConvMethod<double>> make_conv_method(const ConvProblem&, const ConvWeights<double>&,
                                                                    ConvAlgorithm);
template class ConvPlan<float>;
template class ConvPlan<double>;

}  // namespace convstep
