// face.h: the axes that arrays have on the public face, and those of the graph.
#pragma once

#include "convstep/network.h"
#include "network/array.h"

namespace convstep::network {

// Of an array of the face: those of the graph, (N, C, H, W), where images of the face are (N, H, W, C).
inline Dims face_axes(int rank, bool as_they_are) {
  return rank == 4 && !as_they_are ? channels_last() : row_major(rank);
}

// A shape of the face as that of the graph.
inline Dims of_graph(std::span<const int64_t> face, const Dims& axes) {
  Dims shape = axes;
  for (int k = 0; k < axes.rank(); ++k) shape[static_cast<int>(axes[k])] = face[static_cast<size_t>(k)];
  return shape;
}

// An array that has the axes of the face, with those of the graph. One of another rank stays as it is.
template <class T, class U>
ArrayView<T> of_graph(const NetworkArray<U>& array, const Dims& axes) {
  ArrayView<T> view;
  view.element = array.is_integer() ? Element::kInteger : Element::kReal;
  view.data = array.data();
  const bool fits = static_cast<int>(array.shape().size()) == axes.rank();
  view.shape = fits ? of_graph(array.shape(), axes) : Dims(array.shape());
  view.strides = fits ? of_graph(array.strides(), axes) : Dims(array.strides());
  return view;
}

}  // namespace convstep::network
