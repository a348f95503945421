// outputs.cc: arrays that are written.
#include <string>

#include "python/arrays.h"
#include "python/axes.h"
#include "python/numpy.h"

namespace convstep::python {
namespace {

PyObject* type_of(char dtype) {
  switch (dtype) {
    case 'f':
      return numpy.float32;
    case 'd':
      return numpy.float64;
    case 'l':
      return numpy.int64;
    default:
      return numpy.boolean;
  }
}

nb::object new_array(std::span<const int64_t> shape, char dtype) {
  const nb::object axes = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  if (!axes.is_valid()) throw nb::python_error();
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    PyTuple_SET_ITEM(axes.ptr(), static_cast<Py_ssize_t>(axis), nb::int_(shape[axis]).release().ptr());
  }
  PyObject* arguments[] = {axes.ptr(), type_of(dtype)};
  PyObject* array = PyObject_Vectorcall(numpy.empty, arguments, 2, nullptr);
  if (!array) throw nb::python_error();
  return nb::steal(array);
}

// The caller's `out`, if it is an array whose elements are what they seem.
nb::object checked_out(nb::handle out, const char* name) {
  const char* given = nullptr;
  if (is_instance(out, numpy.masked)) {
    given = "masked array";
  } else if (!is_instance(out, numpy.ndarray)) {
    given = Py_TYPE(out.ptr())->tp_name;
  }
  if (given) {
    throw nb::type_error((std::string(name) + ": got a " + given + ", expected a NumPy array").c_str());
  }
  return nb::borrow(out);
}

[[noreturn]] void refuse_out(const nb::object& out, char dtype, const char* name) {
  const std::string expected = dtype == 'f' ? "float32" : dtype == 'd' ? "float64" : "int64";
  const nb::object type = out.attr("dtype");
  const std::string given = nb::str(type).c_str();
  std::string text = "an array of " + given;
  if (given == expected) {
    const bool writable = nb::cast<bool>(out.attr("flags").attr("writeable"));
    text = std::string(writable ? "a misaligned" : "a read-only") + " array";
  }
  throw nb::value_error(
      (std::string(name) + ": got " + text + ", expected a writable, aligned array of " + expected).c_str());
}

}  // namespace

Shape<4> volume_shape(const Shape<4>& shape, Layout layout) {
  const auto [n, h, w, c] = shape;
  return layout == Layout::kNHWC ? shape : Shape<4>{n, c, h, w};
}

Shape<4> weights_shape(const Shape<4>& shape, Layout layout) {
  const auto [kh, kw, c, o] = shape;
  return layout == Layout::kNHWC ? shape : Shape<4>{o, c, kh, kw};
}

Output::Output(nb::handle out, std::span<const int64_t> shape, char dtype, const char* name) : name_(name) {
  array_ = out.is_none() ? new_array(shape, dtype) : checked_out(out, name);
  if (!buffer_.acquire(array_, PyBUF_WRITABLE) || buffer_.format() != dtype) refuse_out(array_, dtype, name);
}

template <class T>
View<T, 4> Output::volume(Layout layout) const {
  return channels_last(view<T, 4>(), layout);
}

template <class T>
View<T, 4> Output::weights(Layout layout) const {
  return filters_last(view<T, 4>(), layout);
}

template View<float, 4> Output::volume(Layout) const;
template View<double, 4> Output::volume(Layout) const;
template View<int64_t, 4> Output::volume(Layout) const;
template View<float, 4> Output::weights(Layout) const;
template View<double, 4> Output::weights(Layout) const;

}  // namespace convstep::python
