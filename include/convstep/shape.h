// shape.h: shapes, padding, and how large an output is.
//
// The letters N H W C KH KW O OH OW are defined in docs/notation.md. All sizes count elements, never bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace convstep {

// The length of every axis, outermost first; an image batch is (N, H, W, C).
template <int Rank>
using Shape = std::array<int64_t, Rank>;

// A height and a width: of a window, a stride, a dilation.
struct Size2 {
  int64_t height = 1;
  int64_t width = 1;

  friend bool operator==(const Size2&, const Size2&) = default;
};

// How an axis is padded with zeros (max pooling: with -infinity) before a window slides over it.
//
//   Padding{}                 none ("valid")
//   Padding{1, 2, 3, 4}       one row on top, two at the bottom, three columns on the left, four on the right
//   Padding::all(2)           two on every side, as the notebook pads
//   Padding::same_upper()     OH = ceil(H / stride); where the total is odd, the extra row or column goes to the end
//   Padding::same_lower()     the same size; the extra goes to the beginning
struct Padding {
  enum class Rule { kExplicit, kSameUpper, kSameLower };

  int64_t top = 0;
  int64_t bottom = 0;
  int64_t left = 0;
  int64_t right = 0;
  Rule rule = Rule::kExplicit;  // for the SAME rules the four numbers must be left at 0

  static constexpr Padding valid() { return {}; }
  static constexpr Padding all(int64_t pad) { return {pad, pad, pad, pad}; }
  static constexpr Padding same_upper() { return {.rule = Rule::kSameUpper}; }
  static constexpr Padding same_lower() { return {.rule = Rule::kSameLower}; }

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

}  // namespace convstep
