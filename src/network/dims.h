// dims.h: the axes of arrays of which only a run tells how many they have.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "convstep/shape.h"

namespace convstep::network {

inline constexpr int kMostAxes = 8;

// A number for each axis, outermost first: its length, its stride, a position.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values) : Dims(std::span<const int64_t>(values.begin(), values.size())) {}
  // Throws ShapeError where there are more than kMostAxes.
  explicit Dims(std::span<const int64_t> values);
  template <size_t Rank>
  explicit Dims(const std::array<int64_t, Rank>& shape) : Dims(std::span<const int64_t>(shape)) {}
  static Dims filled(int rank, int64_t value);

  int rank() const { return rank_; }
  int64_t& operator[](int axis) { return values_[static_cast<size_t>(axis)]; }
  int64_t operator[](int axis) const { return values_[static_cast<size_t>(axis)]; }
  int64_t* begin() { return values_.data(); }
  int64_t* end() { return begin() + rank_; }
  const int64_t* begin() const { return values_.data(); }
  const int64_t* end() const { return begin() + rank_; }
  void push_back(int64_t value);
  bool operator==(const Dims& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

  // The product. That it fits was checked when the array was described.
  int64_t count() const;
  // As a Shape, or strides, of so many axes, which it must have.
  template <int Rank>
  Shape<Rank> as() const {
    Shape<Rank> shape{};
    std::copy_n(begin(), Rank, shape.begin());
    return shape;
  }

 private:
  std::array<int64_t, kMostAxes> values_{};
  int rank_ = 0;
};

std::string to_string(const Dims& dims);

// The lengths of the axes in this order.
std::vector<int64_t> in_order(const Dims& shape, const Dims& order);

// 0, 1, ... rank - 1: the order of axes in memory, outermost first, of an array in row-major order.
Dims row_major(int rank);
// Of an image whose axes are (N, C, H, W), and whose channels lie side by side.
inline Dims channels_last() { return {0, 2, 3, 1}; }
// The strides of an array whose elements lie side by side, its axes in this order in memory.
Dims dense_strides(const Dims& shape, const Dims& order);
// The order in memory that strides tell of. Axes that they say nothing of (those of length 1) keep their place among
// the others as far as can be.
Dims order_of(const Dims& shape, const Dims& strides);
// Are these the strides of a dense array in this order? Those of axes of length 1 mean nothing.
bool is_dense(const Dims& shape, const Dims& strides, const Dims& order);

// The axis that a number from -rank to rank - 1 names. Throws ParameterError, naming `argument`, for others.
int check_axis(const char* argument, int64_t axis, int rank);

}  // namespace convstep::network
