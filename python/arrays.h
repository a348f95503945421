// arrays.h: NumPy's arrays as views, and back.
#pragma once

#include <nanobind/nanobind.h>

#include <initializer_list>
#include <span>
#include <string>

#include "convstep/error.h"
#include "convstep/tensor.h"

namespace convstep::python {

namespace nb = nanobind;

// The order of the axes in the caller's arrays: (N, H, W, C) with weights (KH, KW, C/groups, O), or (N, C, H, W) with
// weights (O, C/groups, KH, KW). Either way the library works on the caller's memory, through strides.
enum class Layout { kNHWC, kNCHW };

enum class Scalar { kFloat, kDouble };

// An exported buffer: the memory stays where it is until this goes, also while the GIL is released.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  // False, without an exception, where `object` exports no native, aligned floats, doubles, 64-bit integers or bools.
  bool acquire(nb::handle object, int flags);
  void release();

  const Py_buffer& raw() const { return buffer_; }
  char format() const { return buffer_.format[0]; }

  // The elements as they lie there. Throws ShapeError, naming `argument`, where there are not Rank axes.
  template <class T, int Rank>
  View<T, Rank> view(const char* argument) const;

 private:
  Py_buffer buffer_{};
  bool held_ = false;
};

// What an array of another number of axes may be, and what turns it into the one that is expected: "[None]" after its
// name.
struct Rewrite {
  int axes;
  const char *what, *code;
};

// An array that is read. What is no aligned native float32 or float64 array is converted first: integers and bools
// become float64, float16 becomes float32, other byte orders and misaligned arrays are copied, lists and objects with
// __dlpack__ or __array__ become arrays. Throws TypeError (by way of Python) for what NumPy would not convert to
// float64 without loss.
class Input {
 public:
  Input(const char* argument, nb::handle object);

  int axes() const { return buffer_.raw().ndim; }
  Scalar scalar() const { return buffer_.format() == 'f' ? Scalar::kFloat : Scalar::kDouble; }
  void make_double();

  // `rewrites` hint at what to write where there are not Rank axes.
  template <class T, int Rank>
  View<const T, Rank> view(std::span<const Rewrite> rewrites = {}) const {
    check_axes(Rank, rewrites);
    return buffer_.view<const T, Rank>(argument_);
  }
  // An array of one number, whatever its axes, as one of shape (1, 1, 1); any other must have three axes.
  template <class T>
  View<const T, 3> one_number() const;
  // In the order (N, H, W, C).
  template <class T>
  View<const T, 4> volume(Layout layout) const;
  // In the order (KH, KW, C, O).
  template <class T>
  View<const T, 4> weights(Layout layout) const;

 private:
  void check_axes(int rank, std::span<const Rewrite> rewrites) const;
  void convert(nb::handle dtype);  // None: to the type that NumPy would compute in

  const char* argument_;
  nb::handle given_;
  nb::object array_;  // the caller's, or the converted one
  Buffer buffer_;
};

// Places or classes: an array of int64 is read where it lies, other integers are converted first. Throws TypeError for
// anything else.
class Indices {
 public:
  Indices(const char* argument, nb::handle object);

  // In the order (N, OH, OW, C).
  View<const int64_t, 4> volume(Layout layout) const;
  View<const int64_t, 1> row() const;

 private:
  const char* argument_;
  nb::object array_;
  Buffer buffer_;
};

// NumPy's promotion: doubles all of them, unless all are floats.
Scalar promote(std::initializer_list<Input*> inputs);

// Shapes in the library's order, (N, H, W, C) or (KH, KW, C, O), as the caller has them.
Shape<4> volume_shape(const Shape<4>& shape, Layout layout);
Shape<4> weights_shape(const Shape<4>& shape, Layout layout);

// An array that is written: the caller's `out`, or a new one. Throws TypeError where `out` is no NumPy array,
// ValueError where it has another dtype or cannot be written in place.
class Output {
 public:
  // `shape` in the caller's order. `dtype` is 'f', 'd', 'l' (int64) or '?' (bool). Messages call it `name`.
  Output(nb::handle out, std::span<const int64_t> shape, char dtype, const char* name = "out");
  // `shape` in the order (N, H, W, C); a new array has the caller's layout.
  Output(nb::handle out, const Shape<4>& shape, char dtype, Layout layout, const char* name = "out")
      : Output(out, volume_shape(shape, layout), dtype, name) {}

  nb::object array() const { return array_; }
  const Py_buffer& raw() const { return buffer_.raw(); }
  // As it lies there.
  template <class T, int Rank>
  View<T, Rank> view() const {
    return buffer_.view<T, Rank>(name_);
  }
  // In the order (N, H, W, C).
  template <class T>
  View<T, 4> volume(Layout layout) const;
  // In the order (KH, KW, C, O).
  template <class T>
  View<T, 4> weights(Layout layout) const;

 private:
  const char* name_;
  nb::object array_;
  Buffer buffer_;
};

// A NumPy scalar: np.float32 or np.float64.
nb::object numpy_scalar(float value);
nb::object numpy_scalar(double value);

// A NumPy array?
bool is_array(nb::handle value);

// A number of NumPy's float32?
bool is_float32(nb::handle value);

// Python's bool or NumPy's.
bool is_bool(nb::handle value);

// Looks up what is needed of NumPy, once, when the module is imported.
void import_numpy();

}  // namespace convstep::python
