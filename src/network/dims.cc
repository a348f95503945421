#include "network/dims.h"

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

int check_axis(const char* argument, int64_t axis, int rank) {
  if (-rank <= axis && axis < rank) return static_cast<int>(axis < 0 ? axis + rank : axis);
  throw ParameterError(
      argument, std::to_string(axis),
      std::to_string(-rank) + " to " + std::to_string(rank - 1) + " for " + std::to_string(rank) + " axes");
}

}  // namespace convstep::network
