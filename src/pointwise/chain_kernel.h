// chain_kernel.h: chains of arithmetic on numbers that stand at the same place of several arrays. Some vectors at a
// time pass through the whole chain.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "runtime/targets.h"

namespace convstep::kernels {

enum class ChainOperation {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kClip,  // of a: b where it is less, then c where it is more; NaN stays what it is, and -0 is raised to a +0
  kErf,   // those of one number are the functions of function_kernel.h and activation_kernel.h
  kRelu,
  kSigmoid,
  kTanh
};

// What a step takes: values, numbered from the inputs on, which the results of the steps follow.
struct ChainStep {
  ChainOperation operation;
  int a, b, c;  // as many as the operation has
};

inline constexpr int kMostChainInputs = 16, kMostChainValues = 32;

// The chain, without its arrays. The last step gives the result.
struct ChainProgram {
  int inputs = 0;
  std::vector<ChainStep> steps;
};

// An input of a run: an array, or one number for all.
template <class T>
struct ChainInput {
  const T* data;
  bool is_single;
};

// to[i] = chain(from[0][i], ...) for i < count; `to` may be one of the arrays. The bits are those of the operations one
// after the other.
void chain_run(const Target& target, const ChainProgram& program, const ChainInput<float>* from, float* to,
               int64_t count);
void chain_run(const Target& target, const ChainProgram& program, const ChainInput<double>* from, double* to,
               int64_t count);

}  // namespace convstep::kernels
