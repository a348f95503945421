// any_array.h: NumPy's arrays of any number of axes, as networks read and write them.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "convstep/network.h"
#include "python/arrays.h"

namespace convstep::python {

// An aligned array of native float32, float64 or int64, such as convstep._convert makes. Throws TypeError, naming the
// argument, for any other.
class AnyInput {
 public:
  AnyInput(const std::string& name, nb::handle object);

  bool is_integer() const { return buffer_.format() == 'l'; }
  std::vector<int64_t> shape() const;
  // Throws ParameterError, naming the argument, where it has another real type than T.
  template <class T>
  NetworkArray<const T> array() const;
  // A dense copy, of T alone.
  template <class T>
  Tensor<T, 1> copy() const;

 private:
  std::string name_;
  nb::object object_;
  Buffer buffer_;
};

// An array that is written: the caller's, or a new one, as Output (arrays.h) has it.
class AnyOutput {
 public:
  AnyOutput(nb::handle out, const std::vector<int64_t>& shape, char dtype, const std::string& name);

  AnyOutput(const AnyOutput&) = delete;  // output_ borrows name_
  AnyOutput& operator=(const AnyOutput&) = delete;

  nb::object object() const { return output_.array(); }
  void* data() const { return output_.raw().buf; }
  template <class T>
  NetworkArray<T> array() const;

 private:
  std::string name_;
  Output output_;
  bool is_integer_;
};

}  // namespace convstep::python
