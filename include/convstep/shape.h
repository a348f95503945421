// shape.h: shapes, padding, and how large an output is.
//
// The letters N H W C KH KW O OH OW are defined in docs/notation.md. All sizes count elements, never bytes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include "convstep/export.h"

namespace CONVSTEP_EXPORT convstep {

#ifndef __wasm32__  // for which web/wasm/ compiles the plain loops alone, for layers that a page can hold
static_assert(sizeof(void*) >= 8, "convstep needs a 64-bit target: it counts bytes in 63 bits");
#endif

// The length of every axis, outermost first; an image batch is (N, H, W, C).
template <int Rank>
using Shape = std::array<int64_t, static_cast<size_t>(Rank)>;

// What counts something: no fraction, truth value or letter, which C++ would turn into a number without a word.
template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

// A number of things, such as groups and threads, of which there are whole ones only: `.groups = true` does not
// compile.
struct Count {
  int64_t value;

  template <WholeNumber N>
  constexpr Count(N n) : value(static_cast<int64_t>(n)) {}
  constexpr operator int64_t() const { return value; }
};

// A height and a width: of a window, a stride, a dilation. One number is both.
//
//   .stride = 2, .stride = {2}    two rows and two columns
//   .stride = {2, 1}              two rows, one column
struct Size2 {
  int64_t height = 1;
  int64_t width = 1;

  constexpr Size2() = default;
  template <WholeNumber N>
  constexpr Size2(N both) : Size2(both, both) {}
  template <WholeNumber H, WholeNumber W>
  constexpr Size2(H height_, W width_) : height(static_cast<int64_t>(height_)), width(static_cast<int64_t>(width_)) {}

  friend bool operator==(const Size2&, const Size2&) = default;
};

// Some rows of an image: first, ..., first + count - 1.
struct RowRange {
  int64_t first = 0;
  int64_t count = 0;

  constexpr int64_t end() const { return first + count; }
  friend bool operator==(const RowRange&, const RowRange&) = default;
};

// Rows on top and at the bottom, columns on the left and on the right, by their names: Sides{.top = 1, .left = 2},
// where those left out are 0. Not by their order, of which there is no usual one.
struct Sides {
  struct ByName {
    explicit constexpr ByName() = default;
  };
  ByName by_name = ByName();
  Count top = 0;
  Count bottom = 0;
  Count left = 0;
  Count right = 0;
};

// How an axis is padded with zeros (max pooling: with -infinity) before a window slides over it.
//
//   .padding = {}                      none ("valid")
//   .padding = 2                       two on every side, as the notebook pads; {2}, Padding::all(2)
//   .padding = {1, 2}                  one row on top and at the bottom, two columns on the left and on the right
//   .padding = {1, 2, 3, 4}            one row on top, two at the bottom, three columns on the left, four on the right
//   .padding = Sides{.top = 1}         the sides that are named
//   .padding = Padding::same_upper()   OH = ceil(H / stride); where the total is odd, the extra row or column goes to
//                                      the end
//   .padding = Padding::same_lower()   the same size; the extra goes to the beginning
struct Padding {
  enum class Rule { kExplicit, kSameUpper, kSameLower };

  int64_t top = 0;
  int64_t bottom = 0;
  int64_t left = 0;
  int64_t right = 0;
  Rule rule = Rule::kExplicit;  // for the SAME rules the four numbers must be left at 0

  constexpr Padding() = default;
  template <WholeNumber N>
  constexpr Padding(N all_sides) : Padding(all_sides, all_sides) {}
  template <WholeNumber R, WholeNumber C>
  constexpr Padding(R rows, C columns) : Padding(rows, rows, columns, columns) {}
  template <WholeNumber T, WholeNumber B, WholeNumber L, WholeNumber R>
  constexpr Padding(T top_, B bottom_, L left_, R right_, Rule rule_ = Rule::kExplicit)
      : top(static_cast<int64_t>(top_)),
        bottom(static_cast<int64_t>(bottom_)),
        left(static_cast<int64_t>(left_)),
        right(static_cast<int64_t>(right_)),
        rule(rule_) {}
  constexpr Padding(const Sides& sides) : top(sides.top), bottom(sides.bottom), left(sides.left), right(sides.right) {}

  static constexpr Padding valid() { return {}; }
  static constexpr Padding all(WholeNumber auto pad) { return pad; }
  static constexpr Padding same_upper() { return {0, 0, 0, 0, Rule::kSameUpper}; }
  static constexpr Padding same_lower() { return {0, 0, 0, 0, Rule::kSameLower}; }

  friend bool operator==(const Padding&, const Padding&) = default;
};

// "(2, 3, 3, 8)", and "(5,)" for one axis: as NumPy writes shapes.
std::string to_string(const int64_t* shape, int rank);
std::string to_string(const Size2& size);

template <size_t Rank>
std::string to_string(const std::array<int64_t, Rank>& shape) {
  return to_string(shape.data(), static_cast<int>(Rank));
}

// The product of the axes. Throws ShapeError (naming `argument`) where an axis is negative, or where the bytes of such
// an array, its axes of length 0 left aside, would not fit in 63 bits; so (0, 2^61, 2^61) is an error, as it is in
// NumPy.
int64_t element_count(const char* argument, const int64_t* shape, int rank, size_t element_size);

// Puts into the one length of -1 that `shape` may have what makes it the shape of so many elements. Throws ShapeError
// where there is no such shape.
void infer_length(int64_t elements, int64_t* shape, int rank);

// What View and Tensor throw: ShapeError, and std::bad_alloc. (Not by themselves: so these headers compile where
// exceptions are turned off, too.)
[[noreturn]] void throw_not_dense(const int64_t* strides, int rank);
[[noreturn]] void throw_wrong_count(size_t values, const int64_t* shape, int rank);
[[noreturn]] void throw_no_memory();

}  // namespace convstep
