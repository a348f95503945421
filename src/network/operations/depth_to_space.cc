// depth_to_space.cc: DepthToSpace, which turns channels into blocks of pixels, and SpaceToDepth, which turns them back.
//
//   DepthToSpace   input (N, C*b*b, H, W)   output (N, C, H*b, W*b)
//   SpaceToDepth   the other way round
//
// In mode DCR the many channels are those of axes (b, b, C), in mode CRD of (C, b, b).
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

enum class Order { kDepthColumnRow, kColumnRowDepth };  // of what a channel of the deep array stands for

Order order_of(const Node& node) {
  const std::string mode = node.text("mode", "DCR");
  if (mode == "DCR") return Order::kDepthColumnRow;
  if (mode == "CRD") return Order::kColumnRowDepth;
  throw ParameterError("mode", "'" + mode + "'", "DCR or CRD");
}

int64_t times(int64_t length, int64_t b) {
  int64_t product;
  if (!__builtin_mul_overflow(length, b, &product)) return product;
  throw ParameterError("blocksize", std::to_string(b), "an output whose elements can be counted");
}

// Axes (N, H, b, W, b, C) of the array with many channels, and of that with many pixels.
template <class U>
NdView<U> deep_view(const NdView<U>& array, int64_t b, Order order) {
  const int64_t C = array.shape[1] / (b * b), step = array.strides[1];
  const bool blocks_first = order == Order::kDepthColumnRow;
  return {array.data,
          {array.shape[0], array.shape[2], b, array.shape[3], b, C},
          {array.strides[0], array.strides[2], step * b * (blocks_first ? C : 1), array.strides[3],
           step * (blocks_first ? C : 1), step * (blocks_first ? 1 : b * b)}};
}
template <class U>
NdView<U> wide_view(const NdView<U>& array, int64_t b) {
  return {array.data,
          {array.shape[0], array.shape[2] / b, b, array.shape[3] / b, b, array.shape[1]},
          {array.strides[0], array.strides[2] * b, array.strides[2], array.strides[3] * b, array.strides[3],
           array.strides[1]}};
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  const int64_t b = request.node.integer("blocksize", 0);
  constexpr int64_t kMost = 1 << 20;  // whose square fits
  if (b < 1 || b > kMost) throw ParameterError("blocksize", std::to_string(b), "1 to " + std::to_string(kMost));
  if (input.shape.rank() != 4) throw ShapeError("input", to_string(input.shape), "(N, C, H, W)");
  const auto [N, C, H, W] = input.shape.template as<4>();
  Dims shape;
  order_of(request.node);
  if (request.node.operation == "DepthToSpace") {
    if (C % (b * b) != 0) {
      throw ShapeError("input", to_string(input.shape), "channels that " + std::to_string(b * b) + " divides");
    }
    shape = {N, C / (b * b), times(H, b), times(W, b)};
  } else {
    if (H % b != 0 || W % b != 0) {
      throw ShapeError("input", to_string(input.shape), "a height and a width that " + std::to_string(b) + " divides");
    }
    shape = {N, times(C, b * b), H / b, W / b};
  }
  return {.outputs = {{input.element, check_size(shape, "output"), channels_last()}}};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const int64_t b = request.node.integer("blocksize", 0);
  const bool to_space = request.node.operation == "DepthToSpace";
  const Order order = order_of(request.node);
  Step<T> step;
  step.method = "copies";
  step.run = [b, to_space, order](const StepArrays<T>& arrays, const RunOptions& run) {
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_cvref_t<decltype(*from.data)>;
      const NdView<U> to = elements<U>(arrays.outputs[0]);
      const NdView<U> source = to_space ? deep_view(from, b, order) : wide_view(from, b);
      copy<U>({source.data, source.shape, source.strides}, to_space ? wide_view(to, b) : deep_view(to, b, order), run);
    });
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> depth_to_space_operation() {
  return {"DepthToSpace", 1, infer<T>, make<T>};
}
template <class T>
Operation<T> space_to_depth_operation() {
  return {"SpaceToDepth", 1, infer<T>, make<T>};
}
template Operation<float> depth_to_space_operation();
template Operation<double> depth_to_space_operation();
template Operation<float> space_to_depth_operation();
template Operation<double> space_to_depth_operation();

}  // namespace convstep::network
