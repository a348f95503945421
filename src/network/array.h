// array.h: arrays of any number of axes: of a network's real type T, or of whole numbers (shapes, positions, classes).
//
// Axes have the meaning that their operation gives them, and strides say how they lie in memory. So an image of a file
// whose axes are (N, C, H, W) may have its channels side by side, and to transpose an array moves nothing.
#pragma once

#include <memory>

#include "convstep/runtime.h"
#include "convstep/tensor.h"
#include "network/dims.h"

namespace convstep::network {

enum class Element { kNone, kReal, kInteger };

template <class T>
inline constexpr Element kElementOf =
    std::is_same_v<std::remove_const_t<T>, int64_t> ? Element::kInteger : Element::kReal;

// Bytes of an element, in a network of T.
template <class T>
constexpr int64_t element_size(Element element) {
  return static_cast<int64_t>(element == Element::kInteger ? sizeof(int64_t) : sizeof(T));
}

// A borrowed array of elements U.
template <class U>
struct NdView {
  U* data = nullptr;
  Dims shape, strides;

  int rank() const { return shape.rank(); }
  int64_t size() const { return shape.count(); }
  // Do the elements lie side by side in row-major order?
  bool is_dense() const;
  // Axis k of the result is axis order[k] of this one.
  NdView permuted(const Dims& order) const;
  // As the view of an operation, with the axes in this order.
  template <int Rank>
  View<U, Rank> as(const Dims& order) const {
    const NdView turned = permuted(order);
    return {data, turned.shape.template as<Rank>(), turned.strides.template as<Rank>()};
  }
  template <int Rank>
  View<U, Rank> as() const {
    return {data, shape.as<Rank>(), strides.as<Rank>()};
  }
};

// A borrowed array of a network of T, of either kind of element.
template <class T>
struct ArrayView {
  Element element = Element::kNone;  // kNone: an optional array that was left out
  void* data = nullptr;
  Dims shape, strides;

  ArrayView() = default;
  template <class U>
  ArrayView(const NdView<U>& view)
      : element(kElementOf<U>),
        data(const_cast<std::remove_const_t<U>*>(view.data)),
        shape(view.shape),
        strides(view.strides) {}

  explicit operator bool() const { return element != Element::kNone; }
  // As what it is: that was checked by whoever prepared the step that asks.
  NdView<T> real() const { return {static_cast<T*>(data), shape, strides}; }
  NdView<int64_t> integers() const { return {static_cast<int64_t*>(data), shape, strides}; }
};

// An array of its own, shared by all who hold it and changed by none.
template <class T>
class Constant {
 public:
  Constant() = default;
  // Takes the elements, in row-major order, over. A shape of no axes is one number.
  Constant(Tensor<T, 1> values, const Dims& shape);
  Constant(Tensor<int64_t, 1> values, const Dims& shape);
  // A dense copy, in row-major order or with its axes in memory in this one.
  explicit Constant(const ArrayView<T>& view) : Constant(view, row_major(view.shape.rank())) {}
  Constant(const ArrayView<T>& view, const Dims& order);
  // Room for so many elements, whatever they are.
  static Constant uninitialized(Element element, const Dims& shape, const Dims& order);
  // Another view of the same memory.
  Constant viewed(const ArrayView<T>& view) const;

  explicit operator bool() const { return static_cast<bool>(view_); }
  const ArrayView<T>& view() const { return view_; }
  Element element() const { return view_.element; }
  const Dims& shape() const { return view_.shape; }

 private:
  std::shared_ptr<const void> memory_;
  ArrayView<T> view_;
};

// Copies between arrays of one shape, of any strides that share no elements, on several threads where they are large.
template <class U>
void copy(const NdView<const U>& from, const NdView<U>& to, const RunOptions& options = {});
template <class T>
void copy(const ArrayView<T>& from, const ArrayView<T>& to, const RunOptions& options = {});

}  // namespace convstep::network
