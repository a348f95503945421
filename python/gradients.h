// gradients.h: what the functions of gradients share.
#pragma once

#include "convstep/error.h"
#include "python/arrays.h"

namespace convstep::python {

// That the gradient of an output has its shape; both are in the order (N, H, W, C). Throws ShapeError with `whose`,
// unless the channels are where the other layout has them: then it says so.
void check_grad(const Shape<4>& grad, const Shape<4>& output, Layout layout, const char* whose);

// That an array to write `argument` to has its shape, both in the library's order.
void check_out(const char* argument, const Shape<4>& given, const Shape<4>& expected);

}  // namespace convstep::python
