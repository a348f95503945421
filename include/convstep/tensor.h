// tensor.h: View, which looks at an array, and Tensor, which owns one.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "convstep/shape.h"

namespace convstep {

// A borrowed array of Rank axes. Dense in row-major order unless strides are given, so that the last index runs through
// neighbouring elements; strides count elements and may be negative or larger than the axes (a crop, a channel range).
// A default-constructed view stands for "none" (no bias, no residual) and converts to false; that of an empty array
// does not.
//
// Cheap to copy. The caller keeps the array alive and, while a call runs, unchanged.
template <class T, int Rank>
class View {
  static_assert(Rank >= 1);

 public:
  using value_type = std::remove_const_t<T>;

  View() = default;

  // A dense view. Throws ShapeError where the shape is negative or too large to exist.
  View(T* data, const Shape<Rank>& shape) : data_(data), shape_(shape) {
    element_count("shape", shape.data(), Rank, sizeof(T));
    int64_t step = 1;
    for (int axis = Rank - 1; axis >= 0; --axis) {
      strides_[axis] = step;
      step *= shape[axis] > 0 ? shape[axis] : 1;
    }
  }

  View(T* data, const Shape<Rank>& shape, const Shape<Rank>& strides) : data_(data), shape_(shape), strides_(strides) {
    element_count("shape", shape.data(), Rank, sizeof(T));
  }

  // A view of mutable elements is also a view of const ones.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<const U, T>) View(const View<U, Rank>& other)
      : data_(other.data()), shape_(other.shape()), strides_(other.strides()) {}

  // An empty array may have a null pointer, but a view of it has strides.
  explicit operator bool() const {
    int64_t any = strides_[Rank - 1];
    for (const int64_t length : shape_) any |= length;
    return data_ || any != 0;
  }

  T* data() const { return data_; }
  const Shape<Rank>& shape() const { return shape_; }
  const Shape<Rank>& strides() const { return strides_; }
  int64_t shape(int axis) const { return shape_[axis]; }
  int64_t stride(int axis) const { return strides_[axis]; }

  int64_t size() const {
    int64_t count = 1;
    for (const int64_t length : shape_) count *= length;
    return count;
  }

  // Do the elements lie one after another in row-major order? Where there are none, they do.
  bool is_dense() const {
    if (size() == 0) return true;
    int64_t step = 1;
    for (int axis = Rank - 1; axis >= 0; --axis) {
      if (shape_[axis] != 1 && strides_[axis] != step) return false;
      step *= shape_[axis];
    }
    return true;
  }

  template <class... Index>
  requires(sizeof...(Index) == Rank) T& operator()(Index... index) const {
    int64_t offset = 0;
    int axis = 0;
    ((offset += static_cast<int64_t>(index) * strides_[axis++]), ...);
    return data_[offset];
  }

  // The sub-array at one index of the first axis: image[n] of a batch is its (H, W, C) volume.
  View<T, Rank - 1> operator[](int64_t index) const requires(Rank > 1) {
    Shape<Rank - 1> shape, strides;
    for (int axis = 1; axis < Rank; ++axis) {
      shape[axis - 1] = shape_[axis];
      strides[axis - 1] = strides_[axis];
    }
    return {data_ + index * strides_[0], shape, strides};
  }

 private:
  T* data_ = nullptr;
  Shape<Rank> shape_{};
  Shape<Rank> strides_{};
};

// Memory for an array, aligned to 64 bytes, for std::free to take back; null where there is not enough. A large array
// gets huge pages, where the system has them on offer.
void* allocate_array(size_t bytes);

// An array of its own: dense, row-major, its first element aligned to 64 bytes (a cache line, and the widest vector).
// Copies are deep. It converts to a View wherever an operation takes one.
template <class T, int Rank>
class Tensor {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>);

 public:
  Tensor() = default;

  // All zeros. Throws ShapeError for an impossible shape, std::bad_alloc where memory is short.
  explicit Tensor(const Shape<Rank>& shape) : Tensor(uninitialized(shape)) {
    if (size() > 0) std::memset(static_cast<void*>(data()), 0, static_cast<size_t>(size()) * sizeof(T));
  }

  // For results that are about to be written in full.
  static Tensor uninitialized(const Shape<Rank>& shape) {
    Tensor tensor;
    tensor.allocate(shape);
    return tensor;
  }

  Tensor(const Tensor& other) : Tensor() {
    if (!other.data()) return;
    allocate(other.shape());
    std::memcpy(data(), other.data(), static_cast<size_t>(size()) * sizeof(T));
  }
  Tensor(Tensor&& other) noexcept { swap(other); }
  Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }

  View<T, Rank> view() { return view_; }
  View<const T, Rank> view() const { return view_; }
  operator View<T, Rank>() { return view_; }
  operator View<const T, Rank>() const { return view_; }

  T* data() { return view_.data(); }
  const T* data() const { return view_.data(); }
  const Shape<Rank>& shape() const { return view_.shape(); }
  int64_t shape(int axis) const { return view_.shape(axis); }
  int64_t size() const { return view_.data() ? view_.size() : 0; }

  template <class... Index>
  T& operator()(Index... index) {
    return view_(index...);
  }
  template <class... Index>
  const T& operator()(Index... index) const {
    return view_(index...);
  }
  View<T, Rank - 1> operator[](int64_t index) { return view_[index]; }
  View<const T, Rank - 1> operator[](int64_t index) const { return View<const T, Rank>(view_)[index]; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  void allocate(const Shape<Rank>& shape) {
    const int64_t count = element_count("shape", shape.data(), Rank, sizeof(T));
    memory_.reset(allocate_array(static_cast<size_t>(count) * sizeof(T)));
    if (!memory_) throw std::bad_alloc();
    view_ = {static_cast<T*>(memory_.get()), shape};
  }
  void swap(Tensor& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(view_, other.view_);
  }

  std::unique_ptr<void, Free> memory_;
  View<T, Rank> view_;
};

}  // namespace convstep
