// taps.h: the output of a direct layer, cut into rectangles whose windows read the same taps.
#pragma once

#include <vector>

#include "conv/direct/kernel.h"
#include "core/window_axis.h"

namespace convstep {

// All of the output as one part, whose windows read all their taps: those on padding, too, as zeros.
kernels::DirectPart whole_output(const WindowGeometry& geometry);

// Parts whose windows leave out the taps that lie on padding, so that nobody has to copy the input with its padding;
// none where that would take longer. What is left out would add 0 to a sum, if the weights are finite.
std::vector<kernels::DirectPart> parts_off_padding(const WindowGeometry& geometry, int64_t channels);

}  // namespace convstep
