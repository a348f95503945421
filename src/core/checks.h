// checks.h: what every operation asks of the arrays it is given, before it touches them.
#pragma once

#include <type_traits>

#include "convstep/tensor.h"

namespace convstep {

// Where the elements of a view lie, without their type.
struct Extent {
  const char* argument;
  const void* data;
  const int64_t* shape;
  const int64_t* strides;
  int rank;
  size_t element_size;
};

template <class T, int Rank>
Extent extent_of(const char* argument, const View<T, Rank>& view) {
  return {argument, view.data(), view.shape().data(), view.strides().data(), Rank, sizeof(T)};
}

// Axes of 1 or more (the first, the batch, may be 0) and a product that fits in memory. Throws ShapeError.
void check_batch_shape(const char* argument, const int64_t* shape, int rank, size_t element_size);
// The same without a batch axis: no axis may be 0.
void check_full_shape(const char* argument, const int64_t* shape, int rank, size_t element_size);

// The given shape is the expected one. Throws ShapeError with `hint`.
void check_shape(const char* argument, const int64_t* given, const int64_t* expected, int rank, const char* hint);

// Elements that exist (data is not null). Throws ParameterError.
void check_readable(const Extent& input);
// Also: no two indices lead to one element. Throws ParameterError.
void check_writable(const Extent& output);

// The output shares no memory with the input. Throws ParameterError. The whole span from the first byte to the last
// counts, gaps between strides included.
void check_no_overlap(const Extent& output, const Extent& input);
// The same, but an input that is the output itself, element by element, is fine.
void check_no_partial_overlap(const Extent& output, const Extent& input);

}  // namespace convstep
