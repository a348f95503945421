// conv_transpose.cc: ConvTranspose, which is the gradient of a convolution's input: its X is the gradient of that
// convolution's output, its Y that of its input.
//
//   X (N, C, H, W)   W (C, M/group, KH, KW)   B (M,) or none   Y (N, M, OH, OW),
//   OH = strides*(H-1) + output_padding + dilations*(KH-1) + 1 - the two pads, unless output_shape says it
#include <algorithm>

#include "convstep/conv.h"
#include "core/in_words.h"
#include "network/operations/images.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "runtime/threads.h"

namespace convstep::network {
namespace {

// One axis of Y. What X reaches of it are the first `reached` elements: there it is the input of a convolution that
// pads `before` and `after` and has exactly as many outputs as X has elements.
struct Axis {
  int64_t length, reached, before, after;
};

// All that says where one axis of X goes.
struct AxisRule {
  int64_t input, window, stride, dilation, output_padding;
  int64_t before, after;  // explicit pads
  int64_t asked;          // output_shape, or 0
  Padding::Rule rule;
};

Axis resolve(const AxisRule& rule, const char* axis_name) {
  int64_t span, end;  // from the first element that X reaches to the last; with output_padding
  if (__builtin_mul_overflow(rule.stride, rule.input - 1, &span) ||
      __builtin_mul_overflow(rule.dilation, rule.window - 1, &end) || __builtin_add_overflow(span, end, &span) ||
      __builtin_add_overflow(span, 1, &span) || __builtin_add_overflow(span, rule.output_padding, &end)) {
    throw ShapeError("strides", std::to_string(rule.stride), "an output whose elements can be counted");
  }
  int64_t length = rule.asked, before = rule.before, pads;
  const bool is_same = rule.rule != Padding::Rule::kExplicit;
  if (length == 0 && is_same && __builtin_mul_overflow(rule.input, rule.stride, &length)) {
    throw ShapeError("strides", std::to_string(rule.stride), "an output whose elements can be counted");
  }
  if (length > 0) {
    pads = std::max<int64_t>(end - length, 0);
    before = rule.rule == Padding::Rule::kSameUpper ? pads / 2 : pads - pads / 2;
  } else if (__builtin_add_overflow(rule.before, rule.after, &pads) || __builtin_sub_overflow(end, pads, &length) ||
             length < 1) {
    const int64_t sides[] = {rule.before, rule.after};
    throw ParameterError("pads", convstep::to_string(sides, 2) + " along the " + axis_name,
                         "fewer than the " + std::to_string(end) + " elements that there are without them");
  }
  const int64_t left = span - before;  // what X reaches beyond the elements that are cut off in front
  if (left < 1) {
    throw ParameterError("pads", std::to_string(before) + " before the " + axis_name,
                         "fewer than the " + std::to_string(span) + " elements that X reaches");
  }
  const int64_t reached = std::min(length, left);
  return {length, reached, before, left - reached};
}

struct Problem {
  Shape<4> input, output, weights;
  Axis height, width;
  ConvOptions options;  // of the convolution whose gradient it is, for the part of Y that X reaches

  Shape<4> reached() const { return {output[0], height.reached, width.reached, output[3]}; }
};

void check_each_at_least(const char* attribute, const Size2& size, int64_t least) {
  if (size.height >= least && size.width >= least) return;
  throw ParameterError(attribute, to_string(size), std::to_string(least) + " or more");
}

template <class T>
Problem problem_of(const Request<T>& request) {
  const Node& node = request.node;
  const Dims &shape = request.input(0).shape, &filters = request.input(1).shape;
  const int axes = shape.rank() - 2;
  const Shape<4> input = image_shape("X", shape), weights = filter_shape("W", filters);
  if (filters.rank() != shape.rank()) {
    throw ShapeError("W", to_string(filters), "as many axes as X, whose shape is " + to_string(shape));
  }
  const int64_t groups = node.integer("group", 1);
  if (groups < 1 || input[3] % groups != 0) {
    throw ParameterError("group", std::to_string(groups),
                         "a divisor of the " + std::to_string(input[3]) + " channels of X");
  }
  if (weights[3] != input[3]) {
    throw ShapeError("W", to_string(filters), "(C, M/group, KH, KW), where C is " + std::to_string(input[3]));
  }
  const Size2 window = size_attribute(node, "kernel_shape", axes, {weights[0], weights[1]});
  if (window != Size2{weights[0], weights[1]}) {
    throw ShapeError("kernel_shape", to_string(window), to_string(Size2{weights[0], weights[1]}),
                     "so are the weights W");
  }
  const Size2 stride = size_attribute(node, "strides", axes), dilation = size_attribute(node, "dilations", axes);
  const Size2 more = size_attribute(node, "output_padding", axes, {0, 0});
  Size2 asked{0, 0};
  if (!node.integers("output_shape").empty()) {
    asked = size_attribute(node, "output_shape", axes);
    check_each_at_least("output_shape", asked, 1);
  }
  check_each_at_least("X", {input[1], input[2]}, 1);
  check_each_at_least("W", window, 1);
  check_each_at_least("strides", stride, 1);
  check_each_at_least("dilations", dilation, 1);
  check_each_at_least("output_padding", more, 0);
  const Padding pads = padding_attribute(node, axes);
  check_each_at_least("pads", {std::min(pads.top, pads.bottom), std::min(pads.left, pads.right)}, 0);
  const Axis height = resolve({input[1], window.height, stride.height, dilation.height, more.height, pads.top,
                               pads.bottom, asked.height, pads.rule},
                              "height");
  const Axis width = resolve(
      {input[2], window.width, stride.width, dilation.width, more.width, pads.left, pads.right, asked.width, pads.rule},
      "width");
  int64_t channels;
  if (__builtin_mul_overflow(weights[2], groups, &channels))
    throw ShapeError("W", to_string(filters), "fewer channels");
  return {.input = input,
          .output = {input[0], height.length, width.length, channels},
          .weights = weights,
          .height = height,
          .width = width,
          .options = {.stride = stride,
                      .padding = Padding(height.before, height.after, width.before, width.after),
                      .dilation = dilation,
                      .groups = groups}};
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "X", Element::kReal);
  required(request, 1, "W", Element::kReal);
  const Problem problem = problem_of(request);
  in_words(kImageWording, [&] { return conv_output_shape(problem.reached(), problem.weights, problem.options); });
  if (request.input(2)) {
    const Dims& bias = required(request, 2, "B", Element::kReal).shape;
    const Dims expected{problem.output[3]};
    if (!(bias == expected)) throw ShapeError("B", to_string(bias), to_string(expected), "one number per filter");
  }
  return {.outputs = {image_info<T>(Element::kReal, problem.output, input.shape.rank())}};
}

// Each channel has its bias everywhere, or 0.
template <class T>
void fill_channels(const View<T, 4>& output, const View<const T, 1>& bias, const RunOptions& run) {
  const auto [N, H, W, C] = output.shape();
  const int64_t rows = H, columns = W, channels = C;
  constexpr int64_t kSmallCall = 1 << 17;  // elements, so few that they stay on the caller's thread
  parallel_for(N * rows, resolve_threads(run.threads, output.size() < kSmallCall), {}, [&](int64_t task) {
    for (int64_t x = 0; x < columns; ++x) {
      T* to = &output(task / rows, task % rows, x, 0);
      for (int64_t c = 0; c < channels; ++c) to[c * output.stride(3)] = bias ? bias(c) : T(0);
    }
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const Problem problem = problem_of(request);
  std::shared_ptr<const ConvBackwardPlan<T>> plan;
  if (request.input(1).constant) {
    plan = std::make_shared<const ConvBackwardPlan<T>>(problem.reached(), as_filters(request.input(1).constant.real()),
                                                       problem.options);
  }
  Step<T> step;
  step.method = plan ? plan->describe() : "weights packed in each run";
  step.multiply_adds = static_cast<double>(request.input(0).shape.count()) *
                       static_cast<double>(problem.weights[0] * problem.weights[1] * problem.weights[2]);
  step.run = [plan, problem](const StepArrays<T>& arrays, const RunOptions& run) {
    const View<const T, 4> input = as_image(arrays.inputs[0].real());
    const View<T, 4> output = as_image(arrays.outputs[0].real());
    const View<T, 4> reached(output.data(), problem.reached(), output.strides());
    const bool has_bias = arrays.inputs.size() > 2 && arrays.inputs[2];
    const View<const T, 1> bias =
        has_bias ? View<const T, 1>(arrays.inputs[2].real().template as<1>()) : View<const T, 1>();
    if (output.size() == 0) return;
    if (has_bias || reached.size() < output.size()) fill_channels(output, bias, run);
    if (plan) {
      plan->run_input(input, reached, has_bias, run);
      return;
    }
    ConvOptions options = problem.options;
    options.threads = run.threads;
    options.progress = run.progress;
    conv_backward_input(input, as_filters(arrays.inputs[1].real()), reached, options, has_bias);
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> conv_transpose_operation() {
  return {"ConvTranspose", 3, infer<T>, make<T>};
}
template Operation<float> conv_transpose_operation();
template Operation<double> conv_transpose_operation();

}  // namespace convstep::network
