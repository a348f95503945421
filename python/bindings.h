// bindings.h: the functions of the module convstep._core, one file for each noun.
#pragma once

#include <nanobind/nanobind.h>

namespace convstep::python {

void bind_pad(nanobind::module_& module);
void bind_conv(nanobind::module_& module);
void bind_conv_layer(nanobind::module_& module);
void bind_pool(nanobind::module_& module);
void bind_runtime(nanobind::module_& module);

}  // namespace convstep::python
