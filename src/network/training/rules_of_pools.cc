// rules_of_pools.cc: the gradients of poolings. That of a maximum goes to the first.
#include "convstep/pool.h"
#include "network/operations/layer_options.h"
#include "network/training/rule.h"

namespace convstep::network {
namespace {

template <class T>
GradientStep<T> gradient_with(PoolOptions options) {
  return [options](const GradientArrays<T>& arrays, const RunOptions& run) {
    if (!arrays.input_grads[0]) return;
    PoolOptions now = options;
    now.threads = run.threads;
    now.progress = run.progress;
    pool_backward(View<const T, 4>(as_image(arrays.output_grad.real())),
                  View<const T, 4>(as_image(arrays.inputs[0].real())), as_image(arrays.input_grads[0].real()), now,
                  PoolTies::kFirst, arrays.accumulate[0]);
  };
}

template <class T>
GradientStep<T> pool_gradient(const Request<T>& request, const Inferred<T>&) {
  return gradient_with<T>(pool_options(request.node, request.input(0).shape.rank() - 2));
}

template <class T>
GradientStep<T> global_pool_gradient(const Request<T>& request, const Inferred<T>&) {
  return gradient_with<T>(global_pool_options(request.node, image_shape("X", request.input(0).shape)));
}

}  // namespace

template <class T>
std::vector<GradientRule<T>> pool_rules() {
  std::vector<GradientRule<T>> rules;
  for (const char* name : {"AveragePool", "LpPool", "MaxPool"}) rules.push_back({name, true, pool_gradient<T>});
  for (const char* name : {"GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"}) {
    rules.push_back({name, true, global_pool_gradient<T>});
  }
  return rules;
}
template std::vector<GradientRule<float>> pool_rules();
template std::vector<GradientRule<double>> pool_rules();

}  // namespace convstep::network
