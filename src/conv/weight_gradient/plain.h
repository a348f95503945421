// plain.h: the gradient of weights one element after the other, for layers whose parts no workspace could hold.
#pragma once

#include "conv/weight_gradient/method.h"

namespace convstep {

template <class T>
void run_plain_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call);

}  // namespace convstep
