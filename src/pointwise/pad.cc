#include "convstep/pad.h"

#include <algorithm>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "core/window_axis.h"
#include "pointwise/pad_kernel.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

int64_t padded_length(int64_t length, int64_t before, int64_t after) {
  int64_t sum;
  if (__builtin_add_overflow(length, before, &sum) || __builtin_add_overflow(sum, after, &sum)) {
    throw ShapeError("padding", std::to_string(before) + " and " + std::to_string(after),
                     "a padded length that fits in 63 bits");
  }
  return sum;
}

// Bytes that one task writes: of rows, or of a part of a long one; and so few that a call stays on the caller's thread
// (some 20 microseconds).
constexpr int64_t kTaskBytes = 256 << 10, kLongRowBytes = 4 << 20, kSmallCallBytes = 1 << 20;

// Columns first .. end - 1 of a row of the output; `from` is null for a row of zeros, else the first pixel of `width`.
template <class T>
void pad_part(const kernels::PixelRow<const T>& from, int64_t width, int64_t left, int64_t channels, int64_t first,
              int64_t end, const kernels::PixelRow<T>& to) {
  const int64_t begin = std::clamp(left, first, end), inside = std::clamp(left + width, begin, end) - begin;
  if (!from.data || inside == 0) {
    kernels::pad_row({nullptr, 0, 0}, 0, end - first, 0, channels, to);
    return;
  }
  kernels::pad_row({from.data + (begin - left) * from.pixel_step, from.pixel_step, from.channel_step}, inside,
                   begin - first, end - begin - inside, channels, to);
}

template <class T>
void pad_all_rows(View<const T, 4> input, View<T, 4> output, const Padding& padding, const RunOptions& options) {
  const auto [N, H, W, C] = input.shape();
  const int64_t height = H, width = W, channels = C, padded_height = output.shape(1), rows = N * padded_height;
  const int64_t pixel_bytes = channels * static_cast<int64_t>(sizeof(T)), row_bytes = output.shape(2) * pixel_bytes;
  const int64_t rows_at_a_time = std::max<int64_t>(kTaskBytes / row_bytes, 1);
  const int64_t columns_at_a_time = std::clamp<int64_t>(kLongRowBytes / pixel_bytes, 1, output.shape(2));
  const int64_t parts = divide_up(output.shape(2), columns_at_a_time);
  const int threads = resolve_threads(options.threads, rows < kSmallCallBytes / row_bytes);
  parallel_for(divide_up(rows, rows_at_a_time) * parts, threads, options.progress, [&](int64_t task) {
    const int64_t first_row = task / parts * rows_at_a_time, end_row = std::min(first_row + rows_at_a_time, rows);
    const int64_t first = task % parts * columns_at_a_time, end = std::min(first + columns_at_a_time, output.shape(2));
    for (int64_t i = first_row; i < end_row; ++i) {
      const int64_t n = i / padded_height, y = i % padded_height, row = y - padding.top;
      const bool is_inside = 0 <= row && row < height;
      pad_part<T>({is_inside ? &input(n, row, 0, 0) : nullptr, input.stride(2), input.stride(3)}, width, padding.left,
                  channels, first, end, {&output(n, y, first, 0), output.stride(2), output.stride(3)});
    }
  });
}

template <class T>
void run(View<const T, 4> input, View<T, 4> output, const Padding& padding, const RunOptions& options) {
  const Shape<4> expected = pad_output_shape(input.shape(), padding);
  check_shape("output", output.shape().data(), expected.data(), 4, "the shape of the input plus the padding");
  check_readable(extent_of("input", input));
  check_writable(extent_of("output", output));
  check_no_overlap(extent_of("output", output), extent_of("input", input));
  if (output.size() > 0) pad_all_rows(input, output, padding, options);
}

// The padding is cut off by a copy of what it surrounds.
template <class T>
void run_backward(View<const T, 4> grad, View<T, 4> input_grad, const Padding& padding, const RunOptions& options) {
  const Shape<4>& shape = input_grad.shape();
  check_batch_shape("input_grad", shape.data(), 4, sizeof(T));
  const Shape<4> padded = pad_output_shape(shape, padding);
  check_shape("grad", grad.shape().data(), padded.data(), 4, "the shape of input_grad plus the padding");
  check_readable(extent_of("grad", grad));
  check_writable(extent_of("input_grad", input_grad));
  check_no_overlap(extent_of("input_grad", input_grad), extent_of("grad", grad));
  if (input_grad.size() == 0) return;
  const View<const T, 4> inner(&grad(0, padding.top, padding.left, 0), shape, grad.strides());
  pad_all_rows(inner, input_grad, Padding{}, options);
}

}  // namespace

Shape<4> pad_output_shape(const Shape<4>& input, const Padding& padding) {
  check_batch_shape("input", input.data(), 4, sizeof(float));
  check_padding(padding);
  if (padding.rule != Padding::Rule::kExplicit) {
    throw ParameterError("padding", "a SAME rule", "four numbers",
                         "SAME padding is defined by a window; there is none here");
  }
  const Shape<4> output{input[0], padded_length(input[1], padding.top, padding.bottom),
                        padded_length(input[2], padding.left, padding.right), input[3]};
  try {
    element_count("output", output.data(), 4, sizeof(double));
  } catch (const ShapeError&) {
    const int64_t sides[] = {padding.top, padding.bottom, padding.left, padding.right};
    throw ShapeError("padding", to_string(sides, 4), "a padded array of fewer than 2^63 bytes");
  }
  return output;
}

void zero_pad(View<const float, 4> input, View<float, 4> output, const Padding& padding, const RunOptions& options) {
  run(input, output, padding, options);
}
void zero_pad(View<const double, 4> input, View<double, 4> output, const Padding& padding, const RunOptions& options) {
  run(input, output, padding, options);
}

void zero_pad_backward(View<const float, 4> grad, View<float, 4> input_grad, const Padding& padding,
                       const RunOptions& options) {
  run_backward(grad, input_grad, padding, options);
}
void zero_pad_backward(View<const double, 4> grad, View<double, 4> input_grad, const Padding& padding,
                       const RunOptions& options) {
  run_backward(grad, input_grad, padding, options);
}

}  // namespace convstep
