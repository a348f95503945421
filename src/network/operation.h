// operation.h: what a network knows of an operation: the shapes of its outputs, and how to compute them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "convstep/runtime.h"
#include "network/graph.h"

namespace convstep::network {

// What is known of a value before a network runs.
template <class T>
struct ValueInfo {
  ValueInfo() = default;
  ValueInfo(Element element_, const Dims& shape_, const Dims& order_, const ArrayView<T>& constant_ = {})
      : element(element_), shape(shape_), order(order_), constant(constant_) {}

  Element element = Element::kNone;  // kNone: left out
  Dims shape;
  Dims order;             // of the axes in memory, outermost first
  ArrayView<T> constant;  // its elements, where they are known

  explicit operator bool() const { return element != Element::kNone; }
};

// Such a value at this address, dense in its order.
template <class T>
ArrayView<T> dense_array(const ValueInfo<T>& info, void* data) {
  ArrayView<T> array;
  array.element = info.element;
  array.data = data;
  array.shape = info.shape;
  array.strides = dense_strides(info.shape, info.order);
  return array;
}

// A node, and what is known of its inputs: one for each that the operation may have, those left out included.
template <class T>
struct Request {
  const Node& node;
  std::span<const ValueInfo<T>> inputs;

  const ValueInfo<T>& input(size_t index) const;  // kNone where there are fewer
};

// What follows from the inputs' shapes, types, and constants.
template <class T>
struct Inferred {
  std::vector<ValueInfo<T>> outputs;
  // Set where output 0 is another view of input 0: what it is. Calls allocate nothing, and read no elements.
  std::function<ArrayView<T>(const ArrayView<T>&)> view = nullptr;
  // May input 0 of such a view have any strides (Transpose, Slice)? If not (Reshape), it is dense in its order.
  bool view_takes_strides = false;
  // May output 0 be one of these inputs, where their shape and order are the same?
  bool may_work_in_place = false;
  std::vector<size_t> in_place_inputs = {0};
  // Holds the elements of an output that follows from the shapes of inputs alone (Shape), and is constant.
  Constant<T> memory = Constant<T>();
};

// The arrays of one step of a run. Those left out are kNone. Inputs and outputs may have any strides: those of a
// caller's arrays, or of a range of the channels of another array; but for the order of their axes, if they are not the
// caller's, which is as inferred. They share no elements, but for an output that works in place.
template <class T>
struct StepArrays {
  std::span<const ArrayView<T>> inputs, outputs;
};

// How to compute some rows of the output alone, where inputs and output are images (N, C, H, W): with the bits of the
// whole. The arrays are those of whole images, of which only the rows that are read and written need be there.
template <class T>
struct RowStep {
  std::function<void(const RowRange& rows, const StepArrays<T>& arrays, const RunOptions& options)> run = nullptr;
  std::function<RowRange(size_t input, const RowRange& rows)> reads = nullptr;  // of the input of that number
  int64_t step = 1;  // rows begin with a multiple of it, and are as many, unless they end with the image

  explicit operator bool() const { return static_cast<bool>(run); }
};

// How to compute the outputs: made once, for the shapes that were inferred, and run by many threads at once.
template <class T>
struct Step {
  std::function<void(const StepArrays<T>& arrays, const RunOptions& options)> run;
  std::string method = "";            // for people: "direct 7x64, avx512"
  double multiply_adds = 0;           // of one run
  RowStep<T> of_rows = RowStep<T>();  // none, where images are computed as a whole
};

inline constexpr size_t kAnyNumber = static_cast<size_t>(-1);

// Where infer finds nothing wrong, make does not throw but for std::bad_alloc. Both name what is wrong as ONNX names
// the input or attribute; whoever calls them adds the node.
template <class T>
struct Operation {
  const char* name;
  size_t most_inputs;  // or kAnyNumber
  Inferred<T> (*infer)(const Request<T>& request);
  Step<T> (*make)(const Request<T>& request, const Inferred<T>& inferred);  // null: outputs are always views
};

// Null for an operation that is not there.
template <class T>
const Operation<T>* find_operation(std::string_view name);
std::vector<std::string> operation_names();

}  // namespace convstep::network
