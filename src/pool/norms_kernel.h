// norms_kernel.h: which norms may have lost their powers.
#pragma once

#include "pool/runs.h"

namespace convstep::kernels {

// Are all of these norms finite and at least so large? (See src/reference/lp_norm.h.)
bool norms_are_sound(const Target& target, const float* norms, int64_t count, float least);
bool norms_are_sound(const Target& target, const double* norms, int64_t count, double least);

// Are those of one pixel, in run.output, right: sound, NaN, or 0 because all that its window reads is 0?
bool norms_are_right(const Target& target, const PixelRun<float>& run, const Taps& taps, float least);
bool norms_are_right(const Target& target, const PixelRun<double>& run, const Taps& taps, double least);

}  // namespace convstep::kernels
