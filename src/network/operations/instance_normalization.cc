// instance_normalization.cc: InstanceNormalization.
//
//   input (N, C, H, W)   scale, B (C,)   output as input
//   output = (input - mean) / sqrt(variance + epsilon) * scale + B, both of them of one channel of one image
#include <algorithm>
#include <cmath>

#include "network/operations/images.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "runtime/threads.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const Dims& shape = required(request, 0, "input", Element::kReal).shape;
  const Shape<4> image = image_shape("input", shape);
  const Dims expected{image[3]};
  const char* const names[] = {"input", "scale", "B"};
  for (size_t i = 1; i < std::size(names); ++i) {
    const Dims& given = required(request, i, names[i], Element::kReal).shape;
    if (!(given == expected)) throw ShapeError(names[i], to_string(given), to_string(expected), "one per channel");
  }
  return {.outputs = {image_info<T>(Element::kReal, image, shape.rank())}};
}

// So many neighbouring channels at a time, which share cache lines.
constexpr int64_t kChannels = 16;

// Channels first .. first + count - 1 of one image. Sums are double's, pixel by pixel.
template <class T>
class ChannelsOfImage {
 public:
  ChannelsOfImage(const View<const T, 3>& input, int64_t first, int64_t count)
      : input_(input), first_(first), count_(count) {
    const double pixels = static_cast<double>(input.shape(0)) * static_cast<double>(input.shape(1));
    each_pixel([&](const T* x, int64_t, int64_t) {
      for (int64_t c = 0; c < count_; ++c) mean_[c] += x[c * input_.stride(2)];
    });
    for (double& mean : mean_) mean /= pixels;
    each_pixel([&](const T* x, int64_t, int64_t) {
      for (int64_t c = 0; c < count_; ++c) {
        const double deviation = x[c * input_.stride(2)] - mean_[c];
        variance_[c] += deviation * deviation;
      }
    });
    for (double& variance : variance_) variance /= pixels;
  }

  void normalize(const NdView<T>& scale, const NdView<T>& bias, double epsilon, const View<T, 3>& output) const {
    T mean[kChannels]{}, factor[kChannels]{}, shift[kChannels]{};
    for (int64_t c = 0; c < count_; ++c) {
      mean[c] = static_cast<T>(mean_[c]);
      factor[c] = static_cast<T>(scale.data[(first_ + c) * scale.strides[0]] / std::sqrt(variance_[c] + epsilon));
      shift[c] = bias.data[(first_ + c) * bias.strides[0]];
    }
    each_pixel([&](const T* x, int64_t row, int64_t column) {
      T* y = &output(row, column, first_);
      for (int64_t c = 0; c < count_; ++c) {
        y[c * output.stride(2)] = (x[c * input_.stride(2)] - mean[c]) * factor[c] + shift[c];
      }
    });
  }

 private:
  template <class Body>
  void each_pixel(const Body& body) const {
    for (int64_t y = 0; y < input_.shape(0); ++y) {
      for (int64_t x = 0; x < input_.shape(1); ++x) body(&input_(y, x, first_), y, x);
    }
  }

  View<const T, 3> input_;
  int64_t first_, count_;
  double mean_[kChannels]{}, variance_[kChannels]{};
};

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const double epsilon = request.node.real("epsilon", 1e-5);
  return {.run = [epsilon](const StepArrays<T>& arrays, const RunOptions& options) {
    const View<const T, 4> input = as_image(arrays.inputs[0].real());
    const View<T, 4> output = as_image(arrays.outputs[0].real());
    if (input.size() == 0) return;
    const NdView<T> scale = arrays.inputs[1].real(), bias = arrays.inputs[2].real();
    const int64_t channels = input.shape(3), parts = (channels + kChannels - 1) / kChannels;
    constexpr int64_t kSmallCall = 1 << 16;  // elements, so few that they stay on the caller's thread
    const int threads = resolve_threads(options.threads, input.size() < kSmallCall);
    parallel_for(input.shape(0) * parts, threads, options.progress, [&](int64_t task) {
      const int64_t n = task / parts, first = task % parts * kChannels;
      const ChannelsOfImage<T> image(input[n], first, std::min(kChannels, channels - first));
      image.normalize(scale, bias, epsilon, output[n]);
    });
  }};
}

}  // namespace

template <class T>
Operation<T> instance_normalization_operation() {
  return {"InstanceNormalization", 3, infer<T>, make<T>};
}
template Operation<float> instance_normalization_operation();
template Operation<double> instance_normalization_operation();

}  // namespace convstep::network
