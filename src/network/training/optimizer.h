// optimizer.h: how trained arrays move along their gradients.
#pragma once

#include "convstep/training.h"

namespace convstep::network {

// Its memory of one trained array: zeros at first.
template <class T>
struct Momenta {
  Tensor<T, 1> first, second;  // the velocity; or the means of the gradient and of its square
};

// Throws ParameterError where a number is out of its range.
void check(const Optimizer& optimizer);
void set_rate(Optimizer& optimizer, double rate);

// One step, the `number`-th, from 1 on, of all elements of an array.
template <class T>
void descend(const Optimizer& optimizer, int64_t number, std::span<const T> gradient, Momenta<T>& momenta,
             std::span<T> values);

}  // namespace convstep::network
