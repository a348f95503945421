// conv.cc: Conv.
//
//   X (N, C, H, W)   W (O, C/group, KH, KW)   B (O,) or none   residual (N, O, OH, OW) or none   Y (N, O, OH, OW)
#include "convstep/conv.h"

#include "core/in_words.h"
#include "network/operations/layer_options.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {

ConvOptions conv_options(const Node& node, int axes) {
  return {.stride = size_attribute(node, "strides", axes),
          .padding = padding_attribute(node, axes),
          .dilation = size_attribute(node, "dilations", axes),
          .groups = node.integer("group", 1),
          .activation = activation_attribute(node),
          .slope = node.real("slope", 0.01)};
}

namespace {

template <class T>
Shape<4> output_of(const Request<T>& request) {
  const ValueInfo<T>& input = request.input(0);
  return in_words(kImageWording, [&] {
    return conv_output_shape(image_shape("X", input.shape), filter_shape("W", request.input(1).shape),
                             conv_options(request.node, input.shape.rank() - 2));
  });
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>&input = required(request, 0, "X", Element::kReal),
        &weights = required(request, 1, "W", Element::kReal);
  const int rank = input.shape.rank();
  const Shape<4> filters = filter_shape("W", weights.shape);
  image_shape("X", input.shape);
  if (weights.shape.rank() != rank) {
    throw ShapeError("W", to_string(weights.shape), "as many axes as X, whose shape is " + to_string(input.shape));
  }
  const Size2 window{filters[0], filters[1]};
  const Size2 given = size_attribute(request.node, "kernel_shape", rank - 2, window);
  if (given != window) throw ShapeError("kernel_shape", to_string(given), to_string(window), "so are the weights W");
  const Shape<4> output = output_of(request);
  if (request.input(2)) {
    const Dims& bias = required(request, 2, "B", Element::kReal).shape;
    const Dims expected{filters[3]};
    if (!(bias == expected)) throw ShapeError("B", to_string(bias), to_string(expected), "one number per filter");
  }
  ValueInfo<T> info = image_info<T>(Element::kReal, output, rank);
  if (!request.input(3)) return {.outputs = {info}};
  const Dims& residual = required(request, 3, "residual", Element::kReal).shape;
  if (!(residual == info.shape)) {
    throw ShapeError("residual", to_string(residual), to_string(info.shape), "the shape of the output");
  }
  return {.outputs = {info}, .may_work_in_place = true, .in_place_inputs = {3}};
}

template <class T>
View<const T, 1> as_bias(const ArrayView<T>& bias) {
  return bias ? View<const T, 1>(bias.real().template as<1>()) : View<const T, 1>();
}

template <class T>
View<const T, 4> residual_of(const StepArrays<T>& arrays) {
  const bool has = arrays.inputs.size() > 3 && arrays.inputs[3];
  return has ? View<const T, 4>(as_image(arrays.inputs[3].real())) : View<const T, 4>();
}

template <class T>
RowStep<T> row_step_of(const std::shared_ptr<const ConvPlan<T>>& plan) {
  RowStep<T> step;
  step.run = [plan](const RowRange& rows, const StepArrays<T>& arrays, const RunOptions& run) {
    plan->run_rows(rows, as_image(arrays.inputs[0].real()), as_image(arrays.outputs[0].real()), residual_of(arrays),
                   run);
  };
  step.reads = [plan](size_t input, const RowRange& rows) { return input == 0 ? plan->input_rows(rows) : rows; };
  step.step = plan->row_step();
  return step;
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const ValueInfo<T>&input = request.input(0), &weights = request.input(1), &bias = request.input(2);
  const ConvOptions options = conv_options(request.node, input.shape.rank() - 2);
  const Shape<4> filters = filter_shape("W", weights.shape);
  Step<T> step;
  step.multiply_adds = static_cast<double>(inferred.outputs[0].shape.count()) *
                       static_cast<double>(filters[0] * filters[1] * filters[2]);
  if (weights.constant && (!bias || bias.constant)) {
    const auto plan = std::make_shared<const ConvPlan<T>>(
        image_shape("X", input.shape), as_filters(weights.constant.real()), as_bias(bias.constant), options);
    step.method = plan->describe();
    step.run = [plan](const StepArrays<T>& arrays, const RunOptions& run) {
      plan->run(as_image(arrays.inputs[0].real()), as_image(arrays.outputs[0].real()), residual_of(arrays), run);
    };
    if (input.shape.rank() == 4 && plan->row_step() < inferred.outputs[0].shape[2]) step.of_rows = row_step_of(plan);
    return step;
  }
  step.method = "weights packed in each run";
  step.run = [options](const StepArrays<T>& arrays, const RunOptions& run) {
    ConvOptions with_run = options;
    with_run.threads = run.threads;
    with_run.progress = run.progress;
    const View<const T, 1> bias_view = arrays.inputs.size() > 2 ? as_bias(arrays.inputs[2]) : View<const T, 1>();
    conv_forward(as_image(arrays.inputs[0].real()), as_filters(arrays.inputs[1].real()), bias_view,
                 as_image(arrays.outputs[0].real()), with_run, residual_of(arrays));
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> conv_operation() {
  return {"Conv", 4, infer<T>, make<T>};
}
template Operation<float> conv_operation();
template Operation<double> conv_operation();

}  // namespace convstep::network
