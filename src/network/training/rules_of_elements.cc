// rules_of_elements.cc: the gradients of what is computed element by element, and of BatchNormalization, whose numbers
// are not trained.
#include <cmath>

#include "convstep/activation.h"
#include "convstep/error.h"
#include "network/operations/elementwise.h"
#include "network/training/rule.h"

namespace convstep::network {
namespace {

// An image, or any other array as one row.
template <class T>
View<T, 4> as_row(const ArrayView<T>& array, const Dims& order) {
  const NdView<T> in_memory = array.real().permuted(order);
  if (in_memory.is_dense()) return {in_memory.data, {1, 1, 1, in_memory.size()}};
  return array.real().template as<4>(order);
}

// The derivative is taken at the input.
template <class T>
GradientStep<T> activation_gradient(const Request<T>& request, Activation activation, double slope = 0) {
  return [activation, slope, order = request.input(0).order](const GradientArrays<T>& arrays, const RunOptions& run) {
    if (!arrays.input_grads[0]) return;
    activation_backward(View<const T, 4>(as_row(arrays.output_grad, order)),
                        View<const T, 4>(as_row(arrays.inputs[0], order)), as_row(arrays.input_grads[0], order),
                        activation, slope, run);
  };
}

template <class T>
GradientStep<T> curve_gradient(const Request<T>& request, const Inferred<T>&) {
  const std::string& name = request.node.operation;
  if (name == "LeakyRelu")
    return activation_gradient(request, Activation::kLeakyRelu, request.node.real("alpha", 0.01));
  if (name == "Sigmoid") return activation_gradient(request, Activation::kSigmoid);
  if (name == "Tanh") return activation_gradient(request, Activation::kTanh);
  return activation_gradient(request, Activation::kRelu);
}

template <class T>
bool is_number(const ValueInfo<T>& input, T number) {
  return input.constant && input.element == Element::kReal && input.shape.count() == 1 &&
         *input.constant.real().data == number;
}

template <class T>
GradientStep<T> clip_gradient(const Request<T>& request, const Inferred<T>&) {
  if (!is_number<T>(request.input(1), 0) || !is_number<T>(request.input(2), 6)) {
    throw ParameterError("min", "a clip to other numbers than 0 and 6", "ReLU6, in a network that is trained");
  }
  return activation_gradient(request, Activation::kRelu6);
}

template <class T>
void check_alike(const Request<T>& request) {
  for (const ValueInfo<T>& input : request.inputs) {
    if (!(input.shape == request.inputs[0].shape)) {
      throw ShapeError("B", to_string(input.shape), to_string(request.inputs[0].shape),
                       "in a network that is trained, arrays are not broadcast");
    }
  }
}

template <class T>
GradientStep<T> sum_gradient(const Request<T>& request, const Inferred<T>&) {
  check_alike(request);
  return [](const GradientArrays<T>& arrays, const RunOptions& run) {
    for (const ArrayView<T>& gradient : arrays.input_grads) {
      if (gradient) copy(arrays.output_grad, gradient, run);
    }
  };
}

template <class T>
GradientStep<T> product_gradient(const Request<T>& request, const Inferred<T>&) {
  check_alike(request);
  return [product = binary_run<T, T, T>([](T a, T b) { return a * b; })](const GradientArrays<T>& arrays,
                                                                         const RunOptions& run) {
    for (size_t k = 0; k < 2; ++k) {
      if (!arrays.input_grads[k]) continue;
      apply(product, arrays.output_grad.real(), arrays.inputs[1 - k].real(), arrays.input_grads[k].real(), run);
    }
  };
}

// y = (x - mean) * scale / sqrt(variance + epsilon) + shift, channel by channel.
template <class T>
GradientStep<T> normalization_gradient(const Request<T>& request, const Inferred<T>&) {
  const ValueInfo<T>&scale = request.input(1), &variance = request.input(4);
  if (!scale.constant || !variance.constant) throw ParameterError("scale", "an array of a run", "constants");
  const int64_t C = scale.shape.count();
  const T epsilon = static_cast<T>(request.node.real("epsilon", 1e-5));
  const auto factors = std::make_shared<Tensor<T, 1>>(Shape<1>{C});
  for (int64_t c = 0; c < C; ++c) {
    const NdView<T> of_scale = scale.constant.real(), of_variance = variance.constant.real();
    (*factors)(c) =
        of_scale.data[c * of_scale.strides[0]] / std::sqrt(of_variance.data[c * of_variance.strides[0]] + epsilon);
  }
  return [factors, product = binary_run<T, T, T>([](T a, T b) { return a * b; })](const GradientArrays<T>& arrays,
                                                                                  const RunOptions& run) {
    if (!arrays.input_grads[0]) return;
    Dims shape = Dims::filled(arrays.output_grad.shape.rank(), 1);
    shape[1] = factors->size();
    const NdView<T> by_channel{factors->data(), shape, dense_strides(shape, row_major(shape.rank()))};
    apply(product, arrays.output_grad.real(), by_channel, arrays.input_grads[0].real(), run);
  };
}

}  // namespace

template <class T>
std::vector<GradientRule<T>> element_rules() {
  std::vector<GradientRule<T>> rules = {{"Add", false, sum_gradient<T>},
                                        {"BatchNormalization", false, normalization_gradient<T>},
                                        {"Clip", false, clip_gradient<T>},
                                        {"Mul", false, product_gradient<T>},
                                        {"Sum", false, sum_gradient<T>}};
  for (const char* name : {"LeakyRelu", "Relu", "Sigmoid", "Tanh"}) rules.push_back({name, false, curve_gradient<T>});
  return rules;
}
template std::vector<GradientRule<float>> element_rules();
template std::vector<GradientRule<double>> element_rules();

}  // namespace convstep::network
