// tensor.h: View, which looks at an array, and Tensor, which owns one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "convstep/shape.h"

// Has clang warn where a view outlives the tensor that it looks at: View<const float, 4> x = make_tensor();
#if defined(__clang__)
#define CONVSTEP_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define CONVSTEP_LIFETIMEBOUND
#endif

namespace CONVSTEP_EXPORT convstep {

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
    for (size_t axis = kRank; axis-- > 0;) {
      strides_[axis] = step;
      step *= shape[axis] > 0 ? shape[axis] : 1;
    }
  }

  View(T* data, const Shape<Rank>& shape, const Shape<Rank>& strides) : data_(data), shape_(shape), strides_(strides) {
    element_count("shape", shape.data(), Rank, sizeof(T));
  }

  // {1, 2} is no shape of three axes, though an array of three numbers could begin so.
  template <size_t N>
  requires(N != Rank) View(T* data, const int64_t (&shape)[N])
  = delete;
  template <size_t N>
  requires(N != Rank) View(T* data, const Shape<Rank>& shape, const int64_t (&strides)[N])
  = delete;

  // A view of mutable elements is also a view of const ones.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<const U, T>) View(const View<U, Rank>& other)
      : data_(other.data()), shape_(other.shape()), strides_(other.strides()) {}

  // An empty array may have a null pointer, but a view of it has strides.
  explicit operator bool() const {
    int64_t any = strides_[kRank - 1];
    for (const int64_t length : shape_) any |= length;
    return data_ || any != 0;
  }

  T* data() const { return data_; }
  const Shape<Rank>& shape() const { return shape_; }
  const Shape<Rank>& strides() const { return strides_; }
  int64_t shape(int axis) const { return shape_[static_cast<size_t>(axis)]; }
  int64_t stride(int axis) const { return strides_[static_cast<size_t>(axis)]; }

  int64_t size() const {
    int64_t count = 1;
    for (const int64_t length : shape_) count *= length;
    return count;
  }

  // Do the elements lie one after another in row-major order? Where there are none, they do.
  bool is_dense() const {
    if (size() == 0) return true;
    int64_t step = 1;
    for (size_t axis = kRank; axis-- > 0;) {
      if (shape_[axis] != 1 && strides_[axis] != step) return false;
      step *= shape_[axis];
    }
    return true;
  }

  // The indices are not checked.
  template <WholeNumber... Index>
  requires(sizeof...(Index) == Rank) T& operator()(Index... index) const {
    int64_t offset = 0;
    size_t axis = 0;
    ((offset += static_cast<int64_t>(index) * strides_[axis++]), ...);
    return data_[offset];
  }

  // The sub-array at one index of the first axis: image[n] of a batch is its (H, W, C) volume.
  View<T, Rank - 1> operator[](int64_t index) const requires(Rank > 1) {
    Shape<Rank - 1> shape, strides;
    for (size_t axis = 1; axis < kRank; ++axis) {
      shape[axis - 1] = shape_[axis];
      strides[axis - 1] = strides_[axis];
    }
    return {data_ + index * strides_[0], shape, strides};
  }

  // The same elements with other axes, for dense arrays: x.reshape<2>({N, -1}) makes a row of each image. One length
  // may be -1, and is then what is left for it. Throws ShapeError where the elements are more or fewer, or not dense.
  template <int NewRank>
  View<T, NewRank> reshape(Shape<NewRank> shape) const {
    infer_length(size(), shape.data(), NewRank);
    if (!is_dense()) throw_not_dense(strides_.data(), Rank);
    return {data_, shape};
  }

 private:
  static constexpr size_t kRank = Rank;

  T* data_ = nullptr;
  Shape<Rank> shape_{};
  Shape<Rank> strides_{};
};

// Copies an array of any strides to dense memory. Rows that lie one after another are copied at once.
template <class T, int Rank>
T* copy_elements(const View<const T, Rank>& from, T* to) {
  if (from.is_dense()) return std::copy_n(from.data(), from.size(), to);
  for (int64_t i = 0; i < from.shape(0); ++i) {
    if constexpr (Rank == 1) {
      *to++ = from(i);
    } else {
      to = copy_elements(from[i], to);
    }
  }
  return to;
}

// Memory for an array, aligned to 64 bytes, for std::free to take back; null where there is not enough. A large array
// gets huge pages, where the system has them on offer.
void* allocate_array(size_t bytes);
struct FreeArray {
  void operator()(void* memory) const { std::free(memory); }
};

// An array of its own: dense, row-major, its first element aligned to 64 bytes (a cache line, and the widest vector).
// Copies are deep. It converts to a View wherever an operation takes one, also a temporary for the length of that call;
// a view does not keep it alive. One that was moved from is as if made by Tensor(): it has no elements.
//
//   Tensor<float, 4> image({1, 28, 28, 1});                     // zeros
//   Tensor<float, 2> table({2, 3}, {1, 2, 3, 4, 5, 6});         // row by row
//   Tensor<float, 4> weights({3, 3, 1, 8}, numbers);            // a std::vector<float>, a std::span, another tensor
//   const auto ones = Tensor<float, 1>::full({8}, 1);
//   Tensor<float, 4> crop_of_its_own(view);                     // of any strides
//
// begin() to end() are its elements in row-major order, so that it is a range, and converts to a std::span.
template <class T, int Rank>
class Tensor {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>);

 public:
  using value_type = T;

  // No elements; its view stands for "none".
  Tensor() = default;

  // All zeros. Throws ShapeError for an impossible shape, std::bad_alloc where memory is short. So do all that follow.
  explicit Tensor(const Shape<Rank>& shape) : Tensor(uninitialized(shape)) {
    if (size() > 0) std::memset(static_cast<void*>(data()), 0, static_cast<size_t>(size()) * sizeof(T));
  }
  template <size_t N>
  requires(N != Rank) explicit Tensor(const int64_t (&shape)[N]) = delete;  // as in View

  // A copy of the values, in row-major order. Throws ShapeError where they are more or fewer than the shape holds.
  Tensor(const Shape<Rank>& shape, std::span<const T> values) {
    const int64_t count = element_count("shape", shape.data(), Rank, sizeof(T));
    if (static_cast<uint64_t>(count) != values.size()) throw_wrong_count(values.size(), shape.data(), Rank);
    allocate(shape);
    std::copy(values.begin(), values.end(), begin());
  }
  Tensor(const Shape<Rank>& shape, std::initializer_list<T> values)
      : Tensor(shape, std::span<const T>(values.begin(), values.size())) {}

  // A dense copy of what the view shows.
  explicit Tensor(const View<const T, Rank>& view) : Tensor() {
    if (!view) return;
    allocate(view.shape());
    copy_elements(view, data());
  }

  // The same value everywhere.
  static Tensor full(const Shape<Rank>& shape, T value) {
    Tensor tensor = uninitialized(shape);
    tensor.fill(value);
    return tensor;
  }

  // For results that are about to be written in full.
  static Tensor uninitialized(const Shape<Rank>& shape) {
    Tensor tensor;
    tensor.allocate(shape);
    return tensor;
  }

  Tensor(const Tensor& other) : Tensor(View<const T, Rank>(other)) {}
  Tensor(Tensor&& other) noexcept { swap(other); }
  Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }

  View<T, Rank> view() CONVSTEP_LIFETIMEBOUND { return view_; }
  View<const T, Rank> view() const CONVSTEP_LIFETIMEBOUND { return view_; }
  operator View<T, Rank>() CONVSTEP_LIFETIMEBOUND { return view_; }
  operator View<const T, Rank>() const CONVSTEP_LIFETIMEBOUND { return view_; }

  T* data() CONVSTEP_LIFETIMEBOUND { return view_.data(); }
  const T* data() const CONVSTEP_LIFETIMEBOUND { return view_.data(); }
  T* begin() CONVSTEP_LIFETIMEBOUND { return data(); }
  T* end() CONVSTEP_LIFETIMEBOUND { return data() + size(); }
  const T* begin() const CONVSTEP_LIFETIMEBOUND { return data(); }
  const T* end() const CONVSTEP_LIFETIMEBOUND { return data() + size(); }
  const Shape<Rank>& shape() const CONVSTEP_LIFETIMEBOUND { return view_.shape(); }
  int64_t shape(int axis) const { return view_.shape(axis); }
  int64_t size() const { return data() ? view_.size() : 0; }

  // One element, or the sub-array at one index of the first axis. The indices are not checked.
  template <WholeNumber... Index>
  requires(sizeof...(Index) == Rank) T& operator()(Index... index) CONVSTEP_LIFETIMEBOUND { return view_(index...); }
  template <WholeNumber... Index>
  requires(sizeof...(Index) == Rank) const T& operator()(Index... index) const CONVSTEP_LIFETIMEBOUND {
    return view_(index...);
  }
  View<T, Rank - 1> operator[](int64_t index) CONVSTEP_LIFETIMEBOUND { return view_[index]; }
  View<const T, Rank - 1> operator[](int64_t index) const CONVSTEP_LIFETIMEBOUND {
    return View<const T, Rank>(view_)[index];
  }

  void fill(T value) { std::fill(begin(), end(), value); }

  // The same elements with other axes, as View::reshape: a view of them; or, of a temporary or std::move(tensor), a
  // tensor that takes the memory over.
  template <int NewRank>
      View<T, NewRank> reshape(const Shape<NewRank>& shape) & CONVSTEP_LIFETIMEBOUND {
    return view_.template reshape<NewRank>(shape);
  }
  template <int NewRank>
  View<const T, NewRank> reshape(const Shape<NewRank>& shape) const& CONVSTEP_LIFETIMEBOUND {
    return view_.template reshape<NewRank>(shape);
  }
  template <int NewRank>
  Tensor<T, NewRank> reshape(const Shape<NewRank>& shape) && {
    Tensor<T, NewRank> result;
    result.view_ = view_.template reshape<NewRank>(shape);
    result.memory_ = std::move(memory_);
    view_ = {};
    return result;
  }

 private:
  template <class U, int OtherRank>
  friend class Tensor;

  void allocate(const Shape<Rank>& shape) {
    const int64_t count = element_count("shape", shape.data(), Rank, sizeof(T));
    memory_.reset(allocate_array(static_cast<size_t>(count) * sizeof(T)));
    if (!memory_) throw_no_memory();
    view_ = {static_cast<T*>(memory_.get()), shape};
  }
  void swap(Tensor& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(view_, other.view_);
  }

  std::unique_ptr<void, FreeArray> memory_;
  View<T, Rank> view_;
};

}  // namespace convstep

#undef CONVSTEP_LIFETIMEBOUND
