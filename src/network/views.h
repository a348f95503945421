// views.h: how one array is seen as another.
#pragma once

#include <functional>
#include <optional>

#include "network/array.h"

namespace convstep::network {

template <class T>
using ViewOf = std::function<ArrayView<T>(const ArrayView<T>&)>;

// Distinct indices lead to distinct elements, as far as can be told from the strides.
template <class T>
bool can_be_written(const ArrayView<T>& view);

// So many of the elements along an axis, from `begin` on.
template <class T>
ViewOf<T> range_of_axis(int axis, int64_t begin, int64_t length);

template <class T>
ArrayView<T> itself(const ArrayView<T>& view) {
  return view;
}

// Axis k of the result is axis axes[k].
template <class T>
ViewOf<T> with_axes(const Dims& axes);
// The axes of `turned`, in the order that makes `view` of it, which has the same elements. Nothing, where there is
// none.
template <class T>
std::optional<Dims> axes_turned_back(const ArrayView<T>& view, const ArrayView<T>& turned);

}  // namespace convstep::network
