// function.h: the functions of the package. Python declares them, with signature, types and docstring (see
// convstep/_compiled.py); here is what they compute, and how a call finds it.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <type_traits>
#include <utility>
#include <vector>

namespace convstep::python {

namespace nb = nanobind;

// What a declaration says of the arguments. It lives as long as the process does, as its function may.
class Signature {
 public:
  // `complain`(how many arguments have no name, the names of the others) raises the TypeError of a call that does not
  // fit; `defaults` is a dictionary.
  void declare(const nb::tuple& names, const nb::dict& defaults, size_t positional, nb::handle complain);

  // Where the arguments of a call go: values[i] is that of names[i], given or not.
  void place(PyObject* const* arguments, Py_ssize_t count, PyObject* keywords, nb::handle* values) const;

 private:
  struct Parameter {
    PyObject* name;           // interned
    PyObject* default_value;  // null: the caller must give it
  };

  size_t index_of(PyObject* keyword) const;  // parameters_.size() where there is none
  [[noreturn]] void complain(Py_ssize_t count, PyObject* keywords) const;

  std::vector<Parameter> parameters_;
  size_t positional_ = 0;
  PyObject* complain_ = nullptr;
};

// METH_FASTCALL | METH_KEYWORDS.
using Entry = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);

// What a module registers of a function.
struct Implementation {
  const char* name;
  Entry entry;
  Signature* signature;
  size_t arguments;
  PyMethodDef* definition;
};

// Makes it known to convstep._compiled under its name.
void add_implementation(const Implementation& implementation);

// Adds to the module what convstep._compiled needs.
void bind_functions(nb::module_& module);

// Sets the Python error that stands for the C++ exception in flight.
void set_python_error();

template <auto kFunction>
struct Compiled;

template <class Result, class... Handles, Result (*kFunction)(Handles...)>
struct Compiled<kFunction> {
  static constexpr size_t kArguments = sizeof...(Handles);
  static inline Signature signature;
  static inline PyMethodDef definition;

  static PyObject* entry(PyObject*, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords) {
    try {
      nb::handle values[kArguments + 1];  // one more, as there may be none
      signature.place(arguments, count, keywords, values);
      return call(values, std::index_sequence_for<Handles...>()).release().ptr();
    } catch (const std::exception&) {
      set_python_error();
      return nullptr;
    }
  }

 private:
  template <size_t... kIndex>
  static nb::object call([[maybe_unused]] const nb::handle* values, std::index_sequence<kIndex...>) {
    if constexpr (std::is_void_v<Result>) {
      kFunction(values[kIndex]...);
      return nb::none();
    } else {
      return nb::cast(kFunction(values[kIndex]...));
    }
  }
};

// Registers a function whose arguments are handles, in the order of its declaration.
template <auto kFunction>
void define(const char* name) {
  using Function = Compiled<kFunction>;
  add_implementation({name, &Function::entry, &Function::signature, Function::kArguments, &Function::definition});
}

}  // namespace convstep::python
