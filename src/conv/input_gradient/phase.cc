#include "conv/input_gradient/phase.h"

#include <algorithm>
#include <numeric>

namespace convstep {
namespace {

// The phase of the positions that tap `tap`, the first of its kind, reads: those that are `place` beyond a multiple of
// the stride. Position p is read by output y through tap i where p = y * stride - before + i * dilation.
GradientPhase phase_of(const WindowAxis& axis, int64_t tap, int64_t place) {
  const int64_t common = std::gcd(axis.stride, axis.dilation);
  const int64_t tap_step = axis.stride / common, output_step = axis.dilation / common;
  const int64_t taps = (axis.window - 1 - tap) / tap_step + 1;
  // Position `place` is read through the first tap by this output, through each further tap by one `output_step`
  // before.
  const int64_t output = (place + axis.before - tap * axis.dilation) / axis.stride;
  const int64_t first = output - (taps - 1) * output_step;
  const int64_t positions = divide_up(axis.input - place, axis.stride);
  GradientPhase phase{place, axis.stride, tap + (taps - 1) * tap_step, tap_step, 0, {}};
  // Outputs that no position reads are left out at both ends, so that there is no padding of less than nothing.
  phase.first_output = std::clamp<int64_t>(first, 0, axis.output);
  const int64_t end = std::clamp<int64_t>(output + positions, phase.first_output, axis.output);
  const int64_t last = output + positions - 1;
  phase.axis = {.input = end - phase.first_output,
                .window = taps,
                .stride = 1,
                .dilation = taps == 1 ? 1 : output_step,
                .before = phase.first_output - first,
                .after = last + 1 - end,
                .output = positions};
  return phase;
}

}  // namespace

std::vector<GradientPhase> gradient_phases(const WindowAxis& axis) {
  std::vector<GradientPhase> phases;
  // After so many taps the places repeat.
  const int64_t kinds = std::min(axis.window, axis.stride / std::gcd(axis.stride, axis.dilation));
  for (int64_t tap = 0; tap < kinds; ++tap) {
    const int64_t offset = (tap * axis.dilation - axis.before) % axis.stride;
    const int64_t place = offset < 0 ? offset + axis.stride : offset;
    if (place >= axis.input) continue;
    const GradientPhase phase = phase_of(axis, tap, place);
    if (phase.axis.input > 0) phases.push_back(phase);
  }
  return phases;
}

GradientPhase all_positions(const WindowAxis& axis) {
  GradientPhase phase{0, 1, 0, 1, 0, axis};
  phase.axis.input = axis.output;
  phase.axis.output = axis.input;
  return phase;
}

}  // namespace convstep
