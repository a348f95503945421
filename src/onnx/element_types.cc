#include "onnx/element_types.h"

#include <iterator>

namespace convstep::onnx {
namespace {

using network::Element;

struct Row {
  const char* name;
  Element element = Element::kNone;
  int64_t size = 0;
};

// In the order of their numbers in ONNX.
constexpr Row kTypes[] = {
    {"no type"},
    {"float32", Element::kReal, 4},
    {"uint8", Element::kInteger, 1},
    {"int8", Element::kInteger, 1},
    {"uint16", Element::kInteger, 2},
    {"int16", Element::kInteger, 2},
    {"int32", Element::kInteger, 4},
    {"int64", Element::kInteger, 8},
    {"string"},
    {"bool", Element::kInteger, 1},
    {"float16", Element::kReal, 2},
    {"float64", Element::kReal, 8},
    {"uint32", Element::kInteger, 4},
    {"uint64", Element::kInteger, 8},
    {"complex64"},
    {"complex128"},
    {"bfloat16", Element::kReal, 2},
    {"float8e4m3fn"},
    {"float8e4m3fnuz"},
    {"float8e5m2"},
    {"float8e5m2fnuz"},
    {"uint4"},
    {"int4"},
    {"float4e2m1"},
    {"float8e8m0"},
    {"uint2"},
    {"int2"},
    {"float6e2m3"},
    {"float6e3m2"},
};

}  // namespace

ElementTypeInfo element_type_info(int32_t type) {
  if (type < 0 || type >= static_cast<int32_t>(std::size(kTypes))) {
    return {"type " + std::to_string(type), Element::kNone, 0};
  }
  const Row& row = kTypes[type];
  return {row.name, row.element, row.size};
}

}  // namespace convstep::onnx
