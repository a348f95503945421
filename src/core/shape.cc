#include "convstep/shape.h"

#include "convstep/error.h"

namespace convstep {

std::string to_string(const int64_t* shape, int rank) {
  std::string text = "(";
  for (int axis = 0; axis < rank; ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text += rank == 1 ? ",)" : ")";
}

std::string to_string(const Size2& size) {
  const int64_t pair[] = {size.height, size.width};
  return to_string(pair, 2);
}

int64_t element_count(const char* argument, const int64_t* shape, int rank, size_t element_size) {
  int64_t count = 1;                                   // a length of 0 makes it 0
  int64_t bytes = static_cast<int64_t>(element_size);  // a length of 0 is left out
  for (int axis = 0; axis < rank; ++axis) {
    if (shape[axis] < 0) throw ShapeError(argument, to_string(shape, rank), "axes of length 0 or more");
    count = shape[axis] == 0 ? 0 : count;
    if (shape[axis] > 0 && __builtin_mul_overflow(bytes, shape[axis], &bytes)) {
      throw ShapeError(argument, to_string(shape, rank), "an array of fewer than 2^63 bytes");
    }
  }
  return count == 0 ? 0 : bytes / static_cast<int64_t>(element_size);
}

}  // namespace convstep
