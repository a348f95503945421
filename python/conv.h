// conv.h: what conv2d and the layer Conv2d share.
#pragma once

#include <nanobind/nanobind.h>

#include "convstep/conv.h"

namespace convstep::python {

// The options that belong to a layer. Throws as the functions of options.h do.
ConvOptions to_conv_options(nanobind::handle stride, nanobind::handle padding, nanobind::handle dilation,
                            nanobind::handle groups, nanobind::handle activation, nanobind::handle slope,
                            nanobind::handle algorithm);

// Does a call with an output of this shape take long enough for Ctrl-C? Both shapes are checked already.
bool is_worth_interrupting(const Shape<4>& output, const Shape<4>& weights);

}  // namespace convstep::python
