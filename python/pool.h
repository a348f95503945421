// pool.h: what poolings and their gradients share.
#pragma once

#include <nanobind/nanobind.h>

#include "convstep/pool.h"
#include "python/arrays.h"

namespace convstep::python {

// The options that all windowed poolings have. Throws as the functions of options.h do.
PoolOptions to_pool_options(PoolMode mode, nanobind::handle kernel_size, nanobind::handle stride,
                            nanobind::handle padding, nanobind::handle dilation, nanobind::handle ceil_mode);

// pool_output_shape, in the library's order. Where the windows do not fit, but would on images in the other layout, the
// error says so.
Shape<4> checked_output_shape(const Shape<4>& input, const PoolOptions& options, Layout layout);

// Does a call take long enough for Ctrl-C? The shapes are checked already.
bool is_worth_interrupting(const Shape<4>& input, const Shape<4>& output, const Size2& window);

}  // namespace convstep::python
