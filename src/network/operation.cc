// operation.cc: the table of operations.
#include "network/operation.h"

#include <algorithm>

#include "network/operations/operations.h"

namespace convstep::network {
namespace {

// In the order of their names.
template <class T>
std::span<const Operation<T>> operations() {
  static const Operation<T> kOperations[] = {
      math_operation<T>("Abs"),
      arithmetic_operation<T>("Add"),
      arithmetic_operation<T>("And"),
      math_operation<T>("Ceil"),
      activation_operation<T>("Celu"),
      clip_operation<T>(),
      concat_operation<T>(),
      math_operation<T>("Cos"),
      arithmetic_operation<T>("Div"),
      activation_operation<T>("Elu"),
      math_operation<T>("Erf"),
      math_operation<T>("Exp"),
      flatten_operation<T>(),
      math_operation<T>("Floor"),
      gather_operation<T>(),
      activation_operation<T>("Gelu"),
      gemm_operation<T>(),
      activation_operation<T>("HardSigmoid"),
      activation_operation<T>("HardSwish"),
      identity_operation<T>(),
      activation_operation<T>("LeakyRelu"),
      math_operation<T>("Log"),
      softmax_operation<T>("LogSoftmax"),
      matmul_operation<T>(),
      activation_operation<T>("Mish"),
      arithmetic_operation<T>("Mod"),
      arithmetic_operation<T>("Mul"),
      math_operation<T>("Neg"),
      arithmetic_operation<T>("Or"),
      arithmetic_operation<T>("PRelu"),
      math_operation<T>("Reciprocal"),
      activation_operation<T>("Relu"),
      reshape_operation<T>(),
      math_operation<T>("Round"),
      activation_operation<T>("Selu"),
      shape_operation<T>(),
      activation_operation<T>("Shrink"),
      activation_operation<T>("Sigmoid"),
      math_operation<T>("Sign"),
      math_operation<T>("Sin"),
      size_operation<T>(),
      slice_operation<T>(),
      softmax_operation<T>("Softmax"),
      activation_operation<T>("Softplus"),
      activation_operation<T>("Softsign"),
      split_operation<T>(),
      math_operation<T>("Sqrt"),
      squeeze_operation<T>(),
      arithmetic_operation<T>("Sub"),
      activation_operation<T>("Swish"),
      activation_operation<T>("Tanh"),
      activation_operation<T>("ThresholdedRelu"),
      transpose_operation<T>(),
      unsqueeze_operation<T>(),
      arithmetic_operation<T>("Xor"),
  };
  return kOperations;
}

}  // namespace

template <class T>
const ValueInfo<T>& Request<T>::input(size_t index) const {
  static const ValueInfo<T> kLeftOut;
  return index < inputs.size() ? inputs[index] : kLeftOut;
}

template <class T>
const Operation<T>* find_operation(std::string_view name) {
  for (const Operation<T>& operation : operations<T>()) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto& operation : operations<float>()) names.emplace_back(operation.name);
  std::sort(names.begin(), names.end());
  return names;
}

template struct Request<float>;
template struct Request<double>;
template const Operation<float>* find_operation(std::string_view);
template const Operation<double>* find_operation(std::string_view);

}  // namespace convstep::network
