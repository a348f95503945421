// Array: its element types, and their conversion.

#include <algorithm>
#include <cstring>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "io/npy_stream.h"

namespace convstep {
namespace {

struct DtypeInfo {
  int64_t size;
  const char* name;
};

// In the order of Dtype.
constexpr DtypeInfo kDtypes[] = {{1, "bool"},   {1, "int8"},    {2, "int16"},  {4, "int32"},
                                 {8, "int64"},  {1, "uint8"},   {2, "uint16"}, {4, "uint32"},
                                 {8, "uint64"}, {4, "float32"}, {8, "float64"}};

template <class From, class To>
void convert_elements(const unsigned char* bytes, int64_t count, To* result) {
  for (int64_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, bytes + i * static_cast<int64_t>(sizeof value), sizeof value);
    result[i] = static_cast<To>(value);
  }
}

template <class To>
void convert(const Array& array, To* result) {
  const unsigned char* bytes = array.bytes.data();
  const int64_t count = array.size();
  switch (array.dtype) {
    case Dtype::kBool:  // any byte but 0 is true
      std::transform(bytes, bytes + count, result, [](unsigned char byte) { return byte == 0 ? To{0} : To{1}; });
      return;
    case Dtype::kInt8:
      return convert_elements<int8_t>(bytes, count, result);
    case Dtype::kInt16:
      return convert_elements<int16_t>(bytes, count, result);
    case Dtype::kInt32:
      return convert_elements<int32_t>(bytes, count, result);
    case Dtype::kInt64:
      return convert_elements<int64_t>(bytes, count, result);
    case Dtype::kUint8:
      return convert_elements<uint8_t>(bytes, count, result);
    case Dtype::kUint16:
      return convert_elements<uint16_t>(bytes, count, result);
    case Dtype::kUint32:
      return convert_elements<uint32_t>(bytes, count, result);
    case Dtype::kUint64:
      return convert_elements<uint64_t>(bytes, count, result);
    case Dtype::kFloat32:
      return convert_elements<float>(bytes, count, result);
    case Dtype::kFloat64:
      return convert_elements<double>(bytes, count, result);
  }
}

}  // namespace

int64_t dtype_size(Dtype dtype) { return kDtypes[static_cast<int>(dtype)].size; }
const char* dtype_name(Dtype dtype) { return kDtypes[static_cast<int>(dtype)].name; }

int64_t Array::size() const {
  return element_count("array", shape.data(), static_cast<int>(shape.size()), static_cast<size_t>(dtype_size(dtype)));
}

void Array::check_rank(const std::string& argument, int rank) const {
  if (static_cast<int>(shape.size()) == rank) return;
  throw ShapeError(argument, to_string(shape.data(), static_cast<int>(shape.size())),
                   "an array of " + std::to_string(rank) + (rank == 1 ? " axis" : " axes"),
                   rank == 1 ? "flat() takes the elements of any shape" : "");
}

template <std::floating_point T>
Tensor<T, 1> Array::flat() const {
  check_savable(*this);
  auto result = Tensor<T, 1>::uninitialized({size()});
  convert(*this, result.data());
  return result;
}

template Tensor<float, 1> Array::flat() const;
template Tensor<double, 1> Array::flat() const;

}  // namespace convstep
