// numpy.h: what the bindings need of NumPy.
#pragma once

#include <nanobind/nanobind.h>

namespace convstep::python {

// Kept for as long as the process lives: an extension module is never unloaded.
struct Numpy {
  PyObject *ndarray, *masked, *boolean, *empty, *float32, *float64, *int64, *convert, *convert_indices;
};
extern Numpy numpy;  // import_numpy() of arrays.h fills it

bool is_instance(nanobind::handle object, PyObject* type);

}  // namespace convstep::python
