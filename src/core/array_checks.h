// array_checks.h: what every operation asks of the arrays it is given, before it touches them.
#pragma once

#include <type_traits>

#include "convstep/tensor.h"
#include "core/window_axis.h"

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

// The same elements. The stride of an axis of length 1 means nothing and may be any number; here it is that of a dense
// array, so that it can be multiplied with indices.
template <class T, int Rank>
View<T, Rank> with_used_strides(const View<T, Rank>& view) {
  Shape<Rank> strides = view.strides();
  for (int axis = Rank - 1; axis >= 0; --axis) {
    const size_t i = static_cast<size_t>(axis);
    if (view.shape(axis) == 1) strides[i] = axis == Rank - 1 ? 1 : strides[i + 1] * view.shape(axis + 1);
  }
  return {view.data(), view.shape(), strides};
}

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

// The same of an input (N, H, W, C) and the shape that a plan is for; of an output (N, OH, OW, `channels`).
void check_input_shape(const Shape<4>& given, const Shape<4>& expected);
void check_output_shape(const Shape<4>& given, const Shape<4>& expected, const char* channels);

// Elements that exist (data is not null). Throws ParameterError.
void check_readable(const Extent& input);
// Also: no two indices lead to one element. Throws ParameterError.
void check_writable(const Extent& output);
// Labels of rows, of which there are so many classes.
void check_labels(const View<const int64_t, 1>& labels, int64_t classes);

// Rows and columns of an input (N, H, W, C) whose steps, times the index of any that a window reads, on padding, too,
// fit in 63 bits. Throws ParameterError.
void check_steps(const Extent& input, const WindowGeometry& geometry);

// The output shares no element with the input; one may lie in gaps of the other. Throws ParameterError, too, where that
// takes too long to find out, which strides that are multiples of each other (as slices and transposes of arrays have)
// never do.
void check_no_overlap(const Extent& output, const Extent& input);
// The same, but an input that is the output itself, element by element, is fine.
void check_no_partial_overlap(const Extent& output, const Extent& input);

}  // namespace convstep
