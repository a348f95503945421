#include "convstep/pool.h"

#include <cmath>
#include <sstream>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/window_axis.h"
#include "pool/call.h"

namespace convstep {
namespace {

// What messages call the arguments: the caller's own words.
struct Names {
  const char *input, *window;
};
constexpr Names kNames{"input", "window"};
constexpr Names kNotebookNames{"A_prev", "f"};

// The same windows, but where they or their padding are boundless without the taps that lie on padding wherever the
// window is. Throws ShapeError where that is not enough.
WindowGeometry taps_read(const WindowGeometry& given, int64_t channels) {
  if (given.is_countable(channels)) return given;
  const WindowGeometry read{without_taps_on_padding(given.height), without_taps_on_padding(given.width)};
  if (read.is_countable(channels)) return read;
  const int64_t sides[] = {given.height.before, given.height.after, given.width.before, given.width.after};
  throw ShapeError("padding", to_string(sides, 4),
                   "an image of fewer than 2^56 values, padding that windows move over included");
}

// The windows as they were asked for, and those of the taps that are read.
struct Windows {
  WindowGeometry given, read;
};

Windows check_windows(const Shape<4>& input, const PoolOptions& options, const Names& names) {
  check_batch_shape(names.input, input.data(), 4, sizeof(float));
  if (options.mode < PoolMode::kMax || options.mode > PoolMode::kLp) {
    throw ParameterError("mode", std::to_string(static_cast<int>(options.mode)), "a value of PoolMode");
  }
  if (options.mode == PoolMode::kLp && !(options.p >= 1 && std::isfinite(options.p))) {
    std::ostringstream p;
    p << options.p;
    throw ParameterError("p", p.str(), "a finite number of 1 or more");
  }
  if (options.sum_order < SumOrder::kAuto || options.sum_order > SumOrder::kNumpy) {
    throw ParameterError("sum_order", std::to_string(static_cast<int>(options.sum_order)), "a value of SumOrder");
  }
  const WindowGeometry geometry =
      resolve_geometry({input[1], input[2]}, options.window, names.window, options.stride, options.dilation,
                       options.padding, options.ceil_mode ? Rounding::kCeil : Rounding::kFloor);
  check_no_empty_window(geometry.height, "height");
  check_no_empty_window(geometry.width, "width");
  return {geometry, taps_read(geometry, input[3])};
}

Shape<4> output_shape(const Shape<4>& input, const WindowGeometry& geometry) {
  const Shape<4> output{input[0], geometry.height.output, geometry.width.output, input[3]};
  element_count("output", output.data(), 4, sizeof(double));
  return output;
}

template <class T>
void check_indices(View<int64_t, 4> indices, View<const T, 4> input, View<T, 4> output) {
  check_shape("indices", indices.shape().data(), output.shape().data(), 4, "the shape of the output");
  check_writable(extent_of("indices", indices));
  check_no_overlap(extent_of("indices", indices), extent_of("input", input));
  check_no_overlap(extent_of("indices", indices), extent_of("output", output));
}

// Without indices where `indices` is null.
template <class T>
void run(const View<const T, 4>& input, const View<T, 4>& output, const View<int64_t, 4>* indices,
         const PoolOptions& options) {
  if (indices && options.mode != PoolMode::kMax) {
    throw ParameterError("mode", "a mode that has no indices", "PoolMode::kMax");
  }
  const Windows windows = check_windows(input.shape(), options, kNames);
  const Shape<4> expected = output_shape(input.shape(), windows.given);
  check_shape("output", output.shape().data(), expected.data(), 4, "(N, OH, OW, C)");
  check_readable(extent_of("input", input));
  check_writable(extent_of("output", output));
  check_no_overlap(extent_of("output", output), extent_of("input", input));
  if (indices) check_indices(*indices, input, output);
  const PoolCall<T> call{with_used_strides(input),
                         with_used_strides(output),
                         indices ? with_used_strides(*indices) : View<int64_t, 4>(),
                         windows.read,
                         windows.given,
                         options};
  check_steps(extent_of("input", call.input), call.geometry);
  if (output.size() > 0) run_regions(call);
}

PoolMode notebook_mode(const std::string& mode) {
  if (mode == "max") return PoolMode::kMax;
  if (mode == "average") return PoolMode::kAverage;
  throw ParameterError("mode", "\"" + mode + "\"", "\"max\" or \"average\"");
}

template <class T>
PoolResult<T> notebook_forward(View<const T, 4> A_prev, const PoolHparameters& hparameters, const std::string& mode) {
  const int64_t stride = hparameters.stride, f = hparameters.f;
  if (stride < 1) throw ParameterError("stride", std::to_string(stride), "1 or more");
  if (f < 1) throw ParameterError("f", std::to_string(f), "1 or more");
  const PoolOptions options{
      .window = {f, f}, .stride = {stride, stride}, .mode = notebook_mode(mode), .sum_order = SumOrder::kNumpy};
  const Windows windows = check_windows(A_prev.shape(), options, kNotebookNames);
  check_readable(extent_of("A_prev", A_prev));

  auto A = Tensor<T, 4>::uninitialized(output_shape(A_prev.shape(), windows.given));
  pool_forward(A_prev, A, options);
  return {std::move(A), {A_prev, hparameters}};
}

}  // namespace

Shape<4> pool_output_shape(const Shape<4>& input, const PoolOptions& options) {
  return output_shape(input, check_windows(input, options, kNames).given);
}

PoolOptions global_pool_options(const Shape<4>& input, PoolMode mode) {
  return {.window = {input[1], input[2]}, .mode = mode};
}

void pool_forward(View<const float, 4> input, View<float, 4> output, const PoolOptions& options) {
  run<float>(input, output, nullptr, options);
}
void pool_forward(View<const double, 4> input, View<double, 4> output, const PoolOptions& options) {
  run<double>(input, output, nullptr, options);
}

void pool_forward(View<const float, 4> input, View<float, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options) {
  run<float>(input, output, &indices, options);
}
void pool_forward(View<const double, 4> input, View<double, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options) {
  run<double>(input, output, &indices, options);
}

PoolResult<float> pool_forward(View<const float, 4> A_prev, const PoolHparameters& hparameters,
                               const std::string& mode) {
  return notebook_forward(A_prev, hparameters, mode);
}
PoolResult<double> pool_forward(View<const double, 4> A_prev, const PoolHparameters& hparameters,
                                const std::string& mode) {
  return notebook_forward(A_prev, hparameters, mode);
}

}  // namespace convstep
