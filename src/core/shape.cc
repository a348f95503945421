#include "convstep/shape.h"

#include <new>

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
  int64_t count = 1, bytes = static_cast<int64_t>(element_size);  // bytes without the lengths of 0
  for (int axis = 0; axis < rank; ++axis) {
    if (shape[axis] < 0) throw ShapeError(argument, ErrorText::axes(argument, shape, rank), "axes of length 0 or more");
    if (shape[axis] > 0 && __builtin_mul_overflow(bytes, shape[axis], &bytes)) {
      throw ShapeError(argument, ErrorText::axes(argument, shape, rank), "an array of fewer than 2^63 bytes");
    }
    count *= shape[axis];
  }
  return count;
}

void infer_length(int64_t elements, int64_t* shape, int rank) {
  int64_t known = 1;  // the product of the other lengths; -1 where there is none
  int64_t* unknown = nullptr;
  for (int64_t* length = shape; length != shape + rank && known >= 0; ++length) {
    if (*length == -1 && !unknown) {
      unknown = length;
    } else if (*length < 0 || __builtin_mul_overflow(known, *length, &known)) {
      known = -1;
    }
  }
  const bool fits = unknown ? known > 0 && elements % known == 0 : known == elements;
  if (!fits) {
    throw ShapeError("shape", to_string(shape, rank),
                     "a shape of " + std::to_string(elements) + " elements, in which one length may be -1");
  }
  if (unknown) *unknown = elements / known;
}

void throw_not_dense(const int64_t* strides, int rank) {
  throw ShapeError("reshape", "a view with strides " + to_string(strides, rank), "a dense array",
                   "copy it into a Tensor first");
}

void throw_wrong_count(size_t values, const int64_t* shape, int rank) {
  const int64_t expected = element_count("shape", shape, rank, 1);
  throw ShapeError("values", std::to_string(values) + (values == 1 ? " element" : " elements"),
                   std::to_string(expected) + " for the shape " + to_string(shape, rank));
}

void throw_no_memory() { throw std::bad_alloc(); }

}  // namespace convstep
