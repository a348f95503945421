// Array: its element types, and conversions to and from tensors.

#include <algorithm>
#include <cstring>
#include <type_traits>

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

template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return Dtype::kBool;
  if constexpr (std::is_same_v<T, int64_t>) return Dtype::kInt64;
  if constexpr (std::is_same_v<T, float>) return Dtype::kFloat32;
  if constexpr (std::is_same_v<T, double>) return Dtype::kFloat64;
}

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

// Calls visit(element) for every element of the view in row-major order.
template <class T, int Rank, class Visit>
void for_each(View<const T, Rank> view, const Visit& visit) {
  for (int64_t i = 0; i < view.shape(0); ++i) {
    if constexpr (Rank == 1) {
      visit(view(i));
    } else {
      for_each<T, Rank - 1>(view[i], visit);
    }
  }
}

}  // namespace

int64_t dtype_size(Dtype dtype) { return kDtypes[static_cast<int>(dtype)].size; }
const char* dtype_name(Dtype dtype) { return kDtypes[static_cast<int>(dtype)].name; }

int64_t Array::size() const {
  return element_count("array", shape.data(), static_cast<int>(shape.size()), static_cast<size_t>(dtype_size(dtype)));
}

template <class T, int Rank>
Tensor<T, Rank> Array::to(const std::string& argument) const {
  if (shape.size() != Rank) {
    throw ShapeError(argument, to_string(shape.data(), static_cast<int>(shape.size())),
                     "an array of " + std::to_string(Rank) + (Rank == 1 ? " axis" : " axes"));
  }
  check_savable(*this);
  Shape<Rank> result_shape;
  std::copy(shape.begin(), shape.end(), result_shape.begin());
  auto result = Tensor<T, Rank>::uninitialized(result_shape);
  convert(*this, result.data());
  return result;
}

template <class T>
Tensor<T, 1> Array::flat() const {
  check_savable(*this);
  auto result = Tensor<T, 1>::uninitialized({size()});
  convert(*this, result.data());
  return result;
}

template <class T, int Rank>
Array to_array(View<const T, Rank> view) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  Array array{dtype_of<T>(),
              {view.shape().begin(), view.shape().end()},
              Tensor<unsigned char, 1>::uninitialized({view.size() * kSize})};
  unsigned char* next = array.bytes.data();
  if (view.is_dense()) {
    if (view.size() > 0) std::memcpy(next, view.data(), static_cast<size_t>(array.bytes.size()));
    return array;
  }
  for_each<T, Rank>(view, [&next](const T& element) {
    std::memcpy(next, &element, sizeof element);
    next += sizeof element;
  });
  return array;
}

template Tensor<float, 1> Array::flat() const;
template Tensor<double, 1> Array::flat() const;

#define CONVSTEP_INSTANTIATE(Rank)                                            \
  template Tensor<float, Rank> Array::to(const std::string& argument) const;  \
  template Tensor<double, Rank> Array::to(const std::string& argument) const; \
  template Array to_array(View<const float, Rank>);                           \
  template Array to_array(View<const double, Rank>);                          \
  template Array to_array(View<const int64_t, Rank>);                         \
  template Array to_array(View<const bool, Rank>)

CONVSTEP_INSTANTIATE(1);
CONVSTEP_INSTANTIATE(2);
CONVSTEP_INSTANTIATE(3);
CONVSTEP_INSTANTIATE(4);

#undef CONVSTEP_INSTANTIATE

}  // namespace convstep
