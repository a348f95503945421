#include "network/views.h"

#include <array>
#include <cstdlib>

namespace convstep::network {

template <class T>
bool can_be_written(const ArrayView<T>& view) {
  const Dims order = order_of(view.shape, view.strides);
  int64_t reach = 0;  // of the axes inside
  for (int k = order.rank(); k-- > 0;) {
    const int axis = static_cast<int>(order[k]);
    if (view.shape[axis] <= 1) continue;
    const int64_t step = std::abs(view.strides[axis]);
    if (step <= reach) return false;
    reach += step * (view.shape[axis] - 1);
  }
  return true;
}

template <class T>
ViewOf<T> range_of_axis(int axis, int64_t begin, int64_t length) {
  return [=](const ArrayView<T>& whole) {
    ArrayView<T> range = whole;
    range.data = static_cast<char*>(whole.data) + begin * whole.strides[axis] * element_size<T>(whole.element);
    range.shape[axis] = length;
    return range;
  };
}

template <class T>
std::optional<Dims> axes_turned_back(const ArrayView<T>& view, const ArrayView<T>& turned) {
  if (view.data != turned.data || view.shape.rank() != turned.shape.rank()) return {};
  Dims axes;
  std::array<bool, kMostAxes> is_taken{};
  for (int axis = 0; axis < view.shape.rank(); ++axis) {
    int found = -1;
    for (int k = 0; k < turned.shape.rank() && found < 0; ++k) {
      const bool is_same = turned.shape[k] == view.shape[axis] && turned.strides[k] == view.strides[axis];
      if (is_same && !is_taken[static_cast<size_t>(k)]) found = k;
    }
    if (found < 0) return {};
    is_taken[static_cast<size_t>(found)] = true;
    axes.push_back(found);
  }
  return axes;
}

template <class T>
ViewOf<T> with_axes(const Dims& axes) {
  return [=](const ArrayView<T>& view) {
    ArrayView<T> turned = view;
    for (int k = 0; k < axes.rank(); ++k) {
      turned.shape[k] = view.shape[static_cast<int>(axes[k])];
      turned.strides[k] = view.strides[static_cast<int>(axes[k])];
    }
    return turned;
  };
}

template bool can_be_written(const ArrayView<float>&);
template ViewOf<float> range_of_axis(int, int64_t, int64_t);
template ViewOf<float> with_axes(const Dims&);
template std::optional<Dims> axes_turned_back(const ArrayView<float>&, const ArrayView<float>&);
template bool can_be_written(const ArrayView<double>&);
template ViewOf<double> range_of_axis(int, int64_t, int64_t);
template ViewOf<double> with_axes(const Dims&);
template std::optional<Dims> axes_turned_back(const ArrayView<double>&, const ArrayView<double>&);

}  // namespace convstep::network
