// global_pool.cc: GlobalAveragePool, GlobalLpPool and GlobalMaxPool: one number for each channel of an image.
//
//   X (N, C, H, W)   Y (N, C, 1, 1)
#include "convstep/pool.h"
#include "core/in_words.h"
#include "network/operations/layer_options.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {

PoolOptions global_pool_options(const Node& node, const Shape<4>& input) {
  using convstep::global_pool_options;
  if (node.operation == "GlobalAveragePool") return global_pool_options(input, PoolMode::kAverage);
  if (node.operation == "GlobalMaxPool") return global_pool_options(input, PoolMode::kMax);
  PoolOptions options = global_pool_options(input, PoolMode::kLp);
  options.p = static_cast<double>(node.integer("p", 2));
  return options;
}

namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const Dims& shape = required(request, 0, "X", Element::kReal).shape;
  const Shape<4> input = image_shape("X", shape);
  const Shape<4> output =
      in_words(kImageWording, [&] { return pool_output_shape(input, global_pool_options(request.node, input)); });
  return {.outputs = {image_info<T>(Element::kReal, output, shape.rank())}};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const Shape<4> input = image_shape("X", request.input(0).shape);
  const auto plan = std::make_shared<const PoolPlan<T>>(input, global_pool_options(request.node, input));
  Step<T> step;
  step.method = plan->describe();
  step.run = [plan](const StepArrays<T>& arrays, const RunOptions& run) {
    plan->run(as_image(arrays.inputs[0].real()), as_image(arrays.outputs[0].real()), run);
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> global_pool_operation(const char* name) {
  return {name, 1, infer<T>, make<T>};
}
template Operation<float> global_pool_operation(const char*);
template Operation<double> global_pool_operation(const char*);

}  // namespace convstep::network
