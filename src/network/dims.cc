#include "network/dims.h"

#include <cstdlib>

#include "convstep/error.h"

namespace convstep::network {

Dims::Dims(std::span<const int64_t> values) {
  for (const int64_t value : values) push_back(value);
}

Dims Dims::filled(int rank, int64_t value) {
  Dims dims;
  for (int axis = 0; axis < rank; ++axis) dims.push_back(value);
  return dims;
}

void Dims::push_back(int64_t value) {
  if (rank_ == kMostAxes) {
    throw ShapeError("shape", "more axes than " + std::to_string(kMostAxes),
                     "at most " + std::to_string(kMostAxes) + " axes");
  }
  values_[static_cast<size_t>(rank_++)] = value;
}

int64_t Dims::count() const {
  int64_t count = 1;
  for (const int64_t length : *this) count *= length;
  return count;
}

std::vector<int64_t> in_order(const Dims& shape, const Dims& order) {
  std::vector<int64_t> lengths;
  for (const int64_t axis : order) lengths.push_back(shape[static_cast<int>(axis)]);
  return lengths;
}

std::string to_string(const Dims& dims) { return convstep::to_string(dims.begin(), dims.rank()); }

Dims row_major(int rank) {
  Dims order;
  for (int axis = 0; axis < rank; ++axis) order.push_back(axis);
  return order;
}

Dims dense_strides(const Dims& shape, const Dims& order) {
  Dims strides = shape;
  int64_t step = 1;
  for (int k = shape.rank(); k-- > 0;) {
    const int axis = static_cast<int>(order[k]);
    strides[axis] = step;
    step *= std::max<int64_t>(shape[axis], 1);
  }
  return strides;
}

Dims order_of(const Dims& shape, const Dims& strides) {
  Dims order = row_major(shape.rank());
  const auto is_longer = [&](int64_t a, int64_t b) {
    return std::abs(strides[static_cast<int>(a)]) > std::abs(strides[static_cast<int>(b)]);
  };
  // By insertion: an axis moves outwards past those with shorter strides, and axes of length 1 stop nobody.
  for (int k = 1; k < order.rank(); ++k) {
    const int64_t axis = order[k];
    if (shape[static_cast<int>(axis)] == 1) continue;
    int to = k;
    for (int j = k; j-- > 0;) {
      if (shape[static_cast<int>(order[j])] == 1) continue;
      if (!is_longer(axis, order[j])) break;
      to = j;
    }
    std::rotate(order.begin() + to, order.begin() + k, order.begin() + k + 1);
  }
  return order;
}

bool is_dense(const Dims& shape, const Dims& strides, const Dims& order) {
  const Dims dense = dense_strides(shape, order);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 0) return true;
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1 && strides[axis] != dense[axis]) return false;
  }
  return true;
}

int check_axis(const char* argument, int64_t axis, int rank) {
  if (-rank <= axis && axis < rank) return static_cast<int>(axis < 0 ? axis + rank : axis);
  throw ParameterError(
      argument, std::to_string(axis),
      std::to_string(-rank) + " to " + std::to_string(rank - 1) + " for " + std::to_string(rank) + " axes");
}

}  // namespace convstep::network
