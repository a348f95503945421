// phase.h: the positions of the input along one axis that lie at one place between the windows' strides. Which outputs
// read such a position, and through which taps, is itself a convolution of stride 1.
#pragma once

#include <vector>

#include "core/window_axis.h"

namespace convstep {

// Position first + u * step of the input, for u < axis.output, is read by the outputs axis.source(u, m), through tap
// first_tap - m * tap_step of the window, for m < axis.window; axis.input is the number of outputs, from first_output
// on, that are read at all.
struct GradientPhase {
  int64_t first, step;
  int64_t first_tap, tap_step;
  int64_t first_output;
  WindowAxis axis;
};

// Those of an axis that some output reads. All other positions have a gradient of 0.
std::vector<GradientPhase> gradient_phases(const WindowAxis& axis);

// All positions as one, for what computes every phase: of the axis only the numbers of outputs and positions hold.
GradientPhase all_positions(const WindowAxis& axis);

}  // namespace convstep
