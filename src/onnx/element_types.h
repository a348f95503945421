// element_types.h: the types of elements that ONNX numbers, and what they are in a network.
#pragma once

#include <cstdint>
#include <string>

#include "network/array.h"

namespace convstep::onnx {

enum class ElementType : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16
};

struct ElementTypeInfo {
  std::string name;          // "float16"; "type 99" where ONNX has no such number
  network::Element element;  // kNone for a type that networks have no elements for
  int64_t size;              // bytes of one element
};

ElementTypeInfo element_type_info(int32_t type);

}  // namespace convstep::onnx
