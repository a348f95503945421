#include "network/array.h"

#include <algorithm>

#include "network/loop.h"

namespace convstep::network {
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
void copy(const ArrayView<T>& from, const ArrayView<T>& to, const RunOptions& options) {
  if (from.element == Element::kInteger) {
    copy<int64_t>({from.integers().data, from.shape, from.strides}, to.integers(), options);
  } else {
    copy<T>({from.real().data, from.shape, from.strides}, to.real(), options);
  }
}

template <class U>
void copy(const NdView<const U>& from, const NdView<U>& to, const RunOptions& options) {
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
