// pool.cc: MaxPool, AveragePool and LpPool.
//
//   X (N, C, H, W)   Y (N, C, OH, OW)   Indices (N, C, OH, OW), of MaxPool: n*C*H*W + c*H*W + h*W + w, or, with
//   storage_order 1, n*C*H*W + c*H*W + w*H + h
#include "convstep/pool.h"

#include <algorithm>

#include "core/in_words.h"
#include "network/operations/layer_options.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "runtime/threads.h"

namespace convstep::network {

PoolOptions pool_options(const Node& node, int axes) {
  if (node.integers("kernel_shape").empty()) throw ParameterError("kernel_shape", "nothing", "the size of the window");
  PoolOptions options{.window = size_attribute(node, "kernel_shape", axes),
                      .stride = size_attribute(node, "strides", axes),
                      .padding = padding_attribute(node, axes),
                      .dilation = size_attribute(node, "dilations", axes),
                      .ceil_mode = node.integer("ceil_mode", 0) != 0};
  if (node.operation == "AveragePool") {
    options.mode = PoolMode::kAverage;
    options.count_include_pad = node.integer("count_include_pad", 0) != 0;
  } else if (node.operation == "LpPool") {
    options.mode = PoolMode::kLp;
    options.p = static_cast<double>(node.integer("p", 2));
  }
  return options;
}

namespace {

bool has_indices(const Node& node) { return node.outputs.size() > 1 && node.outputs[1] != kNoValue; }

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& x = required(request, 0, "X");
  if (request.node.operation != "MaxPool") check_element(x, "X", Element::kReal);
  const Dims& shape = x.shape;
  const Shape<4> input = image_shape("X", shape);
  const PoolOptions options = pool_options(request.node, shape.rank() - 2);
  const Shape<4> output = in_words(kImageWording, [&] { return pool_output_shape(input, options); });
  std::vector<ValueInfo<T>> outputs = {image_info<T>(x.element, output, shape.rank())};
  if (has_indices(request.node)) outputs.push_back(image_info<T>(Element::kInteger, output, shape.rank()));
  return {.outputs = std::move(outputs)};
}

// From row*W + column in the plane of an image to ONNX's numbers of the whole array.
void renumber(const View<int64_t, 4>& indices, const Shape<4>& input, bool by_columns, const RunOptions& run) {
  const auto [N, H, W, C] = input;
  const int64_t rows = indices.shape(1), height = H, width = W, channels = C;
  constexpr int64_t kSmallCall = 1 << 16;  // indices, so few that they stay on the caller's thread
  const int threads = resolve_threads(run.threads, indices.size() < kSmallCall);
  parallel_for(N * rows, threads, {}, [&](int64_t task) {
    const int64_t n = task / rows, y = task % rows;
    for (int64_t x = 0; x < indices.shape(2); ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        int64_t& index = indices(n, y, x, c);
        if (by_columns) index = index % width * height + index / width;
        index += (n * channels + c) * height * width;
      }
    }
  });
}

// Whole numbers are those of 8 bits, which T holds.
template <class T>
class RealCopy {
 public:
  RealCopy(const ArrayView<T>& array, bool has_elements) : array_(array) {
    if (array.element == Element::kReal) return;
    copy_ = Tensor<T, 4>::uninitialized(as_image(array.integers()).shape());
    if (has_elements) each([](const int64_t& integer, T& real) { real = static_cast<T>(integer); });
  }

  View<T, 4> view() { return copy_.data() ? copy_.view() : as_image(array_.real()); }
  void copy_back() {
    if (copy_.data()) each([](int64_t& integer, const T& real) { integer = static_cast<int64_t>(real); });
  }

 private:
  template <class F>
  void each(const F& f) {
    const View<int64_t, 4> integers = as_image(array_.integers());
    const auto [N, H, W, C] = integers.shape();
    T* real = copy_.data();
    for (int64_t row = 0; row < N * H; ++row) {
      for (int64_t x = 0; x < W; ++x) {
        for (int64_t c = 0; c < C; ++c) f(integers(row / H, row % H, x, c), *real++);
      }
    }
  }

  ArrayView<T> array_;
  Tensor<T, 4> copy_;
};

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const Dims& shape = request.input(0).shape;
  const Shape<4> input = image_shape("X", shape);
  const PoolOptions options = pool_options(request.node, shape.rank() - 2);
  const auto plan = std::make_shared<const PoolPlan<T>>(input, options);
  Step<T> step;
  step.method = plan->describe();
  const bool with_indices = inferred.outputs.size() > 1;
  if (with_indices) step.method += ", with indices";
  const bool by_columns = request.node.integer("storage_order", 0) != 0;
  step.run = [=](const StepArrays<T>& arrays, const RunOptions& run) {
    RealCopy<T> from(arrays.inputs[0], true), to(arrays.outputs[0], false);
    if (with_indices) {
      const View<int64_t, 4> indices = as_image(arrays.outputs[1].integers());
      plan->run_with_indices(from.view(), to.view(), indices, run);
      renumber(indices, input, by_columns, run);
    } else {
      plan->run(from.view(), to.view(), run);
    }
    to.copy_back();
  };
  if (shape.rank() == 4 && !with_indices && request.input(0).element == Element::kReal) {
    step.of_rows.run = [plan](const RowRange& rows, const StepArrays<T>& arrays, const RunOptions& run) {
      plan->run_rows(rows, as_image(arrays.inputs[0].real()), as_image(arrays.outputs[0].real()), run);
    };
    step.of_rows.reads = [plan](size_t, const RowRange& rows) { return plan->input_rows(rows); };
  }
  return step;
}

}  // namespace

template <class T>
Operation<T> pool_operation(const char* name) {
  return {name, 1, infer<T>, make<T>};
}
template Operation<float> pool_operation(const char*);
template Operation<double> pool_operation(const char*);

}  // namespace convstep::network
