// rules_of_layers.cc: the gradients of Conv and Gemm: of their input, and of what they are trained by.
#include "convstep/conv.h"
#include "convstep/error.h"
#include "convstep/linear.h"
#include "network/operations/layer_options.h"
#include "network/training/rule.h"

namespace convstep::network {
namespace {

template <class Options>
Options with_run(Options options, const RunOptions& run) {
  options.threads = run.threads;
  options.progress = run.progress;
  return options;
}

// The tape has taken activations apart (tape.h).
template <class T>
GradientStep<T> conv_gradient(const Request<T>& request, const Inferred<T>&) {
  const ConvOptions options = conv_options(request.node, request.input(0).shape.rank() - 2);
  if (request.input(3)) throw ParameterError("residual", "an array", "none", "passes put it there");
  return [options](const GradientArrays<T>& arrays, const RunOptions& run) {
    const View<const T, 4> grad = as_image(arrays.output_grad.real());
    if (arrays.input_grads[0]) {
      conv_backward_input(grad, as_filters(arrays.inputs[1].real()), as_image(arrays.input_grads[0].real()),
                          with_run(options, run), arrays.accumulate[0]);
    }
    const bool has_bias = arrays.inputs.size() > 2 && arrays.input_grads[2];
    if (!arrays.input_grads[1]) {
      if (has_bias) throw ParameterError("W", "an array that is not trained", "one that is trained beside B");
      return;
    }
    const View<T, 1> bias = has_bias ? arrays.input_grads[2].real().template as<1>() : View<T, 1>();
    conv_backward_weights(grad, as_image(arrays.inputs[0].real()), as_filters(arrays.input_grads[1].real()), bias,
                          with_run(options, run), arrays.accumulate[1]);
  };
}

// Those of a linear layer, whose weights (K, N) may be stored the other way round.
template <class T>
View<T, 2> as_weights(const Node& node, const ArrayView<T>& array) {
  return node.integer("transB", 0) != 0 ? array.real().template as<2>({1, 0}) : array.real().template as<2>();
}

template <class T>
void check_linear(const Request<T>& request) {
  const Node& node = request.node;
  if (node.integer("transA", 0) != 0) throw ParameterError("transA", "1", "0, in a layer that is trained");
  for (const char* factor : {"alpha", "beta"}) {
    if (node.real(factor, 1) != 1) {
      throw ParameterError(factor, std::to_string(node.real(factor, 1)), "1, in a layer that is trained");
    }
  }
  const ValueInfo<T>& bias = request.input(2);
  if (bias && bias.shape.rank() != 1) {
    throw ShapeError("C", to_string(bias.shape), "one axis, in a layer that is trained");
  }
}

template <class T>
GradientStep<T> linear_gradient(const Request<T>& request, const Inferred<T>&) {
  check_linear(request);
  return [node = request.node](const GradientArrays<T>& arrays, const RunOptions& run) {
    const View<const T, 2> grad = arrays.output_grad.real().template as<2>();
    const LinearOptions options{.threads = run.threads, .progress = run.progress};
    if (arrays.input_grads[0]) {
      linear_backward_input(grad, as_weights(node, arrays.inputs[1]), arrays.input_grads[0].real().template as<2>(),
                            options, arrays.accumulate[0]);
    }
    if (!arrays.input_grads[1]) return;
    const bool has_bias = arrays.inputs.size() > 2 && arrays.input_grads[2];
    const View<T, 1> bias = has_bias ? arrays.input_grads[2].real().template as<1>() : View<T, 1>();
    linear_backward_weights(grad, arrays.inputs[0].real().template as<2>(), as_weights(node, arrays.input_grads[1]),
                            bias, options, arrays.accumulate[1]);
  };
}

// A bias that changes is where sums begin, as it is where it is constant.
template <class T>
Step<T> linear_step(const Request<T>& request, const Inferred<T>&) {
  check_linear(request);
  return {.run = [node = request.node](const StepArrays<T>& arrays, const RunOptions& run) {
    const bool has_bias = arrays.inputs.size() > 2 && arrays.inputs[2];
    const View<const T, 1> bias =
        has_bias ? View<const T, 1>(arrays.inputs[2].real().template as<1>()) : View<const T, 1>();
    linear_forward(arrays.inputs[0].real().template as<2>(), as_weights(node, arrays.inputs[1]), bias,
                   arrays.outputs[0].real().template as<2>(), {.threads = run.threads, .progress = run.progress});
  }};
}

}  // namespace

template <class T>
std::vector<GradientRule<T>> layer_rules() {
  return {{"Conv", true, conv_gradient<T>, nullptr, {1, 2}},
          {"Gemm", true, linear_gradient<T>, linear_step<T>, {1, 2}}};
}
template std::vector<GradientRule<float>> layer_rules();
template std::vector<GradientRule<double>> layer_rules();

}  // namespace convstep::network
