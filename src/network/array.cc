#include "network/array.h"

#include <algorithm>

#include "network/loop.h"

namespace convstep::network {
namespace {

// What is side by side in one of two arrays, and apart in the other, is copied in squares: so each cache line is used
// in full while it is near.
constexpr int64_t kSquare = 16;

// The axis along which the elements of an array are neighbours; -1 where there is none.
template <class U>
int axis_of_neighbours(const NdView<U>& array) {
  for (int axis = array.rank(); axis-- > 0;) {
    if (array.shape[axis] > 1 && array.strides[axis] == 1) return axis;
  }
  return -1;
}

template <class U>
void copy_squares(const NdView<const U>& from, const NdView<U>& to, int from_axis, int to_axis,
                  const RunOptions& options) {
  const int64_t rows = to.shape[from_axis], columns = to.shape[to_axis];
  const int64_t row_step = to.strides[from_axis], column_step = from.strides[to_axis];
  // The strips of rows are an axis; the third array counts them.
  Dims shape = to.shape, to_strides = to.strides, from_strides = from.strides;
  Dims strip = Dims::filled(to.rank(), 0);
  shape[to_axis] = 1;
  shape[from_axis] = (rows + kSquare - 1) / kSquare;
  to_strides[from_axis] *= kSquare;
  from_strides[from_axis] *= kSquare;
  strip[from_axis] = 1;
  const Loop loop(shape, {to_strides, from_strides, strip}, kSquare * columns);
  loop.run(options, [&](const Run& run) {
    for (int64_t k = 0; k < run.count; ++k) {
      const U* source = from.data + run.offset(1) + k * run.step(1);
      U* target = to.data + run.offset(0) + k * run.step(0);
      const int64_t height = std::min(kSquare, rows - (run.offset(2) + k * run.step(2)) * kSquare);
      for (int64_t first = 0; first < columns; first += kSquare) {
        const int64_t end = std::min(first + kSquare, columns);
        for (int64_t row = 0; row < height; ++row) {
          for (int64_t i = first; i < end; ++i) target[row * row_step + i] = source[row + i * column_step];
        }
      }
    }
  });
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
Constant<T> Constant<T>::uninitialized(Element element, const Dims& shape, const Dims& order) {
  const Shape<1> count{shape.count()};
  Constant room = element == Element::kInteger ? Constant(Tensor<int64_t, 1>::uninitialized(count), shape)
                                               : Constant(Tensor<T, 1>::uninitialized(count), shape);
  room.view_.strides = dense_strides(shape, order);
  return room;
}

template <class T>
Constant<T>::Constant(const ArrayView<T>& view, const Dims& order) {
  if (!view) return;
  *this = uninitialized(view.element, view.shape, order);
  copy(view, view_);
}

template <class T>
Constant<T> Constant<T>::viewed(const ArrayView<T>& view) const {
  Constant other = *this;
  other.view_ = view;
  return other;
}

template <class T>
void copy(const ArrayView<T>& from, const ArrayView<T>& to, const RunOptions& options) {
  if (from.element == Element::kInteger) {
    copy<int64_t>({from.integers().data, from.shape, from.strides}, to.integers(), options);
  } else {
    copy<T>({from.real().data, from.shape, from.strides}, to.real(), options);
  }
}

template <class U>
void copy(const NdView<const U>& from, const NdView<U>& to, const RunOptions& options) {
  const int from_axis = axis_of_neighbours(from), to_axis = axis_of_neighbours(to);
  if (from_axis >= 0 && to_axis >= 0 && from_axis != to_axis && from.strides[to_axis] != 1) {
    const int64_t rows = to.shape[from_axis], columns = to.shape[to_axis];
    if (rows >= kSquare / 2 && columns >= kSquare / 2) return copy_squares(from, to, from_axis, to_axis, options);
  }
  const Loop loop(to.shape, {to.strides, from.strides});
  loop.run(options, [&](const Run& run) {
    const U* source = from.data + run.offset(1);
    U* target = to.data + run.offset(0);
    if (run.step(0) == 1 && run.step(1) == 1) {
      std::copy_n(source, run.count, target);
    } else {
      for (int64_t i = 0; i < run.count; ++i) target[i * run.step(0)] = source[i * run.step(1)];
    }
  });
}

template struct NdView<float>;
template struct NdView<double>;
template struct NdView<int64_t>;
template struct NdView<const float>;
template struct NdView<const double>;
template struct NdView<const int64_t>;
template class Constant<float>;
template class Constant<double>;
template void copy(const NdView<const float>&, const NdView<float>&, const RunOptions&);
template void copy(const NdView<const double>&, const NdView<double>&, const RunOptions&);
template void copy(const NdView<const int64_t>&, const NdView<int64_t>&, const RunOptions&);

template void copy(const ArrayView<float>&, const ArrayView<float>&, const RunOptions&);
template void copy(const ArrayView<double>&, const ArrayView<double>&, const RunOptions&);

}  // namespace convstep::network
