// gradients.h: what the functions of gradients share.
#pragma once

#include <algorithm>

#include "convstep/error.h"
#include "python/arrays.h"

namespace convstep::python {

// That the gradient of an output has its shape; both are in the order (N, H, W, C). Throws ShapeError with `whose`,
// unless the channels are where the other layout has them: then it says so.
void check_grad(const Shape<4>& grad, const Shape<4>& output, Layout layout, const char* whose);

// That an array to write `argument` to has its shape, both in the library's order.
void check_out(const char* argument, const Shape<4>& given, const Shape<4>& expected);

// `out` where there are three outputs: (input_grad, weights_grad, bias_grad), each an array or None for a new one, or
// None for all of them. Without a bias the last one is None. TypeError for anything else.
nb::object to_outs(nb::handle out, bool has_bias);

// What a new array is to hold beside others that are added to.
template <class T, int Rank>
void clear_new(const View<T, Rank>& view, nb::handle out, bool accumulate) {
  if (accumulate && out.is_none()) std::fill_n(view.data(), view.size(), T(0));
}

}  // namespace convstep::python
