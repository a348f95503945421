// numpy_text.h: arrays and numbers as NumPy 2 prints them, character for character.
//
//   numpy_text         str(array): rows in brackets, columns aligned, long arrays cut in the middle, long rows wrapped
//   numpy_scalar_text  str(np.float64(x)) and kin: the fewest digits that lead back to the same number
//
// How the numbers of one array share one format, decided over those that are shown:
//   scientific  where the largest magnitude is 1e8 or more (float: 1e6, the digits it can be trusted with), or, unless
//               `suppress` is set, the smallest but 0 is below 1e-4 or the two are more than a factor 1000 apart
//   positional  elsewhere: at most `precision` digits after the point, zeros at the end cut off, points in one column
// A number that needs more digits than that is rounded from its exact value, a tie to the even digit.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "convstep/error.h"
#include "convstep/tensor.h"

namespace convstep::cli {

// The defaults are NumPy's; the names too, but for its edgeitems and linewidth.
struct PrintOptions {
  int64_t precision = 8;     // digits after the point, at most
  int64_t threshold = 1000;  // an array of more elements is summarised ...
  int64_t edge_items = 3;    // ... to this many at each end of each axis
  int64_t line_width = 75;   // characters, before a row goes on in the next line
  bool suppress = false;     // never scientific because of small numbers
};

// T is bool, int64_t, uint64_t, float or double; the elements are dense, in row-major order. An array without axes
// prints as its one number, an array without elements as "[]". Throws ParameterError for a negative precision or
// edge_items, ShapeError where the shape has another number of elements.
template <class T>
std::string numpy_text(std::span<const T> elements, std::span<const int64_t> shape, const PrintOptions& options = {});

// The same for a dense view, such as a whole Tensor or the part of it at one index of its first axis. Throws
// ParameterError where the view has gaps.
template <class T, int Rank>
std::string numpy_text(View<T, Rank> view, const PrintOptions& options = {}) {
  if (!view.is_dense()) throw ParameterError("view", "strides " + to_string(view.strides()), "a dense view");
  return numpy_text<std::remove_const_t<T>>({view.data(), static_cast<size_t>(view.size())}, view.shape(), options);
}

std::string numpy_scalar_text(double x);
std::string numpy_scalar_text(float x);
std::string numpy_scalar_text(int64_t x);
std::string numpy_scalar_text(uint64_t x);
std::string numpy_scalar_text(bool x);

}  // namespace convstep::cli
