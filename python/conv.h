// conv.h: what conv2d, the layer Conv2d and the gradients share.
#pragma once

#include <nanobind/nanobind.h>

#include "convstep/conv.h"
#include "python/arrays.h"

namespace convstep::python {

// The options that belong to a layer. Throws as the functions of options.h do.
ConvOptions to_conv_options(nanobind::handle stride, nanobind::handle padding, nanobind::handle dilation,
                            nanobind::handle groups, nanobind::handle activation, nanobind::handle slope,
                            nanobind::handle numerics, nanobind::handle algorithm);

// Which of the two are arrays? Otherwise they are shapes, and nobody can transpose them.
struct Arrays {
  bool input = true, weights = true;
};

// conv_output_shape, in the library's order. Where the caller's layout is NCHW, and arrays that do not fit would with
// channels last, the ValueError says so.
Shape<4> checked_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options, Layout layout,
                              const Arrays& arrays = {});

// Does a call with an output of this shape take long enough for Ctrl-C? Both shapes are checked already.
bool is_worth_interrupting(const Shape<4>& output, const Shape<4>& weights);

}  // namespace convstep::python
