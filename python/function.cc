#include "python/function.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

namespace convstep::python {
namespace {

std::vector<Implementation>& implementations() {
  static std::vector<Implementation> all;
  return all;
}

// The function that Python sees: a builtin one, as those of Python's own modules are, so that all that looks at
// functions (help, inspect, pickle, editors) knows it. `doc` begins with the signature in the form that CPython keeps
// for builtins.
nb::object make_function(nb::str name, nb::str doc, nb::str module, nb::tuple names, nb::dict defaults,
                         size_t positional, nb::object complain) {
  const auto is_it = [&](const Implementation& one) { return std::strcmp(one.name, name.c_str()) == 0; };
  const auto found = std::find_if(implementations().begin(), implementations().end(), is_it);
  if (found == implementations().end() || found->arguments != names.size()) {
    throw nb::value_error((std::string(name.c_str()) + " is compiled with other arguments than declared").c_str());
  }
  found->signature->declare(names, defaults, positional, complain);
  const nb::handle kept_doc = doc.inc_ref();  // the definition points into it
  *found->definition = {found->name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(found->entry)),
                        METH_FASTCALL | METH_KEYWORDS, nb::borrow<nb::str>(kept_doc).c_str()};
  PyObject* function = PyCFunction_NewEx(found->definition, nullptr, module.ptr());
  if (!function) throw nb::python_error();
  return nb::steal(function);
}

PyObject* exception_of(nb::exception_type type) {
  switch (type) {
    case nb::exception_type::value_error:
      return PyExc_ValueError;
    case nb::exception_type::type_error:
      return PyExc_TypeError;
    default:
      return PyExc_RuntimeError;
  }
}

}  // namespace

void Signature::declare(const nb::tuple& names, const nb::dict& defaults, size_t positional, nb::handle complain) {
  parameters_.clear();
  for (nb::handle name : names) {
    PyObject* interned = name.inc_ref().ptr();
    PyUnicode_InternInPlace(&interned);
    PyObject* value = PyDict_GetItemWithError(defaults.ptr(), interned);
    parameters_.push_back({interned, nb::handle(value).inc_ref().ptr()});
  }
  positional_ = positional;
  complain_ = complain.inc_ref().ptr();
}

size_t Signature::index_of(PyObject* keyword) const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == keyword) return i;  // names in source code are interned
  }
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (PyUnicode_Compare(parameters_[i].name, keyword) == 0) return i;
  }
  return parameters_.size();
}

void Signature::place(PyObject* const* arguments, Py_ssize_t count, PyObject* keywords, nb::handle* values) const {
  if (static_cast<size_t>(count) > positional_) complain(count, keywords);
  std::copy(arguments, arguments + count, values);
  const Py_ssize_t named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
  for (Py_ssize_t i = 0; i < named; ++i) {
    const size_t index = index_of(PyTuple_GET_ITEM(keywords, i));
    if (index == parameters_.size() || values[index].is_valid()) complain(count, keywords);
    values[index] = arguments[count + i];
  }
  for (size_t i = static_cast<size_t>(count); i < parameters_.size(); ++i) {
    if (values[i].is_valid()) continue;
    values[i] = parameters_[i].default_value;
    if (!values[i].is_valid()) complain(count, keywords);
  }
}

void Signature::complain(Py_ssize_t count, PyObject* keywords) const {
  const nb::handle raise = complain_;
  raise(count, keywords ? nb::borrow(keywords) : nb::object(nb::make_tuple()));
  throw nb::python_error();  // which that has set, or else this itself is wrong
}

void add_implementation(const Implementation& implementation) { implementations().push_back(implementation); }

void bind_functions(nb::module_& module) { module.def("function", &make_function); }

void set_python_error() {
  try {
    throw;
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const nb::builtin_exception& error) {
    PyErr_SetString(exception_of(error.type()), error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

}  // namespace convstep::python
