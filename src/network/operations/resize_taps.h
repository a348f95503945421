// resize_taps.h: where along an axis Resize finds each element of its output.
#pragma once

#include "network/operations/taps.h"

namespace convstep::network {

// How all axes are resized: the attributes of Resize.
struct ResizeRule {
  enum class Mode { kNearest, kLinear, kCubic };
  enum class Coordinates {
    kHalfPixel,
    kHalfPixelSymmetric,
    kPytorchHalfPixel,
    kAlignCorners,
    kAsymmetric,
    kTfCropAndResize
  };
  enum class Nearest { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };

  Mode mode;
  Coordinates coordinates;
  Nearest nearest;
  double cubic_coeff_a;
  bool antialias, exclude_outside;
};

// From `input` elements to `output`, which is input * scale but for a fraction. The region from `start` to `end`, of
// kTfCropAndResize, is in parts of the input's length.
struct ResizedAxis {
  int64_t input, output;
  double scale, start, end;
};

AxisTaps resize_taps(const ResizeRule& rule, const ResizedAxis& axis);

}  // namespace convstep::network
