// activation.cc: what layers end with, element by element. Softmax is in softmax.cc, PRelu in arithmetic.cc.
#include <cmath>

#include "network/operations/operations.h"
#include "network/operations/unary.h"
#include "pointwise/activation_kernel.h"

namespace convstep::network {
namespace {

// The function of activation.h.
template <class T>
UnaryRun<T, T> activation_run(Activation activation, double slope = 0) {
  return side_by_side<T>([=, &target = kernels::chosen_target()](const T* a, T* to, int64_t n) {
    kernels::activate_run(target, a, to, n, activation, static_cast<T>(slope));
  });
}

using kernels::Function;

template <class T>
UnaryRun<T, T> celu(const Node& node) {
  const double alpha = node.real("alpha", 1);
  return kernel_run<T>(Function::kElu, {alpha, 1, 1 / alpha});
}

template <class T>
UnaryRun<T, T> elu(const Node& node) {
  return kernel_run<T>(Function::kElu, {node.real("alpha", 1), 1, 1});
}

template <class T>
UnaryRun<T, T> gelu(const Node& node) {
  const std::string how = node.text("approximate", "none");
  if (how == "none") return kernel_run<T>(Function::kGelu);
  if (how != "tanh") throw ParameterError("approximate", "'" + how + "'", "'none' or 'tanh'");
  return kernel_run<T>(Function::kGeluByTanh);
}

template <class T>
UnaryRun<T, T> hard_sigmoid(const Node& node) {
  return kernel_run<T>(Function::kHardSigmoid, {node.real("alpha", 0.2), node.real("beta", 0.5)});
}

template <class T>
UnaryRun<T, T> hard_swish(const Node&) {
  return kernel_run<T>(Function::kHardSwish, {1.0 / 6, 0.5});
}

template <class T>
UnaryRun<T, T> leaky_relu(const Node& node) {
  const double alpha = node.real("alpha", 0.01);
  if (!std::isfinite(static_cast<float>(alpha))) {
    throw ParameterError("alpha", std::to_string(alpha), "a number that is finite as a float");
  }
  return activation_run<T>(Activation::kLeakyRelu, alpha);
}

template <class T>
UnaryRun<T, T> mish(const Node&) {
  return kernel_run<T>(Function::kMish);
}

template <class T>
UnaryRun<T, T> relu(const Node&) {
  return activation_run<T>(Activation::kRelu);
}
UnaryRun<int64_t, int64_t> relu_of_integers(const Node&) {
  return unary_run<int64_t, int64_t>([](int64_t x) { return x > 0 ? x : 0; });
}

template <class T>
UnaryRun<T, T> selu(const Node& node) {
  const double alpha = node.real("alpha", 1.67326319217681884765625);
  return kernel_run<T>(Function::kElu, {alpha, node.real("gamma", 1.05070102214813232421875), 1});
}

template <class T>
UnaryRun<T, T> shrink(const Node& node) {
  const T bias = static_cast<T>(node.real("bias", 0)), lambda = static_cast<T>(node.real("lambd", 0.5));
  return unary_run<T, T>([=](T x) { return x < -lambda ? x + bias : x > lambda ? x - bias : T(0); });
}

template <class T>
UnaryRun<T, T> sigmoid(const Node&) {
  return activation_run<T>(Activation::kSigmoid);
}

template <class T>
UnaryRun<T, T> softplus(const Node&) {
  return kernel_run<T>(Function::kSoftplus);
}

template <class T>
UnaryRun<T, T> softsign(const Node&) {
  return unary_run<T, T>([](T x) { return x / (1 + std::abs(x)); });
}

template <class T>
UnaryRun<T, T> swish(const Node& node) {
  return kernel_run<T>(Function::kSwish, {node.real("alpha", 1)});
}

template <class T>
UnaryRun<T, T> tanh(const Node&) {
  return activation_run<T>(Activation::kTanh);
}

template <class T>
UnaryRun<T, T> thresholded_relu(const Node& node) {
  const T alpha = static_cast<T>(node.real("alpha", 1));
  return unary_run<T, T>([=](T x) { return x > alpha ? x : T(0); });
}

template <class T>
std::span<const UnaryFunction<T>> functions() {
  static constexpr UnaryFunction<T> kFunctions[] = {
      {"Celu", "X", celu<T>, nullptr},
      {"Elu", "X", elu<T>, nullptr},
      {"Gelu", "X", gelu<T>, nullptr},
      {"HardSigmoid", "X", hard_sigmoid<T>, nullptr},
      {"HardSwish", "X", hard_swish<T>, nullptr},
      {"LeakyRelu", "X", leaky_relu<T>, nullptr},
      {"Mish", "X", mish<T>, nullptr},
      {"Relu", "X", relu<T>, relu_of_integers},
      {"Selu", "X", selu<T>, nullptr},
      {"Shrink", "input", shrink<T>, nullptr},
      {"Sigmoid", "X", sigmoid<T>, nullptr},
      {"Softplus", "X", softplus<T>, nullptr},
      {"Softsign", "input", softsign<T>, nullptr},
      {"Swish", "X", swish<T>, nullptr},
      {"Tanh", "input", tanh<T>, nullptr},
      {"ThresholdedRelu", "X", thresholded_relu<T>, nullptr},
  };
  return kFunctions;
}

}  // namespace

template <class T>
Operation<T> activation_operation(const char* name) {
  return unary_operation_of<T, functions<T>>(name);
}
template Operation<float> activation_operation(const char*);
template Operation<double> activation_operation(const char*);

}  // namespace convstep::network
