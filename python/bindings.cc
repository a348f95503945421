#include "python/bindings.h"

#include <nanobind/nanobind.h>

#include "convstep/version.h"
#include "python/arrays.h"
#include "python/function.h"

NB_MODULE(_core, module) {
#ifdef NDEBUG
  // A thread that computes while the interpreter shuts down keeps its objects; nobody is to read of that as of a fault.
  nanobind::set_leak_warnings(false);
#endif
  convstep::python::import_numpy();
  module.attr("__version__") = convstep::version();
  convstep::python::define_pad();
  convstep::python::define_conv();
  convstep::python::define_pool();
  convstep::python::define_conv_backward();
  convstep::python::define_pool_backward();
  convstep::python::define_activation();
  convstep::python::define_linear();
  convstep::python::define_loss();
  convstep::python::define_runtime();
  convstep::python::bind_functions(module);
  convstep::python::bind_conv_layer(module);
  convstep::python::bind_networks(module);
  convstep::python::bind_trainers(module);
  convstep::python::bind_check(module);
}
