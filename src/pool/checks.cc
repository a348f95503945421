#include "pool/checks.h"

#include <cmath>
#include <sstream>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/numerics_check.h"
#include "core/rows.h"

namespace convstep {
namespace {

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

template <class T>
void check_indices(const PoolCall<T>& call) {
  const Extent indices = extent_of("indices", call.indices);
  if (call.problem.options.mode != PoolMode::kMax) {
    throw ParameterError("mode", "a mode that has no indices", "PoolMode::kMax");
  }
  check_shape("indices", indices.shape, call.output.shape().data(), 4, "the shape of the output");
  check_writable(indices);
  check_no_overlap(indices, extent_of("input", call.input));
  check_no_overlap(indices, extent_of("output", call.output));
}

}  // namespace

PoolProblem check_problem(const Shape<4>& input, const PoolOptions& options) {
  check_batch_shape("input", input.data(), 4, sizeof(float));
  if (options.mode < PoolMode::kMax || options.mode > PoolMode::kLp) {
    throw ParameterError("mode", std::to_string(static_cast<int>(options.mode)), "a value of PoolMode");
  }
  if (options.mode == PoolMode::kLp && !(options.p >= 1 && std::isfinite(options.p))) {
    std::ostringstream p;
    p << options.p;
    throw ParameterError("p", p.str(), "a finite number of 1 or more");
  }
  check_numerics(options.numerics);
  const WindowGeometry geometry =
      resolve_geometry({input[1], input[2]}, options.window, "window", options.stride, options.dilation,
                       options.padding, options.ceil_mode ? Rounding::kCeil : Rounding::kFloor);
  check_no_empty_window(geometry.height, "height");
  check_no_empty_window(geometry.width, "width");
  return {taps_read(geometry, input[3]), geometry, input[3], options};
}

Shape<4> output_shape(int64_t images, const PoolProblem& problem) {
  const Shape<4> output{images, problem.given.height.output, problem.given.width.output, problem.channels};
  element_count("output", output.data(), 4, sizeof(double));
  return output;
}

template <class T>
void check_call(const PoolCall<T>& call, bool with_indices) {
  const auto& [height, width] = call.problem.geometry;
  const Shape<4> input{call.input.shape(0), height.input, width.input, call.problem.channels};
  check_input_shape(call.input.shape(), input);
  const Shape<4> output = output_shape(call.input.shape(0), call.problem);
  check_output_shape(call.output.shape(), output, "C");
  const View<const T, 4> read = some_rows(call.input, rows_read(height, call.rows));
  const View<T, 4> written = some_rows(call.output, call.rows);
  check_readable(extent_of("input", read));
  check_writable(extent_of("output", written));
  check_steps(extent_of("input", call.input), call.problem.geometry);
  check_no_overlap(extent_of("output", written), extent_of("input", read));
  if (with_indices) check_indices(call);
}

template void check_call(const PoolCall<float>&, bool);
template void check_call(const PoolCall<double>&, bool);

}  // namespace convstep
