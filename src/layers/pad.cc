#include "convstep/pad.h"

#include "convstep/error.h"
#include "core/checks.h"
#include "core/geometry.h"
#include "reference/reference.h"

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

template <class T>
void run(View<const T, 4> input, View<T, 4> output, const Padding& padding, const ProgressCallback& progress) {
  const Shape<4> expected = pad_output_shape(input.shape(), padding);
  check_shape("output", output.shape().data(), expected.data(), 4, "the shape of the input plus the padding");
  check_readable(extent_of("input", input));
  check_writable(extent_of("output", output));
  check_no_overlap(extent_of("output", output), extent_of("input", input));
  reference::zero_pad(input, padding.top, padding.left, output, progress);
}

template <class T>
Tensor<T, 4> pad_all(View<const T, 4> X, int64_t pad) {
  if (pad < 0) throw ParameterError("pad", std::to_string(pad), "0 or more");
  const Padding padding = Padding::all(pad);
  auto X_pad = Tensor<T, 4>::uninitialized(pad_output_shape(X.shape(), padding));
  run(X, X_pad.view(), padding, {});
  return X_pad;
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
  element_count("padded input", output.data(), 4, sizeof(double));
  return output;
}

void zero_pad(View<const float, 4> input, View<float, 4> output, const Padding& padding,
              const ProgressCallback& progress) {
  run(input, output, padding, progress);
}
void zero_pad(View<const double, 4> input, View<double, 4> output, const Padding& padding,
              const ProgressCallback& progress) {
  run(input, output, padding, progress);
}

Tensor<float, 4> zero_pad(View<const float, 4> X, int64_t pad) { return pad_all(X, pad); }
Tensor<double, 4> zero_pad(View<const double, 4> X, int64_t pad) { return pad_all(X, pad); }

}  // namespace convstep
