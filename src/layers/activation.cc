#include "convstep/activation.h"

#include <cmath>

#include "core/checks.h"
#include "layers/options.h"
#include "reference/reference.h"

namespace convstep {

void check_activation(Activation activation, double slope) {
  if (activation < Activation::kNone || activation > Activation::kTanh) {
    throw ParameterError("activation", std::to_string(static_cast<int>(activation)), "a value of Activation");
  }
  if (!std::isfinite(static_cast<float>(slope))) {
    throw ParameterError("slope", std::to_string(slope), "a number that is finite as a float");
  }
}

namespace {

template <class T>
void run(View<const T, 4> input, View<T, 4> output, Activation activation, double slope) {
  check_batch_shape("input", input.shape().data(), 4, sizeof(T));
  check_shape("output", output.shape().data(), input.shape().data(), 4, "the shape of the input");
  check_activation(activation, slope);
  check_readable(extent_of("input", input));
  check_writable(extent_of("output", output));
  check_no_partial_overlap(extent_of("output", output), extent_of("input", input));
  reference::activation_forward(input, output, activation, static_cast<T>(slope));
}

}  // namespace

void activation_forward(View<const float, 4> input, View<float, 4> output, Activation activation, double slope) {
  run(input, output, activation, slope);
}
void activation_forward(View<const double, 4> input, View<double, 4> output, Activation activation, double slope) {
  run(input, output, activation, slope);
}

}  // namespace convstep
