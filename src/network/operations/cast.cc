// cast.cc: Cast. The real types of ONNX are all the network's own, and are rounded no further; its whole numbers are
// 64 bits wide, but keep to the range of the type that is asked for: fractions and what is out of range are cut off,
// bits that a narrower type does not have are dropped.
#include "network/operations/arithmetic.h"
#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// Of ONNX's TensorProto.DataType: its number, and what it is to a network.
struct Type {
  int64_t number;
  Element element;
  int bits = 64;  // of whole numbers: 1 is truth values
  bool is_signed = true;
};
constexpr Type kTypes[] = {
    {1, Element::kReal},                 // FLOAT
    {2, Element::kInteger, 8, false},    // UINT8
    {3, Element::kInteger, 8, true},     // INT8
    {4, Element::kInteger, 16, false},   // UINT16
    {5, Element::kInteger, 16, true},    // INT16
    {6, Element::kInteger, 32, true},    // INT32
    {7, Element::kInteger, 64, true},    // INT64
    {9, Element::kInteger, 1, false},    // BOOL
    {10, Element::kReal},                // FLOAT16
    {11, Element::kReal},                // DOUBLE
    {12, Element::kInteger, 32, false},  // UINT32
    {13, Element::kInteger, 64, true},   // UINT64, of which there are those below 2^63
    {16, Element::kReal},                // BFLOAT16
};

Type type_of(const Node& node) {
  if (!node.has("to")) throw ParameterError("to", "none", "a type");
  const int64_t number = node.integer("to", 0);
  for (const Type& type : kTypes) {
    if (type.number == number) return type;
  }
  throw ParameterError("to", "type " + std::to_string(number), "a real type, whole numbers or truth values");
}

// The least and the most of whole numbers of fewer than 64 bits.
struct Range {
  explicit Range(const Type& type)
      : least(type.is_signed ? -(int64_t{1} << (type.bits - 1)) : 0), most(least + (int64_t{1} << type.bits) - 1) {}
  int64_t least, most;
};

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const Type type = type_of(request.node);
  Inferred<T> inferred{.outputs = {{type.element, input.shape, input.order}}};
  if (type.element == input.element && type.bits == 64) {
    inferred.view = [](const ArrayView<T>& array) { return array; };
    inferred.view_takes_strides = true;
  }
  return inferred;
}

template <class T>
UnaryRun<int64_t, T> cut(const Type& type) {
  if (type.bits == 1) return unary_run<int64_t, T>([](T x) -> int64_t { return x != 0; });
  if (type.bits == 64) return unary_run<int64_t, T>([](T x) { return to_integer(x); });
  return unary_run<int64_t, T>(
      [range = Range(type)](T x) { return std::clamp(to_integer(x), range.least, range.most); });
}

UnaryRun<int64_t, int64_t> narrow(const Type& type) {
  if (type.bits == 1) return unary_run<int64_t, int64_t>([](int64_t x) -> int64_t { return x != 0; });
  return unary_run<int64_t, int64_t>([range = Range(type)](int64_t x) {
    const uint64_t span = static_cast<uint64_t>(range.most - range.least);  // all bits that the type has
    const int64_t low = static_cast<int64_t>(static_cast<uint64_t>(x) & span);
    return low > range.most ? low - static_cast<int64_t>(span) - 1 : low;
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  if (inferred.outputs[0].element == Element::kReal) {
    return {.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
      const auto run = unary_run<T, int64_t>([](int64_t x) { return static_cast<T>(x); });
      apply(run, arrays.inputs[0].integers(), arrays.outputs[0].real(), options);
    }};
  }
  const Type type = type_of(request.node);
  if (request.inputs[0].element == Element::kReal) {
    return {.run = [run = cut<T>(type)](const StepArrays<T>& arrays, const RunOptions& options) {
      apply(run, arrays.inputs[0].real(), arrays.outputs[0].integers(), options);
    }};
  }
  if (type.bits == 64) return {.run = nullptr};  // a view
  return {.run = [run = narrow(type)](const StepArrays<T>& arrays, const RunOptions& options) {
    apply(run, arrays.inputs[0].integers(), arrays.outputs[0].integers(), options);
  }};
}

}  // namespace

template <class T>
Operation<T> cast_operation() {
  return {"Cast", 1, infer<T>, make<T>};
}
template Operation<float> cast_operation();
template Operation<double> cast_operation();

}  // namespace convstep::network
