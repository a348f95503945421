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
      arg_operation<T>("ArgMax"),
      arg_operation<T>("ArgMin"),
      pool_operation<T>("AveragePool"),
      batch_normalization_operation<T>(),
      cast_operation<T>(),
      math_operation<T>("Ceil"),
      activation_operation<T>("Celu"),
      clip_operation<T>(),
      concat_operation<T>(),
      constant_of_shape_operation<T>(),
      conv_operation<T>(),
      conv_transpose_operation<T>(),
      math_operation<T>("Cos"),
      cumulative_sum_operation<T>(),
      depth_to_space_operation<T>(),
      arithmetic_operation<T>("Div"),
      dropout_operation<T>(),
      activation_operation<T>("Elu"),
      comparison_operation<T>("Equal"),
      math_operation<T>("Erf"),
      math_operation<T>("Exp"),
      expand_operation<T>(),
      flatten_operation<T>(),
      math_operation<T>("Floor"),
      gather_operation<T>(),
      gather_elements_operation<T>(),
      activation_operation<T>("Gelu"),
      gemm_operation<T>(),
      global_pool_operation<T>("GlobalAveragePool"),
      global_pool_operation<T>("GlobalLpPool"),
      global_pool_operation<T>("GlobalMaxPool"),
      comparison_operation<T>("Greater"),
      comparison_operation<T>("GreaterOrEqual"),
      activation_operation<T>("HardSigmoid"),
      activation_operation<T>("HardSwish"),
      identity_operation<T>(),
      instance_normalization_operation<T>(),
      truth_operation<T>("IsInf"),
      truth_operation<T>("IsNaN"),
      activation_operation<T>("LeakyRelu"),
      comparison_operation<T>("Less"),
      comparison_operation<T>("LessOrEqual"),
      math_operation<T>("Log"),
      softmax_operation<T>("LogSoftmax"),
      pool_operation<T>("LpPool"),
      lrn_operation<T>(),
      matmul_operation<T>(),
      variadic_operation<T>("Max"),
      pool_operation<T>("MaxPool"),
      variadic_operation<T>("Mean"),
      variadic_operation<T>("Min"),
      activation_operation<T>("Mish"),
      arithmetic_operation<T>("Mod"),
      arithmetic_operation<T>("Mul"),
      math_operation<T>("Neg"),
      truth_operation<T>("Not"),
      arithmetic_operation<T>("Or"),
      pad_operation<T>(),
      pointwise_operation<T>(),
      pow_operation<T>(),
      arithmetic_operation<T>("PRelu"),
      range_operation<T>(),
      math_operation<T>("Reciprocal"),
      reduce_operation<T>("ReduceL1"),
      reduce_operation<T>("ReduceL2"),
      reduce_operation<T>("ReduceLogSum"),
      reduce_operation<T>("ReduceLogSumExp"),
      reduce_operation<T>("ReduceMax"),
      reduce_operation<T>("ReduceMean"),
      reduce_operation<T>("ReduceMin"),
      reduce_operation<T>("ReduceProd"),
      reduce_operation<T>("ReduceSum"),
      reduce_operation<T>("ReduceSumSquare"),
      activation_operation<T>("Relu"),
      reshape_operation<T>(),
      resize_operation<T>(),
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
      space_to_depth_operation<T>(),
      split_operation<T>(),
      math_operation<T>("Sqrt"),
      squeeze_operation<T>(),
      arithmetic_operation<T>("Sub"),
      variadic_operation<T>("Sum"),
      activation_operation<T>("Swish"),
      activation_operation<T>("Tanh"),
      activation_operation<T>("ThresholdedRelu"),
      tile_operation<T>(),
      top_operation<T>(),
      transpose_operation<T>(),
      unsqueeze_operation<T>(),
      where_operation<T>(),
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
