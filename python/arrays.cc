#include "python/arrays.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "python/axes.h"
#include "python/hints.h"
#include "python/numpy.h"

namespace convstep::python {
namespace {

PyObject* attribute(nb::handle object, const char* name) { return nb::object(object.attr(name)).release().ptr(); }

// Where there are no elements, or but one along an axis, the pointer or the stride may be anything: it is not used.
bool is_aligned(const Py_buffer& buffer) {
  bool aligned = reinterpret_cast<uintptr_t>(buffer.buf) % static_cast<uintptr_t>(buffer.itemsize) == 0;
  for (int axis = 0; axis < buffer.ndim; ++axis) {
    if (buffer.shape[axis] == 0) return true;
    aligned &= buffer.shape[axis] == 1 || buffer.strides[axis] % buffer.itemsize == 0;
  }
  return aligned;
}

std::string shape_text(const Py_buffer& buffer) {
  const std::vector<int64_t> shape(buffer.shape, buffer.shape + buffer.ndim);
  return to_string(shape.data(), buffer.ndim);
}

std::string axes_text(int rank) { return "an array of " + std::to_string(rank) + (rank == 1 ? " axis" : " axes"); }

constexpr Rewrite kImages[] = {
    {2, "one grey image", "[None, :, :, None]"}, {3, "one image", "[None]"}, {3, "grey images", "[..., None]"}};
constexpr Rewrite kNchwImages[] = {
    {2, "one grey image", "[None, None]"}, {3, "one image", "[None]"}, {3, "grey images", "[:, None]"}};
constexpr Rewrite kFilters[] = {{2, "one filter of one channel", "[:, :, None, None]"},
                                {3, "one filter", "[..., None]"},
                                {3, "filters of one channel", "[:, :, None]"}};
constexpr Rewrite kNchwFilters[] = {{2, "one filter of one channel", "[None, None]"},
                                    {3, "one filter", "[None]"},
                                    {3, "filters of one channel", "[:, None]"}};

nb::object scalar_of(PyObject* type, double value) {
  PyObject* scalar = PyObject_CallFunction(type, "d", value);
  if (!scalar) throw nb::python_error();
  return nb::steal(scalar);
}

}  // namespace

Numpy numpy;

bool is_instance(nb::handle object, PyObject* type) {
  const int is = PyObject_IsInstance(object.ptr(), type);
  if (is < 0) throw nb::python_error();
  return is == 1;
}

void import_numpy() {
  const nb::module_ module = nb::module_::import_("numpy"), conversions = nb::module_::import_("convstep._convert");
  numpy = {attribute(module, "ndarray"),
           attribute(module.attr("ma"), "MaskedArray"),
           attribute(module, "bool_"),
           attribute(module, "empty"),
           attribute(module, "float32"),
           attribute(module, "float64"),
           attribute(module, "int64"),
           attribute(conversions, "convert"),
           attribute(conversions, "convert_indices")};
}

bool Buffer::acquire(nb::handle object, int flags) {
  release();
  if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_FORMAT | PyBUF_STRIDES | flags) != 0) {
    PyErr_Clear();
    return false;
  }
  held_ = true;
  const std::string_view format = buffer_.format ? buffer_.format : "B";
  const bool usable =
      format == "d" || format == "f" || format == "?" || (format == "l" && buffer_.itemsize == sizeof(int64_t));
  if (usable && is_aligned(buffer_)) return true;
  release();
  return false;
}

void Buffer::release() {
  if (held_) PyBuffer_Release(&buffer_);
  held_ = false;
}

template <class T, int Rank>
View<T, Rank> Buffer::view(const char* argument) const {
  if (buffer_.ndim != Rank) {
    throw ShapeError(argument, shape_text(buffer_), axes_text(Rank));
  }
  Shape<Rank> shape, strides;
  for (int axis = 0; axis < Rank; ++axis) {
    shape[axis] = buffer_.shape[axis];
    strides[axis] = buffer_.strides[axis] / static_cast<Py_ssize_t>(sizeof(T));
  }
  return {static_cast<T*>(buffer_.buf), shape, strides};
}

Input::Input(const char* argument, nb::handle object)
    : argument_(argument), given_(object), array_(nb::borrow(object)) {
  // A subclass of ndarray may mean something else by its elements (a masked array does): convert() decides.
  const bool plain = Py_TYPE(object.ptr()) == reinterpret_cast<PyTypeObject*>(numpy.ndarray);
  if (plain && buffer_.acquire(object, 0) && (buffer_.format() == 'f' || buffer_.format() == 'd')) return;
  convert(nb::none());
}

void Input::make_double() {
  if (scalar() == Scalar::kFloat) convert(nb::handle(numpy.float64));
}

void Input::convert(nb::handle dtype) {
  buffer_.release();
  array_ = nb::handle(numpy.convert)(array_, argument_, dtype);
  if (!buffer_.acquire(array_, 0)) {
    throw nb::type_error((std::string(argument_) + ": got an array that cannot be read after its conversion").c_str());
  }
}

void Input::check_axes(int rank, std::span<const Rewrite> rewrites) const {
  const int given = buffer_.raw().ndim;
  if (given == rank) return;
  const std::string name =
      is_instance(given_, numpy.ndarray) ? argument_ : "np.asarray(" + std::string(argument_) + ")";
  std::string hint;
  for (const Rewrite& rewrite : rewrites) {
    if (rewrite.axes != given) continue;
    hint += std::string(hint.empty() ? "for " : ", for ") + rewrite.what + ": " + name + rewrite.code;
  }
  if (hint.empty()) hint = hint_of("numbers", argument_, given_);
  throw ShapeError(argument_, shape_text(buffer_.raw()), axes_text(rank), hint);
}

template <class T>
View<const T, 3> Input::one_number() const {
  const Py_buffer& raw = buffer_.raw();
  const bool is_one = std::all_of(raw.shape, raw.shape + raw.ndim, [](Py_ssize_t length) { return length == 1; });
  return is_one ? View<const T, 3>(static_cast<const T*>(raw.buf), {1, 1, 1}) : view<T, 3>();
}

template <class T>
View<const T, 4> Input::volume(Layout layout) const {
  return channels_last(view<T, 4>(layout == Layout::kNHWC ? kImages : kNchwImages), layout);
}

template <class T>
View<const T, 4> Input::weights(Layout layout) const {
  return filters_last(view<T, 4>(layout == Layout::kNHWC ? kFilters : kNchwFilters), layout);
}

Indices::Indices(const char* argument, nb::handle object) : argument_(argument), array_(nb::borrow(object)) {
  const bool plain = Py_TYPE(object.ptr()) == reinterpret_cast<PyTypeObject*>(numpy.ndarray);
  if (plain && buffer_.acquire(object, 0) && buffer_.format() == 'l') return;
  buffer_.release();
  array_ = nb::handle(numpy.convert_indices)(array_, argument);
  if (!buffer_.acquire(array_, 0)) {
    throw nb::type_error((std::string(argument) + ": got an array that cannot be read after its conversion").c_str());
  }
}

View<const int64_t, 1> Indices::row() const {
  const Py_buffer& raw = buffer_.raw();
  if (raw.ndim == 2) {
    const bool is_column = raw.shape[1] == 1;
    throw ShapeError(argument_, shape_text(raw), axes_text(1),
                     is_column ? "for a column: " + std::string(argument_) + ".ravel()"
                               : "for a row with a 1 for each: " + std::string(argument_) + ".argmax(axis=1)");
  }
  return buffer_.view<const int64_t, 1>(argument_);
}

View<const int64_t, 4> Indices::volume(Layout layout) const {
  return channels_last(buffer_.view<const int64_t, 4>(argument_), layout);
}

Scalar promote(std::initializer_list<Input*> inputs) {
  const bool all_float = std::all_of(inputs.begin(), inputs.end(),
                                     [](const Input* input) { return !input || input->scalar() == Scalar::kFloat; });
  if (all_float) return Scalar::kFloat;
  for (Input* input : inputs) {
    if (input) input->make_double();
  }
  return Scalar::kDouble;
}

bool is_array(nb::handle value) { return !PyLong_CheckExact(value.ptr()) && is_instance(value, numpy.ndarray); }

bool is_bool(nb::handle value) {
  return PyBool_Check(value.ptr()) || Py_TYPE(value.ptr()) == reinterpret_cast<PyTypeObject*>(numpy.boolean);
}

bool is_float32(nb::handle value) { return is_instance(value, numpy.float32); }

nb::object numpy_scalar(float value) { return scalar_of(numpy.float32, value); }
nb::object numpy_scalar(double value) { return scalar_of(numpy.float64, value); }

template View<const float, 2> Buffer::view(const char*) const;
template View<const double, 2> Buffer::view(const char*) const;
template View<const float, 3> Buffer::view(const char*) const;
template View<const double, 3> Buffer::view(const char*) const;
template View<const float, 1> Buffer::view(const char*) const;
template View<const double, 1> Buffer::view(const char*) const;
template View<const float, 4> Buffer::view(const char*) const;
template View<const double, 4> Buffer::view(const char*) const;
template View<const float, 3> Input::one_number() const;
template View<const double, 3> Input::one_number() const;
template View<const float, 4> Input::volume(Layout) const;
template View<const double, 4> Input::volume(Layout) const;
template View<const float, 4> Input::weights(Layout) const;
template View<const double, 4> Input::weights(Layout) const;
template View<float, 4> Buffer::view(const char*) const;
template View<double, 4> Buffer::view(const char*) const;
template View<float, 2> Buffer::view(const char*) const;
template View<double, 2> Buffer::view(const char*) const;
template View<float, 1> Buffer::view(const char*) const;
template View<double, 1> Buffer::view(const char*) const;
template View<bool, 2> Buffer::view(const char*) const;
template View<int64_t, 4> Buffer::view(const char*) const;
template View<const int64_t, 4> Buffer::view(const char*) const;
template View<const int64_t, 1> Buffer::view(const char*) const;

}  // namespace convstep::python
