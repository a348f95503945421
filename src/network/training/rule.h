// rule.h: what training knows of an operation: how the gradients of its inputs follow from that of its output.
#pragma once

#include "network/operation.h"

namespace convstep::network {

// The arrays of one backward step. Gradients have the shapes, and the order in memory, of the values.
template <class T>
struct GradientArrays {
  std::span<const ArrayView<T>> inputs, outputs;  // of the forward step
  ArrayView<T> output_grad;                       // of output 0
  std::span<const ArrayView<T>> input_grads;      // kNone where nobody asks
  std::span<const bool> accumulate;               // is the gradient to be added to what its array holds?
};

template <class T>
using GradientStep = std::function<void(const GradientArrays<T>& arrays, const RunOptions& options)>;

template <class T>
struct GradientRule {
  // What is wrong with the node is an error of infer() already, but for what has no gradient: ParameterError.
  using Make = GradientStep<T> (*)(const Request<T>& request, const Inferred<T>& inferred);
  using MakeForward = Step<T> (*)(const Request<T>& request, const Inferred<T>& inferred);

  GradientRule(const char* operation_, bool accumulates_, Make make_, MakeForward make_forward_ = nullptr,
               std::vector<size_t> parameters_ = {})
      : operation(operation_),
        accumulates(accumulates_),
        make(make_),
        make_forward(make_forward_),
        parameters(std::move(parameters_)) {}

  const char* operation;
  bool accumulates;  // does it heed `accumulate`? If not, whoever calls it adds
  Make make;
  MakeForward make_forward;        // of the output, where it is not what the operation does; or null
  std::vector<size_t> parameters;  // inputs that are trained, where they are constant
};

// Null for an operation without a rule.
template <class T>
const GradientRule<T>* find_rule(std::string_view operation);

// The rules, file by file (rules_*.cc).
template <class T>
std::vector<GradientRule<T>> layer_rules();  // Conv, Gemm
template <class T>
std::vector<GradientRule<T>> pool_rules();
template <class T>
std::vector<GradientRule<T>> element_rules();  // activations, Add, Mul, BatchNormalization
template <class T>
std::vector<GradientRule<T>> shape_rules();  // Concat, and what is another view

}  // namespace convstep::network
