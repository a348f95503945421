// border.h: the gradient of elements at the edge of the input, one by one.
#pragma once

#include "conv/input_gradient/method.h"

namespace convstep {

// Computes anew what lies where a window's taps reach beyond the output's gradient: there the forward methods multiply
// zeros with weights, which is NaN where a weight is not finite, and the definition multiplies nothing. `swapped` are
// the weights as [KH,KW,O/groups,C].
template <class T>
void mend_border(const ConvProblem& problem, const View<const T, 4>& swapped, const View<const T, 4>& grad,
                 const View<T, 4>& input_grad);

}  // namespace convstep
