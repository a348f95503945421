// bindings.h: what the module convstep._core has, one file for each noun.
#pragma once

#include <nanobind/nanobind.h>

namespace convstep::python {

// The functions of the package: see function.h.
void define_pad();
void define_conv();
void define_pool();
void define_conv_backward();
void define_pool_backward();
void define_activation();
void define_linear();
void define_loss();
void define_runtime();

void bind_conv_layer(nanobind::module_& module);
// The classes Network32 and Network64, Trainer32 and Trainer64.
void bind_networks(nanobind::module_& module);
void bind_trainers(nanobind::module_& module);
// What convstep.check asks: check_cases and check_outputs.
void bind_check(nanobind::module_& module);

}  // namespace convstep::python
