#include "python/any_array.h"

#include <cstring>

namespace convstep::python {
namespace {

std::vector<int64_t> steps_of(const Py_buffer& raw) {
  std::vector<int64_t> steps;
  for (int axis = 0; axis < raw.ndim; ++axis) steps.push_back(raw.strides[axis] / raw.itemsize);
  return steps;
}

std::vector<int64_t> lengths_of(const Py_buffer& raw) { return {raw.shape, raw.shape + raw.ndim}; }

template <class U>
NetworkArray<U> array_of(const Py_buffer& raw, bool is_integer) {
  using Integer = std::conditional_t<std::is_const_v<U>, const int64_t, int64_t>;
  const std::vector<int64_t> shape = lengths_of(raw), steps = steps_of(raw);
  const std::span<const int64_t> lengths(shape), strides(steps);
  if (is_integer) return NetworkArray<U>(static_cast<Integer*>(raw.buf), lengths, strides);
  return NetworkArray<U>(static_cast<U*>(raw.buf), lengths, strides);
}

}  // namespace

AnyInput::AnyInput(const std::string& name, nb::handle object) : name_(name), object_(nb::borrow(object)) {
  if (!buffer_.acquire(object, 0) || buffer_.format() == '?') {
    throw nb::type_error((name + ": got no array of float32, float64 or int64").c_str());
  }
}

std::vector<int64_t> AnyInput::shape() const { return lengths_of(buffer_.raw()); }

template <class T>
NetworkArray<const T> AnyInput::array() const {
  if (!is_integer() && buffer_.raw().itemsize != sizeof(T)) {
    throw ParameterError(name_, sizeof(T) == sizeof(float) ? "float64" : "float32", "the dtype of the network");
  }
  return array_of<const T>(buffer_.raw(), is_integer());
}

template <class T>
Tensor<T, 1> AnyInput::copy() const {
  const Py_buffer& raw = buffer_.raw();
  if (raw.itemsize != sizeof(T) || !PyBuffer_IsContiguous(&raw, 'C')) {
    throw nb::type_error((name_ + ": got an array of another dtype, or with gaps").c_str());
  }
  auto values = Tensor<T, 1>::uninitialized({raw.len / raw.itemsize});
  if (raw.len > 0) std::memcpy(values.data(), raw.buf, static_cast<size_t>(raw.len));
  return values;
}

AnyOutput::AnyOutput(nb::handle out, const std::vector<int64_t>& shape, char dtype, const std::string& name)
    : name_(name), output_(out, shape, dtype, name_.c_str()), is_integer_(dtype == 'l') {}

template <class T>
NetworkArray<T> AnyOutput::array() const {
  return array_of<T>(output_.raw(), is_integer_);
}

template NetworkArray<const float> AnyInput::array() const;
template NetworkArray<const double> AnyInput::array() const;
template Tensor<float, 1> AnyInput::copy() const;
template Tensor<double, 1> AnyInput::copy() const;
template Tensor<int64_t, 1> AnyInput::copy() const;
template NetworkArray<float> AnyOutput::array() const;
template NetworkArray<double> AnyOutput::array() const;

}  // namespace convstep::python
