// batch_normalization.cc: BatchNormalization, as a trained network uses it.
//
//   X (N, C, ...), or (N,), which has one channel   scale, B, input_mean, input_var (C,)   Y as X
//   Y = (X - input_mean) * (scale / sqrt(input_var + epsilon)) + B
#include <cmath>

#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

constexpr const char* kInputs[] = {"X", "scale", "B", "input_mean", "input_var"};

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "X", Element::kReal);
  if (input.shape.rank() == 0) throw ShapeError("X", "()", "(N, C, ...)");
  const Dims expected{input.shape.rank() > 1 ? input.shape[1] : 1};
  for (size_t i = 1; i < std::size(kInputs); ++i) {
    const Dims& shape = required(request, i, kInputs[i], Element::kReal).shape;
    if (!(shape == expected)) throw ShapeError(kInputs[i], to_string(shape), to_string(expected), "one per channel");
  }
  if (request.node.integer("training_mode", 0) != 0) {
    throw ParameterError("training_mode", "1", "0", "networks are not trained");
  }
  return {.outputs = {{Element::kReal, input.shape, input.order}}, .may_work_in_place = true};
}

// What a channel is multiplied with, and what is taken away before and added after that.
template <class T>
struct Channels {
  std::vector<T> mean, factor, shift;

  Channels(const NdView<T>& scale, const NdView<T>& bias, const NdView<T>& average, const NdView<T>& variance,
           double epsilon) {
    for (int64_t c = 0; c < scale.shape[0]; ++c) {
      const auto at = [c](const NdView<T>& array) { return array.data[c * array.strides[0]]; };
      mean.push_back(at(average));
      factor.push_back(static_cast<T>(double(at(scale)) / std::sqrt(double(at(variance)) + epsilon)));
      shift.push_back(at(bias));
    }
  }
};

template <class T>
void normalize(const NdView<T>& input, const NdView<T>& output, const Channels<T>& channels,
               const RunOptions& options) {
  Dims channel_strides = Dims::filled(input.rank(), 0);
  if (input.rank() > 1) channel_strides[1] = 1;
  const Loop loop(input.shape, {output.strides, input.strides, channel_strides});
  loop.run(options, [&](const Run& run) {
    T* to = output.data + run.offset(0);
    const T* from = input.data + run.offset(1);
    const T* mean = channels.mean.data() + run.offset(2);
    const T* factor = channels.factor.data() + run.offset(2);
    const T* shift = channels.shift.data() + run.offset(2);
    const int64_t n = run.count, to_step = run.step(0), from_step = run.step(1), channel_step = run.step(2);
    if (from_step == 1 && to_step == 1 && channel_step == 1) {
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = (from[i] - mean[i]) * factor[i] + shift[i];
    } else if (from_step == 1 && to_step == 1 && channel_step == 0) {
      const T m = *mean, f = *factor, s = *shift;
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = (from[i] - m) * f + s;
    } else {
      for (int64_t i = 0; i < n; ++i) {
        const int64_t c = i * channel_step;
        to[i * to_step] = (from[i * from_step] - mean[c]) * factor[c] + shift[c];
      }
    }
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const double epsilon = request.node.real("epsilon", 1e-5);
  Step<T> step;
  const auto is_constant = [&](size_t i) { return static_cast<bool>(request.input(i).constant); };
  if (is_constant(1) && is_constant(2) && is_constant(3) && is_constant(4)) {
    const auto constant = [&](size_t i) { return request.input(i).constant.real(); };
    const auto channels =
        std::make_shared<const Channels<T>>(constant(1), constant(2), constant(3), constant(4), epsilon);
    step.run = [channels](const StepArrays<T>& arrays, const RunOptions& run) {
      normalize(arrays.inputs[0].real(), arrays.outputs[0].real(), *channels, run);
    };
  } else {
    step.run = [epsilon](const StepArrays<T>& arrays, const RunOptions& run) {
      const auto array = [&](size_t i) { return arrays.inputs[i].real(); };
      const Channels<T> channels(array(1), array(2), array(3), array(4), epsilon);
      normalize(array(0), arrays.outputs[0].real(), channels, run);
    };
  }
  return step;
}

}  // namespace

template <class T>
Operation<T> batch_normalization_operation() {
  return {"BatchNormalization", 5, infer<T>, make<T>};
}
template Operation<float> batch_normalization_operation();
template Operation<double> batch_normalization_operation();

}  // namespace convstep::network
