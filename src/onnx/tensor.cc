#include "onnx/tensor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "convstep/error.h"
#include "io/half.h"
#include "onnx/element_types.h"

namespace convstep::onnx {
namespace {

using network::Constant;
using network::Dims;
using onnx_file::TensorProto;

static_assert(std::endian::native == std::endian::little, "raw_data are little-endian");

constexpr int32_t kExternal = 1;  // data_location

struct Half {
  uint16_t bits;
  explicit operator float() const { return float_of_half(bits); }
};

// The upper half of a float.
struct Bfloat16 {
  uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
};

struct Bool {
  uint8_t byte;
  explicit operator int64_t() const { return byte != 0; }
};

// As bytes: the elements one after the other, as memory of type `From` has them.
template <class From, class To>
void convert_bytes(const void* bytes, int64_t count, To* to) {
  const auto* next = static_cast<const unsigned char*>(bytes);
  for (int64_t i = 0; i < count; ++i, next += sizeof(From)) {
    From value;
    std::memcpy(&value, next, sizeof value);
    if constexpr (std::is_class_v<From> && std::is_floating_point_v<To>) {
      to[i] = static_cast<To>(static_cast<float>(value));
    } else {
      to[i] = static_cast<To>(value);
    }
  }
}

// As bytes that are still where they come from.
template <class From, class To>
void read_elements(const Stretch& stretch, int64_t count, To* to) {
  if constexpr (std::is_same_v<From, To>) {
    stretch.bytes->read(stretch.begin, to, stretch.size());
  } else {
    constexpr int64_t kBlock = 4096, kEach = sizeof(From);
    std::array<unsigned char, kBlock * kEach> block;
    for (int64_t i = 0; i < count; i += kBlock) {
      const int64_t some = std::min(kBlock, count - i);
      stretch.bytes->read(stretch.begin + i * kEach, block.data(), some * kEach);
      convert_bytes<From>(block.data(), some, to + i);
    }
  }
}

// As a field that holds each element as a number of its own: the bits of the small ones in 32.
template <class From, class Field, class To>
void convert_field(const Field& field, To* to) {
  for (const auto number : field) {
    if constexpr (std::is_class_v<From> && std::is_floating_point_v<To>) {
      *to++ = static_cast<To>(static_cast<float>(From{static_cast<uint16_t>(number)}));
    } else if constexpr (std::is_same_v<From, Bool>) {
      *to++ = number != 0;
    } else {
      *to++ = static_cast<To>(static_cast<From>(number));
    }
  }
}

// One tensor on its way to an array.
template <class T>
class Reader {
 public:
  Reader(TensorProto& tensor, const Stretch& raw_data, ExternalData& external, const Source& source,
         const std::string& what)
      : tensor_(tensor), raw_data_(raw_data), external_(external), source_(source), what_(what) {}

  Constant<T> read() {
    const ElementTypeInfo info = element_type_info(tensor_.data_type());
    if (info.element == network::Element::kNone) fail("has elements of type " + info.name + ", which cannot be read");
    if (tensor_.has_segment()) fail("is a segment of a larger one, which cannot be read");
    read_shape();
    switch (static_cast<ElementType>(tensor_.data_type())) {
      case ElementType::kFloat:
        return as<float, T>(tensor_.float_data());
      case ElementType::kDouble:
        return as<double, T>(tensor_.double_data());
      case ElementType::kFloat16:
        return as<Half, T>(tensor_.int32_data());
      case ElementType::kBfloat16:
        return as<Bfloat16, T>(tensor_.int32_data());
      case ElementType::kUint8:
        return as<uint8_t, int64_t>(tensor_.int32_data());
      case ElementType::kInt8:
        return as<int8_t, int64_t>(tensor_.int32_data());
      case ElementType::kUint16:
        return as<uint16_t, int64_t>(tensor_.int32_data());
      case ElementType::kInt16:
        return as<int16_t, int64_t>(tensor_.int32_data());
      case ElementType::kInt32:
        return as<int32_t, int64_t>(tensor_.int32_data());
      case ElementType::kBool:
        return as<Bool, int64_t>(tensor_.int32_data());
      case ElementType::kInt64:
        return as<int64_t, int64_t>(tensor_.int64_data());
      case ElementType::kUint32:
        return as<uint32_t, int64_t>(tensor_.uint64_data());
      case ElementType::kUint64:  // those from 2^63 on become negative, as a cast of NumPy's makes them
        return as<uint64_t, int64_t>(tensor_.uint64_data());
    }
    return {};
  }

 private:
  [[noreturn]] void fail(const std::string& cause) const { source_.fail(what_ + " " + cause); }

  void read_shape() {
    if (tensor_.dims_size() > network::kMostAxes) {
      fail("has " + std::to_string(tensor_.dims_size()) + " axes; arrays of up to " +
           std::to_string(network::kMostAxes) + " can be read");
    }
    for (const int64_t length : tensor_.dims()) shape_.push_back(length);
    try {
      constexpr size_t kLargestElement = sizeof(double);
      count_ = element_count("shape", shape_.begin(), shape_.rank(), kLargestElement);
    } catch (const ShapeError&) {
      fail("has the impossible shape " + to_string(shape_));
    }
  }

  template <class From, class To, class Field>
  Constant<T> as(const Field& field) {
    const int64_t bytes = count_ * static_cast<int64_t>(sizeof(From));
    const bool is_external = tensor_.data_location() == kExternal;
    if (is_external || raw_data_.bytes) {
      const Stretch data = is_external ? external_.find(tensor_, bytes, what_) : raw_data_;
      if (data.size() != bytes) fail_for_size(data.size(), "bytes", bytes);
      return converted<To>([&](To* to) { read_elements<From>(data, count_, to); });
    }
    if (tensor_.has_raw_data()) {
      const std::unique_ptr<std::string> data(tensor_.release_raw_data());
      if (static_cast<int64_t>(data->size()) != bytes)
        fail_for_size(static_cast<int64_t>(data->size()), "bytes", bytes);
      return converted<To>([&](To* to) { convert_bytes<From>(data->data(), count_, to); });
    }
    if (field.size() != count_) fail_for_size(field.size(), "elements", count_);
    return converted<To>([&](To* to) { convert_field<From>(field, to); });
  }

  [[noreturn]] void fail_for_size(int64_t given, const char* unit, int64_t expected) const {
    fail("has " + std::to_string(given) + " " + unit + ", where its shape " + to_string(shape_) + " takes " +
         std::to_string(expected));
  }

  template <class To, class Fill>
  Constant<T> converted(const Fill& fill) const {
    auto values = Tensor<To, 1>::uninitialized({count_});
    if (count_ > 0) fill(values.data());
    return Constant<T>(std::move(values), shape_);
  }

  TensorProto& tensor_;
  const Stretch& raw_data_;
  ExternalData& external_;
  const Source& source_;
  const std::string& what_;
  Dims shape_;
  int64_t count_ = 0;
};

}  // namespace

template <class T>
Constant<T> read_tensor(TensorProto& tensor, const Stretch& raw_data, ExternalData& external, const Source& source,
                        const std::string& what) {
  return Reader<T>(tensor, raw_data, external, source, what).read();
}

template Constant<float> read_tensor(TensorProto&, const Stretch&, ExternalData&, const Source&, const std::string&);
template Constant<double> read_tensor(TensorProto&, const Stretch&, ExternalData&, const Source&, const std::string&);

}  // namespace convstep::onnx
