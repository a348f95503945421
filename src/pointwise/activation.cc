#include "convstep/activation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/array_checks.h"
#include "core/window_axis.h"
#include "pointwise/activation_checks.h"
#include "pointwise/activation_kernel.h"
#include "runtime/targets.h"
#include "runtime/threads.h"

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

// Numbers that one task takes, and so few that a call stays on the caller's thread.
constexpr int64_t kTaskSize = 1 << 15, kSmallCall = 1 << 17;

// An axis of both arrays, or several that run through memory like one.
struct Axis {
  int64_t length, input_step, output_step;
};

// The axes of two views of one shape, from neighbours in the output to those farthest apart; merged where they can be,
// so that dense arrays have one. Those of length 1 that are left over come last.
class Axes {
 public:
  template <class T>
  Axes(const View<const T, 4>& input, const View<T, 4>& output) {
    for (int axis = 0; axis < 4; ++axis) {
      axes_[axis] = {input.shape(axis), input.stride(axis), output.stride(axis)};
    }
    std::sort(axes_, axes_ + 4, [](const Axis& a, const Axis& b) {
      return std::pair(a.length == 1, std::abs(a.output_step)) < std::pair(b.length == 1, std::abs(b.output_step));
    });
    int last = 0;
    for (int axis = 1; axis < 4; ++axis) {
      Axis &inner = axes_[last], &outer = axes_[axis];
      const bool continues =
          outer.input_step == inner.length * inner.input_step && outer.output_step == inner.length * inner.output_step;
      if (outer.length == 1 || continues) {
        inner.length *= outer.length;
      } else {
        axes_[++last] = outer;
      }
    }
    for (int axis = last + 1; axis < 4; ++axis) axes_[axis] = {1, 0, 0};
  }
  const Axis& operator[](int axis) const { return axes_[axis]; }

 private:
  Axis axes_[4];
};

// Part of a run along one axis; through a buffer where its numbers lie apart.
template <class T>
void activate_part(const kernels::Target& target, const T* from, T* to, int64_t count, const Axis& axis,
                   Activation activation, T slope) {
  if (axis.length == 1 || (axis.input_step == 1 && axis.output_step == 1)) {
    kernels::activate_run(target, from, to, count, activation, slope);
    return;
  }
  constexpr int64_t kBuffer = 256;
  T buffer[kBuffer];
  for (int64_t first = 0; first < count; first += kBuffer) {
    const int64_t n = std::min(kBuffer, count - first);
    for (int64_t i = 0; i < n; ++i) buffer[i] = from[(first + i) * axis.input_step];
    kernels::activate_run(target, buffer, buffer, n, activation, slope);
    for (int64_t i = 0; i < n; ++i) to[(first + i) * axis.output_step] = buffer[i];
  }
}

template <class T>
void activate_all(View<const T, 4> input, View<T, 4> output, Activation activation, T slope,
                  const RunOptions& options) {
  const kernels::Target& target = kernels::chosen_target();
  const Axes axes(input, output);
  const int64_t parts = divide_up(axes[0].length, kTaskSize);
  const int64_t runs = axes[1].length * axes[2].length * axes[3].length;
  const int64_t runs_at_a_time = std::clamp<int64_t>(kTaskSize / axes[0].length, 1, runs);
  const int64_t groups = divide_up(runs, runs_at_a_time);
  const int threads = resolve_threads(options.threads, input.size() < kSmallCall);
  parallel_for(groups * parts, threads, options.progress, [&](int64_t task) {
    const int64_t part = task % parts, group = task / parts, first = part * kTaskSize;
    const int64_t end = std::min((group + 1) * runs_at_a_time, runs);
    for (int64_t run = group * runs_at_a_time; run < end; ++run) {
      const int64_t i = run % axes[1].length, j = run / axes[1].length % axes[2].length;
      const int64_t k = run / axes[1].length / axes[2].length;
      const T* from = input.data() + first * axes[0].input_step + i * axes[1].input_step + j * axes[2].input_step +
                      k * axes[3].input_step;
      T* to = output.data() + first * axes[0].output_step + i * axes[1].output_step + j * axes[2].output_step +
              k * axes[3].output_step;
      activate_part(target, from, to, std::min(kTaskSize, axes[0].length - first), axes[0], activation, slope);
    }
  });
}

template <class T>
void run(View<const T, 4> input, View<T, 4> output, Activation activation, double slope, const RunOptions& options) {
  check_batch_shape("input", input.shape().data(), 4, sizeof(T));
  check_shape("output", output.shape().data(), input.shape().data(), 4, "the shape of the input");
  check_activation(activation, slope);
  check_readable(extent_of("input", input));
  check_writable(extent_of("output", output));
  check_no_partial_overlap(extent_of("output", output), extent_of("input", input));
  if (input.size() > 0) activate_all(input, output, activation, static_cast<T>(slope), options);
}

}  // namespace

void activation_forward(View<const float, 4> input, View<float, 4> output, Activation activation, double slope,
                        const RunOptions& options) {
  run(input, output, activation, slope, options);
}
void activation_forward(View<const double, 4> input, View<double, 4> output, Activation activation, double slope,
                        const RunOptions& options) {
  run(input, output, activation, slope, options);
}

}  // namespace convstep
