#include "network/array.h"

#include <algorithm>

namespace convstep::network {
namespace {

// The axes of a copy, outermost first, as few as can be: those of length 1 left out, and neighbours that lie one after
// the other in both arrays joined.
struct CopyAxes {
  Dims shape, from, to;
};

template <class U>
CopyAxes joined_axes(const NdView<const U>& from, const NdView<U>& to) {
  CopyAxes axes;
  for (int axis = 0; axis < to.rank(); ++axis) {
    if (to.shape[axis] == 1) continue;
    const int last = axes.shape.rank() - 1;
    if (last >= 0 && axes.from[last] == from.strides[axis] * to.shape[axis] &&
        axes.to[last] == to.strides[axis] * to.shape[axis]) {
      axes.shape[last] *= to.shape[axis];
      axes.from[last] = from.strides[axis];
      axes.to[last] = to.strides[axis];
    } else {
      axes.shape.push_back(to.shape[axis]);
      axes.from.push_back(from.strides[axis]);
      axes.to.push_back(to.strides[axis]);
    }
  }
  return axes;
}

template <class U>
void copy_axes(const CopyAxes& axes, int axis, const U* from, U* to) {
  if (axis == axes.shape.rank()) {
    *to = *from;
    return;
  }
  const int64_t length = axes.shape[axis], from_step = axes.from[axis], to_step = axes.to[axis];
  if (axis + 1 < axes.shape.rank()) {
    for (int64_t i = 0; i < length; ++i) copy_axes(axes, axis + 1, from + i * from_step, to + i * to_step);
  } else if (from_step == 1 && to_step == 1) {
    std::copy_n(from, length, to);
  } else {
    for (int64_t i = 0; i < length; ++i) to[i * to_step] = from[i * from_step];
  }
}

}  // namespace

template <class U>
bool NdView<U>::is_dense() const {
  if (size() == 0) return true;
  int64_t step = 1;
  for (int axis = rank(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != step) return false;
    step *= shape[axis];
  }
  return true;
}

template <class U>
NdView<U> NdView<U>::permuted(const Dims& order) const {
  NdView turned{data, order, order};
  for (int k = 0; k < order.rank(); ++k) {
    turned.shape[k] = shape[static_cast<int>(order[k])];
    turned.strides[k] = strides[static_cast<int>(order[k])];
  }
  return turned;
}

template <class T>
Constant<T>::Constant(Tensor<T, 1> values, const Dims& shape) {
  auto memory = std::make_shared<Tensor<T, 1>>(std::move(values));
  view_ = NdView<T>{memory->data(), shape, dense_strides(shape, row_major(shape.rank()))};
  memory_ = std::move(memory);
}

template <class T>
Constant<T>::Constant(Tensor<int64_t, 1> values, const Dims& shape) {
  auto memory = std::make_shared<Tensor<int64_t, 1>>(std::move(values));
  view_ = NdView<int64_t>{memory->data(), shape, dense_strides(shape, row_major(shape.rank()))};
  memory_ = std::move(memory);
}

template <class T>
Constant<T>::Constant(const ArrayView<T>& view) {
  const auto copy_of = [&](auto from) {
    using U = std::remove_reference_t<decltype(*from.data)>;
    auto values = Tensor<U, 1>::uninitialized({from.size()});
    const Dims strides = dense_strides(from.shape, row_major(from.rank()));
    copy<U>({from.data, from.shape, from.strides}, {values.data(), from.shape, strides});
    *this = Constant(std::move(values), from.shape);
  };
  if (view.element == Element::kReal) copy_of(view.real());
  if (view.element == Element::kInteger) copy_of(view.integers());
}

template <class T>
Constant<T> Constant<T>::viewed(const ArrayView<T>& view) const {
  Constant other = *this;
  other.view_ = view;
  return other;
}

template <class T>
void copy(const ArrayView<T>& from, const ArrayView<T>& to) {
  if (from.element == Element::kInteger) {
    copy<int64_t>({from.integers().data, from.shape, from.strides}, to.integers());
  } else {
    copy<T>({from.real().data, from.shape, from.strides}, to.real());
  }
}

template <class U>
void copy(const NdView<const U>& from, const NdView<U>& to) {
  if (to.size() == 0) return;
  const CopyAxes axes = joined_axes(from, to);
  copy_axes(axes, 0, from.data, to.data);
}

template struct NdView<float>;
template struct NdView<double>;
template struct NdView<int64_t>;
template struct NdView<const float>;
template struct NdView<const double>;
template struct NdView<const int64_t>;
template class Constant<float>;
template class Constant<double>;
template void copy(const NdView<const float>&, const NdView<float>&);
template void copy(const NdView<const double>&, const NdView<double>&);
template void copy(const NdView<const int64_t>&, const NdView<int64_t>&);

template void copy(const ArrayView<float>&, const ArrayView<float>&);
template void copy(const ArrayView<double>&, const ArrayView<double>&);

}  // namespace convstep::network
