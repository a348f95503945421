// array_bytes.h: arrays from values, and the bytes of both.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "convstep/npy.h"

namespace convstep::test {

// The bytes of the values as they lie in memory.
template <class T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes;
  for (const T& value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

template <class T>
Array array_of(Dtype dtype, std::vector<int64_t> shape, std::initializer_list<T> values) {
  const std::string bytes = raw(values);
  Array array{dtype, std::move(shape), Tensor<unsigned char, 1>({static_cast<int64_t>(bytes.size())})};
  std::memcpy(array.bytes.data(), bytes.data(), bytes.size());
  return array;
}

inline std::string bytes_of(const Array& array) {
  return {array.bytes.data(), array.bytes.data() + array.bytes.size()};
}

}  // namespace convstep::test
