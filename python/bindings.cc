#include "python/bindings.h"

#include "convstep/runtime.h"
#include "python/arrays.h"

NB_MODULE(_core, module) {
  convstep::python::import_numpy();
  module.attr("__version__") = convstep::version();
  convstep::python::bind_pad(module);
  convstep::python::bind_conv(module);
  convstep::python::bind_conv_layer(module);
  convstep::python::bind_pool(module);
  convstep::python::bind_runtime(module);
}
