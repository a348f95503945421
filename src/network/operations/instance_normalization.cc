// instance_normalization.cc: InstanceNormalization.
//
//   input (N, C, H, W)   scale, B (C,)   output as input
//   output = (input - mean) / sqrt(variance + epsilon) * scale + B, both of them of one channel of one image
#include <algorithm>
#include <cmath>

#include "network/operations/elementwise.h"
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

// The rows of images in tasks, always the same ones.
struct RowParts {
  int64_t rows, parts;  // of an image
  int threads;

  template <class T>
  RowParts(const View<const T, 4>& input, const RunOptions& options)
      : rows(std::max<int64_t>(kTaskElements / (input.shape(2) * input.shape(3)), 1)),
        parts((input.shape(1) + rows - 1) / rows),
        threads(resolve_threads(options.threads, input.size() < kSmallCall)) {}

  // Calls body(task, n, first row, end) on several threads.
  template <class T, class Body>
  void run(const View<const T, 4>& input, const ProgressCallback& progress, const Body& body) const {
    const int64_t height = input.shape(1);
    parallel_for(input.shape(0) * parts, threads, progress, [&](int64_t task) {
      const int64_t first = task % parts * rows;
      body(task, task / parts, first, std::min(first + rows, height));
    });
  }

  // And so few elements that they stay on the caller's thread.
  static constexpr int64_t kTaskElements = 1 << 15, kSmallCall = 1 << 17;
};

// What add(sums of T, pixel, n) sums over the pixels of each image, for each of its channels: in T over kSummed pixels
// of a row, which are then added in double.
template <class T, class Add>
std::vector<double> sum_channels(const View<const T, 4>& input, const RowParts& tasks, const Add& add) {
  constexpr int64_t kSummed = 16;
  const int64_t N = input.shape(0), W = input.shape(2), C = input.shape(3);
  std::vector<double> partial(static_cast<size_t>(N * tasks.parts * C)), sums(static_cast<size_t>(N * C));
  tasks.run(input, {}, [&](int64_t task, int64_t n, int64_t first_row, int64_t end_row) {
    const ThreadWorkspace workspace(static_cast<size_t>(C) * sizeof(T));
    T* some = static_cast<T*>(workspace.data());
    double* all = partial.data() + task * C;
    for (int64_t row = first_row; row < end_row; ++row) {
      for (int64_t first = 0; first < W; first += kSummed) {
        std::fill_n(some, C, T(0));
        for (int64_t x = first; x < std::min(first + kSummed, W); ++x) add(some, &input(n, row, x, 0), n);
        for (int64_t c = 0; c < C; ++c) all[c] += some[c];
      }
    }
  });
  for (int64_t task = 0; task < N * tasks.parts; ++task) {
    double* of_image = sums.data() + task / tasks.parts * C;
    for (int64_t c = 0; c < C; ++c) of_image[c] += partial[static_cast<size_t>(task * C + c)];
  }
  return sums;
}

template <class T>
void normalize(const View<const T, 4>& input, const View<const T, 1>& scale, const View<const T, 1>& bias,
               double epsilon, const View<T, 4>& output, const RunOptions& options) {
  const int64_t W = input.shape(2), C = input.shape(3), x_step = input.stride(3), y_step = output.stride(3);
  const double pixels = static_cast<double>(input.shape(1)) * static_cast<double>(W);
  const RowParts tasks(input, options);
  const std::vector<double> sums = sum_channels(input, tasks, [&](T* some, const T* x, int64_t) {
    for (int64_t c = 0; c < C; ++c) some[c] += x[c * x_step];
  });
  std::vector<T> means, factors, shifts;
  for (const double sum : sums) means.push_back(static_cast<T>(sum / pixels));
  const std::vector<double> squares = sum_channels(input, tasks, [&](T* some, const T* x, int64_t n) {
    const T* mean = means.data() + n * C;
    for (int64_t c = 0; c < C; ++c) some[c] += (x[c * x_step] - mean[c]) * (x[c * x_step] - mean[c]);
  });
  for (size_t i = 0; i < squares.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) % C;
    factors.push_back(static_cast<T>(double(scale(c)) / std::sqrt(squares[i] / pixels + epsilon)));
    shifts.push_back(bias(c));
  }
  tasks.run(input, options.progress, [&](int64_t, int64_t n, int64_t first_row, int64_t end_row) {
    const T *mean = means.data() + n * C, *factor = factors.data() + n * C, *shift = shifts.data() + n * C;
    for (int64_t row = first_row; row < end_row; ++row) {
      for (int64_t column = 0; column < W; ++column) {
        const T* x = &input(n, row, column, 0);
        T* y = &output(n, row, column, 0);
        CONVSTEP_INDEPENDENT
        for (int64_t c = 0; c < C; ++c) y[c * y_step] = (x[c * x_step] - mean[c]) * factor[c] + shift[c];
      }
    }
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  const double epsilon = request.node.real("epsilon", 1e-5);
  return {.run = [epsilon](const StepArrays<T>& arrays, const RunOptions& options) {
    const View<const T, 4> input = as_image(arrays.inputs[0].real());
    if (input.size() == 0) return;
    normalize<T>(input, arrays.inputs[1].real().template as<1>(), arrays.inputs[2].real().template as<1>(), epsilon,
                 as_image(arrays.outputs[0].real()), options);
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
