// requests.h: what operations ask of their inputs, before they infer anything.
#pragma once

#include <optional>

#include "convstep/activation.h"
#include "convstep/error.h"
#include "network/operation.h"

namespace convstep::network {

// The input, which must be there; and be of this kind. Throw ParameterError naming it.
template <class T>
const ValueInfo<T>& required(const Request<T>& request, size_t index, const char* name);
template <class T>
const ValueInfo<T>& required(const Request<T>& request, size_t index, const char* name, Element element);
// Throws ParameterError where the input is there and of another kind.
template <class T>
void check_element(const ValueInfo<T>& input, const char* name, Element element);

// The whole numbers of an input of one axis (or none) that must be known before the network runs; nothing where it is
// left out. Throws ParameterError, ShapeError.
template <class T>
std::optional<std::vector<int64_t>> constant_integers(const Request<T>& request, size_t index, const char* name);
template <class T>
std::vector<int64_t> required_integers(const Request<T>& request, size_t index, const char* name);

// The elements of an array in row-major order.
template <class U>
std::vector<U> elements_of(const NdView<U>& view);
// The one element of an array of any number of axes of length 1. Throws ShapeError naming it.
void check_single(const char* name, const Dims& shape);

// The shape that broadcasting makes of two. Throws ShapeError naming the second where there is none.
Dims broadcast(const Dims& a, const Dims& b, const char* b_name);
// An order of `rank` axes, the last of which lie as these do.
Dims with_leading_axes(const Dims& order, int rank);
// The order of what is left of an array, of which these axes are left out. (`marked` has a number other than 0 for
// them.)
Dims order_without(const Dims& order, const Dims& marked);
// The order that says the same, for nothing is said by where axes of length 1 stand: row-major or channels last, if it
// can be one of them.
Dims plain_order(const Dims& shape, const Dims& order);
// 1 for each axis that is among these, which may be negative. Throws ParameterError where one is out of range or there
// twice.
Dims marked_axes(const char* name, std::span<const int64_t> axes, int rank);

// The place along an axis of this length that one of the input `indices` names, from its end where it is negative.
// Throws ParameterError where there is none.
int64_t check_index(int64_t index, int64_t length);

// Throws ShapeError where no memory could hold an array of such a shape.
const Dims& check_size(const Dims& shape, const char* name);

// The attribute `activation` that a pass gives a layer.
Activation activation_attribute(const Node& node);

// The view with elements U, which it has.
template <class U, class T>
NdView<U> elements(const ArrayView<T>& array) {
  return {static_cast<U*>(array.data), array.shape, array.strides};
}
// Calls f with the view as what it is.
template <class T, class F>
void with_elements(const ArrayView<T>& array, const F& f) {
  if (array.element == Element::kInteger) f(array.integers());
  if (array.element == Element::kReal) f(array.real());
}

// The array that begins so many elements later.
template <class T>
void advance(ArrayView<T>& array, int64_t elements) {
  if (array.element == Element::kInteger) array.data = static_cast<int64_t*>(array.data) + elements;
  if (array.element == Element::kReal) array.data = static_cast<T*>(array.data) + elements;
}

}  // namespace convstep::network
