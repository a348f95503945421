// call.h: one call of a pooling's gradient.
#pragma once

#include "pool/problem.h"
#include "runtime/targets.h"

namespace convstep {

// The arrays, checked. Their strides are as they come.
template <class T>
struct PoolBackwardCall {
  const PoolProblem& problem;
  const kernels::Target& target;
  View<const T, 4> grad, input;    // the input has elements where they are read
  View<const int64_t, 4> indices;  // or none
  bool are_in_windows;             // is each index that of an element under its window?
  View<T, 4> input_grad;
  PoolTies ties;
  bool accumulate;
};

}  // namespace convstep
