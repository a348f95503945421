// axes.h: arrays in the order of the library.
#pragma once

#include "convstep/tensor.h"
#include "python/arrays.h"

namespace convstep::python {

template <class T>
View<T, 4> reordered(const View<T, 4>& view, const int (&axes)[4]) {
  Shape<4> shape, strides;
  for (int axis = 0; axis < 4; ++axis) {
    shape[axis] = view.shape(axes[axis]);
    strides[axis] = view.stride(axes[axis]);
  }
  return {view.data(), shape, strides};
}

inline constexpr int kChannelsLast[] = {0, 2, 3, 1};  // (N, C, H, W) -> (N, H, W, C)
inline constexpr int kFiltersLast[] = {2, 3, 1, 0};   // (O, C, KH, KW) -> (KH, KW, C, O)

template <class T>
View<T, 4> channels_last(const View<T, 4>& view, Layout layout) {
  return layout == Layout::kNHWC ? view : reordered(view, kChannelsLast);
}

template <class T>
View<T, 4> filters_last(const View<T, 4>& view, Layout layout) {
  return layout == Layout::kNHWC ? view : reordered(view, kFiltersLast);
}

}  // namespace convstep::python
